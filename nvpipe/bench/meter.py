"""What work takes: wall seconds, processor seconds, the card's energy, and how evenly pictures come."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nvpipe.bench.energy import Cards

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeVar

    T = TypeVar("T")

SLOWEST = 0.01
"""The share of pictures that the low rate leaves aside."""


def cpu_s() -> float:
    """Processor seconds of this process, its threads, and its children that have ended."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


class Meter:
    """Measures what happens inside a `with` block.

    Args:
        cards: whose energy is read.
    """

    wall_s = 0.0
    cpu_s = 0.0
    energy_j: float | None = None
    """Of all cards, what they take when idle included; None where nothing tells."""

    def __init__(self, cards: Cards | None = None) -> None:
        self._cards = cards

    def __enter__(self) -> Self:
        self._energy_j = self._cards.energy_j() if self._cards else None
        self._cpu_s = cpu_s()
        self._wall_s = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall_s = time.perf_counter() - self._wall_s
        self.cpu_s = cpu_s() - self._cpu_s
        after_j = self._cards.energy_j() if self._cards else None
        if self._energy_j is not None and after_j is not None:
            self.energy_j = after_j - self._energy_j


class Ticks:
    """Takes the time of each picture that goes by."""

    def __init__(self) -> None:
        self.intervals_s: list[float] = []

    def watch(self, pictures: Iterable[T]) -> Iterator[T]:
        """Hand pictures on; the time from asking for one to asking for the next is the one's."""
        last = time.perf_counter()
        for picture in pictures:
            yield picture
            now = time.perf_counter()
            self.intervals_s.append(now - last)
            last = now


@dataclass(frozen=True, slots=True)
class Pace:
    """Pictures a second, from the time that each of them took."""

    median_fps: float
    low_fps: float
    """The "1 % low": all but the slowest hundredth of the pictures came at least as fast."""


def pace(intervals_s: Sequence[float]) -> Pace | None:
    """The pace of pictures; None without any, or where they came faster than the clock ticks."""
    ordered = sorted(intervals_s)
    if not ordered or statistics.median(ordered) <= 0:
        return None
    slow = ordered[max(0, len(ordered) - 1 - int(len(ordered) * SLOWEST))]
    return Pace(1 / statistics.median(ordered), 1 / slow)


def spread(taken_s: Sequence[float], last_s: float, ready: int) -> list[float]:
    """What each picture took, of a coder that has several in work at once.

    While it fills up it takes pictures faster than it works; those that it still holds after the last one are shared
    out evenly over the time in which it finishes them, in the place of those first ones.

    Args:
        taken_s: the time until each picture was taken.
        last_s: what finishing took after the last one.
        ready: how many were finished by then.
    """
    held = len(taken_s) - ready
    return list(taken_s) if held <= 0 else [*taken_s[held:], *[last_s / held] * held]

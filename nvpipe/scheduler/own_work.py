"""Work that takes a device's memory and is no model: done by this process or by helpers that it starts."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nvpipe.scheduler.device import Device
from nvpipe.scheduler.spec import Estimate

LEAST_LOOKS = 4
LOOKS_APART_S = 0.2
"""A peak that was looked for less often is not kept for other runs."""


@dataclass(eq=False, slots=True)
class OwnWork:
    """What a piece of such work was promised and has held.

    Attributes:
        estimate: what it was admitted with.
        peak_bytes: the most that it was seen to hold; 0 when that cannot be told.
        looks: how often it was looked at.
        alone: nothing else was at work here meanwhile, so that what was held was its own.
        workers: how many processes may share it.
    """

    name: str
    estimate: Estimate
    peak_bytes: int = 0
    looks: int = 0
    alone: bool = True
    workers: int = 1
    looked_at_s: float = -math.inf

    @property
    def is_measured(self) -> bool:
        """Whether its peak says something of other runs."""
        return self.alone and self.looks >= LEAST_LOOKS and self.peak_bytes > 0


@dataclass(slots=True)
class OwnWorks:
    """The pieces that are at work now on one device; they share one process, so what it holds is split by promise.

    Args:
        device: whose memory it is.
        root: where procfs is mounted.
    """

    device: Device
    root: Path = Path("/proc")
    _open: list[OwnWork] = field(default_factory=list)
    _base_bytes: int = 0

    def begin(self, name: str, estimate: Estimate, models: Collection[int]) -> OwnWork:
        """A piece begins; what is held from now on is its, or theirs who are open already."""
        if not self._open:
            self._base_bytes = self._total_bytes(models)
        work = OwnWork(name, estimate, alone=not self._open)
        for other in self._open:
            other.alone = False
        self._open.append(work)
        return work

    def end(self, work: OwnWork) -> None:
        self._open.remove(work)

    def held_bytes(self, work: OwnWork, models: Collection[int]) -> int:
        """What a piece holds now.

        Args:
            work: the piece.
            models: processes of models, which are counted elsewhere.
        """
        if work not in self._open:
            return 0
        grown_bytes = max(0, self._total_bytes(models) - self._base_bytes)
        held_bytes = grown_bytes * work.estimate.bytes // max(1, sum(one.estimate.bytes for one in self._open))
        work.peak_bytes = max(work.peak_bytes, held_bytes)
        now_s = time.monotonic()
        if now_s >= work.looked_at_s + LOOKS_APART_S:
            work.looks += 1
            work.looked_at_s = now_s
        return held_bytes

    def _total_bytes(self, models: Collection[int]) -> int:
        helpers = [pid for pid in self._children() if pid not in models]
        return sum(self.device.used_bytes(pid) for pid in (os.getpid(), *helpers))

    def _children(self) -> list[int]:
        """Processes that this one has started; asking multiprocessing would reap them before who waits for them."""
        found: list[int] = []
        with suppress(OSError):
            for thread in (self.root / "self" / "task").iterdir():
                with suppress(OSError, ValueError):
                    found += [int(pid) for pid in (thread / "children").read_text().split()]
        return found

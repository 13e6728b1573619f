"""A track's scores as a step function of time, and the parts of a video that are free to be shown."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from nvpipe.types import Segment

if TYPE_CHECKING:
    from nvpipe.types import MotionTrack

Interval = tuple[float, float]
"""Half-open, in seconds of a video."""

EPSILON_S = 1e-6
BEFORE_CUT_S = 0.5
"""A segment that starts this short before a scene cut would flash the old shot."""

_DIGITS = 9


class Curve:
    """The scores of a video with their integral, for means over any span."""

    def __init__(self, track: MotionTrack) -> None:
        self.track = track
        self.length_s = min(track.duration_s, len(track.scores) * track.step_s)
        """Seconds that are both decoded and scored."""
        self._sums = tuple(accumulate(track.scores, initial=0.0))
        self._on_grid: dict[float, list[float]] = {}

    def mean(self, start_s: float, duration_s: float) -> float:
        """Mean score over `[start_s, start_s + duration_s)`."""
        return (self._integral(start_s + duration_s) - self._integral(start_s)) / duration_s

    def starts(self, duration_s: float, within: Interval | None = None) -> Iterator[float]:
        """Where windows of that length may start: on the borders of steps and at the interval's own start.

        Starts just before a scene cut are left out, unless there are only such.
        """
        first_s, end_s = within or (0.0, self.length_s)
        last_s = end_s - duration_s + EPSILON_S
        if last_s < first_s:
            return
        step_s = self.track.step_s
        steps = range(math.ceil(first_s / step_s - EPSILON_S), int(last_s / step_s) + 1)
        every = list(dict.fromkeys([first_s, *(index * step_s for index in steps)]))
        clear = [start_s for start_s in every if not self.is_before_cut(start_s)]
        yield from clear or every

    def is_before_cut(self, start_s: float) -> bool:
        """Whether a scene cut follows within half a second."""
        cuts = self.track.cuts_s
        at = bisect_right(cuts, start_s + EPSILON_S)
        return at < len(cuts) and cuts[at] <= start_s + BEFORE_CUT_S + EPSILON_S

    def means(self, duration_s: float) -> list[float]:
        """Mean scores of the windows of that length that start on the borders of steps, in their order."""
        if duration_s not in self._on_grid:
            width = duration_s / self.track.step_s
            whole = int(width)
            rest = width - whole
            sums, after = self._sums, (*self.track.scores[whole:], 0.0)
            self._on_grid[duration_s] = [
                round((end - start + rest * score) / width, _DIGITS)
                for start, end, score in zip(sums, sums[whole:], after, strict=False)
            ]
        return self._on_grid[duration_s]

    def ranked(self, starts: Iterable[float], duration_s: float) -> list[float]:
        """Starts of windows of that length, best first; of equal ones the earlier."""
        means, step_s = self.means(duration_s), self.track.step_s

        def order(start_s: float) -> tuple[float, float]:
            index = int(start_s / step_s)
            if index * step_s == start_s:
                return -means[index], start_s
            return -round(self.mean(start_s, duration_s), _DIGITS), start_s

        return sorted(starts, key=order)

    def segment(self, start_s: float, duration_s: float) -> Segment:
        """That window, with its score and the middle of its strongest step."""
        end_s = min(start_s + duration_s, self.length_s)
        step_s = self.track.step_s
        peak = self.strongest(start_s, end_s)
        peak_s = (max(peak * step_s, start_s) + min((peak + 1) * step_s, end_s)) / 2
        return Segment(self.track.video_id, start_s, end_s, self.mean(start_s, end_s - start_s), peak_s)

    def strongest(self, start_s: float, end_s: float) -> int:
        """The first of the strongest steps that a span touches."""
        step_s = self.track.step_s
        first = int(start_s / step_s + EPSILON_S)
        last = min(max(math.ceil(end_s / step_s - EPSILON_S), first + 1), len(self.track.scores))
        part = self.track.scores[first:last]
        return first + part.index(max(part))

    def _integral(self, time_s: float) -> float:
        place = time_s / self.track.step_s
        index = int(place)
        if index >= len(self.track.scores):
            return self._sums[-1] * self.track.step_s
        return (self._sums[index] + (place - index) * self.track.scores[index]) * self.track.step_s


def without(intervals: Sequence[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """What is left of rising, disjoint intervals."""
    left = list(intervals)
    for start_s, end_s in taken:
        cut: list[Interval] = []
        for first_s, last_s in left:
            cut += [(first_s, min(last_s, start_s)), (max(first_s, end_s), last_s)]
        left = [(first_s, last_s) for first_s, last_s in cut if last_s - first_s > EPSILON_S]
    return left


def overlap(some: Iterable[Interval], others: Iterable[Interval]) -> list[Interval]:
    """What two lists of disjoint intervals have in common, rising."""
    every = list(others)
    common = [(max(some_s, other_s), min(end_s, last_s)) for some_s, end_s in some for other_s, last_s in every]
    return sorted((start_s, end_s) for start_s, end_s in common if end_s - start_s > EPSILON_S)

"""Where things lie in a plot: times on columns of pixels, round ticks, many steps in one column. No drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_TIME_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_EPSILON = 1e-9
_LARGEST = 1e12
"""Values beyond are drawn as this: their sums would overflow."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Times 0 to `end_s` on the columns `[left_px, right_px)`."""

    left_px: int
    right_px: int
    end_s: float

    @property
    def width_px(self) -> int:
        return self.right_px - self.left_px

    def x(self, time_s: float) -> int:
        """The column border at a time; what lies outside is put on the nearest end."""
        share = min(max(time_s / self.end_s, 0.0), 1.0)
        return self.left_px + round(share * self.width_px)

    def time_s(self, x_px: float) -> float:
        return (x_px - self.left_px) / self.width_px * self.end_s

    def span(self, start_s: float, end_s: float, least_px: int = 3) -> tuple[int, int]:
        """Columns `[left, right)` of a span of time, at least `least_px` wide and inside of the axis."""
        left, right = self.x(start_s), self.x(end_s)
        if right - left < least_px:
            left = min(max((left + right - least_px) // 2, self.left_px), self.right_px - least_px)
            right = left + least_px
        return left, right

    def ticks(self, gap_px: int) -> tuple[float, ...]:
        """Round times at least `gap_px` apart."""
        least_s = gap_px / self.width_px * self.end_s
        step_s = next((step for step in _TIME_STEPS_S if step >= least_s - _EPSILON), None)
        if step_s is None:
            day_s = 86_400
            step_s = day_s * math.ceil(least_s / day_s)
        return tuple(index * step_s for index in range(int(self.end_s / step_s + _EPSILON) + 1))

    def label(self, time_s: float, digits: int = 0) -> str:
        """A time as m:ss, or h:mm:ss everywhere when the axis is an hour long."""
        return clock(time_s, digits, hours=self.end_s >= 3600)

    def tick_label(self, time_s: float, ticks: Sequence[float]) -> str:
        return self.label(time_s, int(any(abs(tick - round(tick)) > _EPSILON for tick in ticks)))


def clock(time_s: float, digits: int = 0, *, hours: bool = False) -> str:
    """Seconds as m:ss or h:mm:ss, with decimals where they are wanted."""
    scale: int = 10**digits
    units = round(time_s * scale)
    whole, rest = divmod(units, scale)
    minutes, seconds = divmod(whole, 60)
    tail = f"{seconds:02}" + (f".{rest:0{digits}}" if digits else "")
    if hours or minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02}:{tail}"
    return f"{minutes}:{tail}"


class Columns(NamedTuple):
    """A curve on columns of pixels; NaN where the curve has nothing. `low <= mean <= high`."""

    low: Floats
    mean: Floats
    high: Floats


def columns(values: Sequence[float], step_s: float, axis: TimeAxis) -> Columns:
    """Least, mean and largest value of a step function in each column of an axis."""
    borders = np.linspace(0.0, axis.end_s / step_s, axis.width_px + 1)
    nothing = np.full(axis.width_px, np.nan)
    steps = np.nan_to_num(np.asarray(values, np.float64), posinf=0.0, neginf=0.0).clip(-_LARGEST, _LARGEST)
    known = borders[:-1] < len(steps) - _EPSILON
    if not known.any():
        return Columns(nothing, nothing, nothing)
    start = np.minimum(borders[:-1][known], len(steps))
    end = np.minimum(borders[1:][known], len(steps))
    first = np.minimum(np.floor(start + _EPSILON).astype(np.intp), len(steps) - 1)
    last = np.clip(np.ceil(end - _EPSILON).astype(np.intp), first + 1, len(steps))
    bounds = np.stack((first, last), axis=1).ravel()
    low = np.minimum.reduceat(np.append(steps, np.inf), bounds)[::2]
    high = np.maximum.reduceat(np.append(steps, -np.inf), bounds)[::2]
    sums = np.append(0.0, np.cumsum(steps))
    grid = np.arange(len(steps) + 1)
    mean = (np.interp(end, grid, sums) - np.interp(start, grid, sums)) / np.maximum(end - start, _EPSILON)
    result = [nothing.copy() for _ in range(3)]
    for whole, part in zip(result, (low, np.clip(mean, low, high), high), strict=True):
        whole[known] = part
    return Columns(*result)


def value_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Round values from `low` to `high`, at most `most` of them, a multiple of 1, 2 or 5 apart."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return (low,) if math.isfinite(low) else ()
    power = 10.0 ** math.floor(math.log10(span / most))
    for step in (power * factor for factor in (1, 2, 5, 10, 20)):
        first, last = math.ceil(low / step - _EPSILON), math.floor(high / step + _EPSILON)
        if last - first < most:
            return tuple(round(index * step, 12) + 0.0 for index in range(first, last + 1))
    return ()


def spread_out(centres_px: Sequence[float], width_px: int, low_px: int, high_px: int) -> list[int]:
    """Left edges of equally wide boxes, in the order of their centres and never over one another.

    Each stays as near to its own centre as the others and the ends allow; boxes that have no room are the
    caller's business (`len(centres_px) * width_px` must fit).
    """
    order = sorted(range(len(centres_px)), key=lambda index: (centres_px[index], index))
    clusters: list[list[float]] = []  # [sum of wished left edges less own offsets, boxes]
    for index in order:
        clusters.append([centres_px[index] - width_px / 2, 1])
        while len(clusters) > 1 and _left(clusters[-2], width_px, low_px, high_px) + clusters[-2][
            1
        ] * width_px > _left(clusters[-1], width_px, low_px, high_px):
            wished, boxes = clusters.pop()
            before = clusters[-1]
            before[0] += wished - boxes * before[1] * width_px
            before[1] += boxes
    lefts = [0] * len(centres_px)
    at = 0
    for cluster in clusters:
        left = _left(cluster, width_px, low_px, high_px)
        for place in range(int(cluster[1])):
            # Rounding half up, everywhere alike, keeps neighbours from overlapping.
            lefts[order[at]] = math.floor(left + 0.5) + place * width_px
            at += 1
    return lefts


def _left(cluster: Sequence[float], width_px: int, low_px: int, high_px: int) -> float:
    wished, boxes = cluster
    return max(low_px, min(wished / boxes, high_px - boxes * width_px))

"""What came of encoding: one stretch of footage, and all of them together."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.bench.meter import pace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nvpipe.bench.candidates import Way


@dataclass(frozen=True, slots=True)
class Point:
    """One stretch, encoded with one setting; times are medians over the runs."""

    clip: int
    """Which of the stretches."""
    frames: int
    wall_s: float
    cpu_s: float
    """Of the whole process, the encoder's threads and the reading of the raw pictures included."""
    energy_j: float | None
    intervals_s: tuple[float, ...]
    """What each picture took, of all runs."""
    kbit_s: float
    ssim: float
    worst_ssim: float
    """Of the least similar picture."""
    xpsnr_db: float | None
    """`inf` for equal pictures."""
    vmaf: float | None
    same_bytes: bool | None
    """Whether every run gave the same stream; None after a single run."""

    @property
    def ssim_db(self) -> float:
        """SSIM on a scale where equal steps look about equal: −10 log10(1 − SSIM)."""
        return -10 * math.log10(1 - self.ssim) if self.ssim < 1 else math.inf


@dataclass(frozen=True, slots=True)
class Row:
    """One setting over all stretches: sums of the times, means of the qualities."""

    encoder: str
    setting: str
    family: str | None
    factor: int | None
    wall_s: float
    cpu_s: float
    energy_j: float | None
    fps: float
    """Pictures by wall seconds, from the first picture to the last packet."""
    median_fps: float | None
    low_fps: float | None
    kbit_s: float
    ssim: float
    worst_ssim: float
    xpsnr_db: float | None
    vmaf: float | None
    same_bytes: bool | None
    points: tuple[Point, ...]


METRICS: dict[str, tuple[str, Callable[[Point], float | None]]] = {
    "xpsnr": ("XPSNR, dB", lambda point: point.xpsnr_db),
    "ssim": ("SSIM, dB", lambda point: point.ssim_db),
    "vmaf": ("VMAF", lambda point: point.vmaf),
}
"""Measures of quality, the preferred one first: what they are called on an axis, and where they stand."""


def row_of(way: Way, setting: str, points: Sequence[Point]) -> Row:
    """All stretches of one setting together."""
    wall_s = sum(point.wall_s for point in points)
    frames = sum(point.frames for point in points)
    seen = pace([interval for point in points for interval in point.intervals_s])
    energies = [point.energy_j for point in points if point.energy_j is not None]
    same = [point.same_bytes for point in points if point.same_bytes is not None]
    return Row(
        encoder=way.encoder,
        setting=setting,
        family=way.family,
        factor=way.factor,
        wall_s=wall_s,
        cpu_s=sum(point.cpu_s for point in points),
        energy_j=sum(energies) if len(energies) == len(points) else None,
        fps=frames / wall_s,
        median_fps=seen.median_fps if seen else None,
        low_fps=seen.low_fps if seen else None,
        kbit_s=statistics.fmean(point.kbit_s for point in points),
        ssim=statistics.fmean(point.ssim for point in points),
        worst_ssim=min(point.worst_ssim for point in points),
        xpsnr_db=_mean([point.xpsnr_db for point in points]),
        vmaf=_mean([point.vmaf for point in points]),
        same_bytes=all(same) if same else None,
        points=tuple(points),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if len(known) == len(values) else None


def quality(row: Row, metric: str) -> float | None:
    """Mean quality of a setting by one of `METRICS`; None where it was not measured."""
    return _mean([METRICS[metric][1](point) for point in row.points])


def metric_of(rows: Sequence[Row]) -> str:
    """The preferred measure that all settings have."""
    return next(name for name in METRICS if all(quality(row, name) is not None for row in rows))

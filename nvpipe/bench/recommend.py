"""From figures to settings: what to use for each quality level, on each encoder that was measured."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.bench.bd_rate import MIN_POINTS, Pchip, bd_rate, rate_curve
from nvpipe.bench.candidates import RATE_MARK
from nvpipe.bench.points import METRICS, metric_of, quality

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nvpipe.bench.points import Row

FIXED = ("original",)
"""Levels that reproduce another program's parameters: nothing is recommended for them."""
AS_FAST = 0.9
"""A setting counts as no slower than another from this share of its speed on; timings vary that much."""
WORTH = 0.97
"""A setting is recommended in place of a level's own when it needs at most this share of its bits."""


@dataclass(frozen=True, slots=True)
class Saving:
    """How many bits a preset needs, beside the anchor's."""

    encoder: str
    family: str
    metric: str
    clips: tuple[float | None, ...]
    """BD-rate on each stretch; None where the two have no quality in common."""
    median: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """What to use for a quality level on an encoder."""

    level: str
    encoder: str
    metric: str
    quality: float
    """Of the level on the reference encoder, mean over the stretches."""
    setting: str | None
    """None where no preset was measured at this quality."""
    bits: float | None
    """Bits beside the level's own on the reference encoder, at its quality."""
    speed: float | None
    """Speed beside it."""
    reason: str


def families(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows of presets by encoder and preset, in the order in which they were measured."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.family is not None:
            found.setdefault((row.encoder, row.family), []).append(row)
    return found


def anchor_of(rows: Sequence[Row], reference: str) -> tuple[str, str] | None:
    """The preset that others are compared with: the reference encoder's first one with rates enough."""
    usable = [name for name, points in families(rows).items() if len(points) >= MIN_POINTS]
    return next((name for name in usable if name[0] == reference), next(iter(usable), None))


def savings(rows: Sequence[Row], anchor: tuple[str, str]) -> list[Saving]:
    """BD-rate of every preset against the anchor, on every stretch and by every measure that there is."""
    grouped = families(rows)
    found = []
    for metric in METRICS:
        if any(quality(row, metric) is None for row in rows):
            continue
        for name, points in grouped.items():
            if name == anchor:
                continue
            clips = tuple(
                bd_rate(_points(grouped[anchor], clip, metric), _points(points, clip, metric))
                for clip in range(len(points[0].points))
            )
            known = [value for value in clips if value is not None]
            found.append(Saving(*name, metric, clips, statistics.median(known) if known else None))
    return found


def advise(rows: Sequence[Row], reference: str) -> list[Advice]:
    """Settings for each quality level: as good as the level is on the reference encoder, no slower, fewest bits.

    Args:
        rows: what was measured.
        reference: the encoder whose levels say what quality and what speed are wanted.
    """
    levels = [row for row in rows if row.encoder == reference and row.family is None and row.setting not in FIXED]
    grouped = {name: points for name, points in families(rows).items() if len(points) >= MIN_POINTS}
    if not grouped:
        return []
    metric = metric_of(rows)
    encoders = dict.fromkeys(encoder for encoder, _ in grouped)
    return [
        _advice(level, encoder, [p for name, p in grouped.items() if name[0] == encoder], metric)
        for level in levels
        for encoder in encoders
        if " " not in level.setting
    ]


@dataclass(frozen=True, slots=True)
class _Choice:
    setting: str
    bits: float
    speed: float


def _advice(level: Row, encoder: str, presets: Sequence[Sequence[Row]], metric: str) -> Advice:
    wanted = quality(level, metric)
    assert wanted is not None
    choices = [choice for points in presets if (choice := _choice(level, points, metric)) is not None]
    if not choices:
        reason = "no preset was measured at this quality"
        return Advice(level.setting, encoder, metric, wanted, None, None, None, reason)
    quick = [choice for choice in choices if choice.speed >= AS_FAST]
    best = min(quick, key=lambda one: one.bits) if quick else max(choices, key=lambda one: one.speed)
    if encoder == level.encoder and (not quick or best.bits > WORTH):
        return Advice(level.setting, encoder, metric, wanted, level.setting, 1.0, 1.0, "the level as it is")
    reason = "fewest bits of what is as fast" if quick else "the fastest; nothing is as fast as the level"
    return Advice(level.setting, encoder, metric, wanted, best.setting, best.bits, best.speed, reason)


def _choice(level: Row, points: Sequence[Row], metric: str) -> _Choice | None:
    """A preset at the quality of a level; None where it was not measured around it on every stretch."""
    ratios = []
    for clip, point in enumerate(level.points):
        wanted = METRICS[metric][1](point)
        curve = rate_curve(_points(points, clip, metric))
        if wanted is None or curve is None or not curve.x[0] <= wanted <= curve.x[-1]:
            return None
        ratios.append(10 ** curve.at(wanted) / point.kbit_s)
    wanted = quality(level, metric)
    speeds = _over_quality([(quality(row, metric), math.log10(row.fps)) for row in points])
    factors = _over_quality([(quality(row, metric), row.factor) for row in points])
    if wanted is None or speeds is None or factors is None or not speeds.x[0] <= wanted <= speeds.x[-1]:
        return None
    # Rates are whole numbers, and the better of the two beside the exact one is taken.
    exact = factors.at(wanted)
    falls = factors.y[-1] < factors.y[0]
    factor = math.floor(exact + 1e-6) if falls else math.ceil(exact - 1e-6)
    return _Choice(
        f"{points[0].family}{RATE_MARK}{factor}", statistics.median(ratios), 10 ** speeds.at(wanted) / level.fps
    )


def _over_quality(pairs: Iterable[tuple[float | None, float | None]]) -> Pchip | None:
    known = sorted((x, y) for x, y in pairs if x is not None and y is not None and math.isfinite(x))
    try:
        return Pchip(tuple(x for x, _ in known), tuple(y for _, y in known))
    except ValueError:
        return None


def _points(rows: Sequence[Row], clip: int, metric: str) -> list[tuple[float, float]]:
    """Bit rate and quality of a preset's rates on one stretch."""
    found = []
    for row in rows:
        value = METRICS[metric][1](row.points[clip])
        if value is not None:
            found.append((row.points[clip].kbit_s, value))
    return found

"""The bands of a plot over time: score, scene cuts, segments, signals, crop path, and the time itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nvpipe.captions.text import clean
from nvpipe.report.plot_axis import Columns, TimeAxis, columns, value_ticks
from nvpipe.report.plot_marks import MARGIN_PX, TICK_GAP_PX, Bar, Scale, bands, ground, name, outline, stripes
from nvpipe.report.plot_sheet import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    SOFT,
    VERMILION,
    YELLOW,
    Sheet,
    tint,
)
from nvpipe.types import MotionTrack, Signal

USUAL_RANGE = 2.0
LANE_PX, BAR_PX = 30, 22
AXIS_PX = 34
SIGNAL_PX, DENSE_SIGNAL_PX, DENSE_FROM = 64, 36, 16
_BAR_TEXT_PX = 14
_BAND, _FAINT_BAND = 0.32, 0.14
HIGHEST, FILL = 0.28, 0.62
"""Strengths of the score's tints."""

LONG_COLOUR = PURPLE
RANK_COLOURS = (VERMILION, ORANGE, YELLOW)
CUT_COLOUR = INK
UNTRUSTED = FAINT
SHARE = tint(BLUE, 0.7)
WINDOW = tint(BLUE, 0.25)


class Panel(Protocol):
    """A band of the plot."""

    @property
    def height_px(self) -> int: ...

    def draw(self, sheet: Sheet, top_px: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ScorePanel:
    """The score, mean and largest in each column, with the chosen segments behind it."""

    axis: TimeAxis
    track: MotionTrack
    bars: Sequence[Bar]
    height_px: int = 190

    def draw(self, sheet: Sheet, top_px: int) -> None:
        axis, bottom = self.axis, top_px + self.height_px - 8
        ground(sheet, axis, top_px, bottom)
        bands(sheet, axis, self.bars, top_px, bottom, _BAND)
        curve = columns(self.track.scores, self.track.step_s, axis)
        low, high = _range(curve)
        scale = Scale(top_px + 6, bottom, low, high)
        for value in value_ticks(low, high, 5):
            y = scale.y(value)
            sheet.line([(axis.left_px - 5, y), (axis.left_px - 1, y)], FAINT)
            sheet.text(axis.left_px - 9, y + 5, f"{value:g}", 13, SOFT, align="right")
        if axis.end_s / self.track.step_s > axis.width_px:
            stripes(sheet, axis, scale, curve.high, tint(BLUE, HIGHEST))
        stripes(sheet, axis, scale, curve.mean, tint(BLUE, FILL))
        outline(sheet, axis, scale, curve.mean, BLUE)
        sheet.line([(axis.left_px, scale.y(0.0)), (axis.right_px - 1, scale.y(0.0))], SOFT)
        name(sheet, axis, top_px + 22, "score", self.track.scorer)


@dataclass(frozen=True, slots=True)
class CutsPanel:
    """A tick at the first frame of each new shot."""

    axis: TimeAxis
    cuts_s: Sequence[float]
    height_px: int = 26

    def draw(self, sheet: Sheet, top_px: int) -> None:
        bottom = top_px + self.height_px - 8
        ground(sheet, self.axis, top_px, bottom)
        for x in {min(self.axis.x(cut_s), self.axis.right_px - 1) for cut_s in self.cuts_s}:
            sheet.box(x, top_px, x + 1, bottom, CUT_COLOUR)
        sheet.text(MARGIN_PX, top_px + 14, "scene cuts", 14)
        sheet.text(self.axis.left_px - 9, top_px + 14, str(len(self.cuts_s)), 13, SOFT, align="right")


@dataclass(frozen=True, slots=True)
class SegmentsPanel:
    """A lane for each chosen segment."""

    axis: TimeAxis
    bars: Sequence[Bar]

    @property
    def height_px(self) -> int:
        return LANE_PX * max(len(self.bars), 1) + 4

    def draw(self, sheet: Sheet, top_px: int) -> None:
        ground(sheet, self.axis, top_px, top_px + self.height_px - 4)
        if not self.bars:
            sheet.text(self.axis.left_px + 10, top_px + 20, "no segment: nothing is scored", 14, SOFT)
        for index, bar in enumerate(self.bars):
            self._lane(sheet, top_px + index * LANE_PX + (LANE_PX - BAR_PX) // 2, bar)

    def _lane(self, sheet: Sheet, top: int, bar: Bar) -> None:
        axis, segment = self.axis, bar.segment
        left, right = axis.span(segment.start_s, segment.end_s)
        sheet.box(left, top, right, top + BAR_PX, bar.colour)
        text = f"{axis.label(segment.start_s, 1)} – {axis.label(segment.end_s, 1)} · score {segment.score:.2f}"
        needed = sheet.lettering.width_px(text, _BAR_TEXT_PX) + 16
        baseline = top + 16
        if needed <= right - left:
            sheet.text((left + right) / 2, baseline, text, _BAR_TEXT_PX, align="middle")
        elif right + needed <= axis.right_px:
            sheet.text(right + 8, baseline, text, _BAR_TEXT_PX)
        else:
            sheet.text(left - 8, baseline, text, _BAR_TEXT_PX, align="right")
        peak = min(axis.x(segment.peak_s), axis.right_px - 1)
        sheet.box(peak - 1, top + BAR_PX - 4, peak + 2, top + BAR_PX + 3, INK)
        sheet.text(MARGIN_PX, baseline, bar.name, 14, max_px=axis.left_px - MARGIN_PX - 10)


@dataclass(frozen=True, slots=True)
class SignalPanel:
    """One signal about its zero line; grey where it has no weight."""

    axis: TimeAxis
    signal: Signal
    step_s: float
    bars: Sequence[Bar]
    height_px: int

    def draw(self, sheet: Sheet, top_px: int) -> None:
        axis, signal, bottom = self.axis, self.signal, top_px + self.height_px - 6
        trusted = signal.weight != 0
        ground(sheet, axis, top_px, bottom)
        bands(sheet, axis, self.bars, top_px, bottom, _FAINT_BAND)
        curve = columns(signal.values, self.step_s, axis)
        scale = Scale(top_px + 2, bottom - 2, *_signal_range(curve))
        above, below = (SHARE, SHARE) if is_share(signal) else (GREEN, SKY)
        if not trusted:
            above = below = UNTRUSTED
        if axis.end_s / self.step_s > axis.width_px:
            stripes(sheet, axis, scale, np.maximum(curve.high, 0.0), tint(above, 0.4))
            stripes(sheet, axis, scale, np.minimum(curve.low, 0.0), tint(below, 0.4))
        stripes(sheet, axis, scale, np.maximum(curve.mean, 0.0), above)
        stripes(sheet, axis, scale, np.minimum(curve.mean, 0.0), below)
        zero = scale.y(0.0)
        sheet.line([(axis.left_px, zero), (axis.right_px - 1, zero)], SOFT if trusted else FAINT)
        for value in {scale.low, 0.0, scale.high} if self.height_px >= SIGNAL_PX else {0.0}:
            y = min(max(scale.y(value) + 5, top_px + 11), bottom)
            sheet.text(axis.left_px - 9, y, f"{value:g}", 12, SOFT, align="right")
        said = f"weight {signal.weight:.2f}" if trusted else "not trusted here"
        name(
            sheet,
            axis,
            top_px + (24 if self.height_px >= SIGNAL_PX else 13),
            clean(signal.name) or "unnamed",
            said,
            faint=not trusted,
        )


@dataclass(frozen=True, slots=True)
class CropPanel:
    """The path of a 9:16 crop window over the width of the frame."""

    axis: TimeAxis
    focus_x: Sequence[float]
    step_s: float
    window_share: float
    """Width of the window in widths of the frame, at most 1."""
    height_px: int = 78

    def draw(self, sheet: Sheet, top_px: int) -> None:
        axis, bottom = self.axis, top_px + self.height_px - 8
        ground(sheet, axis, top_px, bottom)
        scale = Scale(top_px, bottom, 1.0, 0.0)
        half = self.window_share / 2
        centre = np.clip(columns(self.focus_x, self.step_s, axis).mean, half, 1 - half)
        sheet.fill(axis.left_px, scale.rows(centre - half), scale.rows(centre + half) + 1, WINDOW)
        outline(sheet, axis, scale, centre, BLUE)
        sheet.text(axis.left_px - 9, top_px + 12, "left", 12, SOFT, align="right")
        sheet.text(axis.left_px - 9, bottom - 3, "right", 12, SOFT, align="right")
        name(sheet, axis, top_px + 28, "crop path", "9:16 window")


@dataclass(frozen=True, slots=True)
class AxisPanel:
    """Round times."""

    axis: TimeAxis
    height_px: int = AXIS_PX

    def draw(self, sheet: Sheet, top_px: int) -> None:
        axis, ticks = self.axis, self.axis.ticks(TICK_GAP_PX)
        sheet.line([(axis.left_px, top_px), (axis.right_px - 1, top_px)], FAINT)
        for tick in ticks:
            x = min(axis.x(tick), axis.right_px - 1)
            sheet.line([(x, top_px), (x, top_px + 5)], SOFT)
            sheet.text(x, top_px + 20, axis.tick_label(tick, ticks), 13, SOFT, align="middle")


def is_share(signal: Signal) -> bool:
    """Whether a signal counts from 0 to 1, and not about what is usual."""
    return min(signal.values, default=-1.0) >= 0 and 0 < max(signal.values, default=0.0) <= 1


def _range(curve: Columns) -> tuple[float, float]:
    """From zero or the least score to a little above the largest."""
    known = np.isfinite(curve.high)
    if not known.any():
        return 0.0, 1.0
    low = min(float(curve.low[known].min()), 0.0)
    high = max(float(curve.high[known].max()), 0.0)
    return low * 1.05, (high * 1.05 if high > low else low + 1.0)


def _signal_range(curve: Columns) -> tuple[float, float]:
    """0 to 1 for shares, else the usual range about zero, or more where values lie beyond."""
    known = np.isfinite(curve.high)
    if not known.any():
        return -USUAL_RANGE, USUAL_RANGE
    low, high = float(curve.low[known].min()), float(curve.high[known].max())
    if low >= 0 and 0 < high <= 1:
        return 0.0, 1.0
    reach = max(USUAL_RANGE, math.ceil(max(-low, high) * 2) / 2)
    return -reach, reach

"""The marks that panels are made of: fields, bands, filled and outlined curves, names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nvpipe.report.plot_axis import TimeAxis
from nvpipe.report.plot_sheet import FAINT, GRID, GROUND, INK, SOFT, Colour, Sheet, tint

if TYPE_CHECKING:
    from nvpipe.report.plot_axis import Floats
    from nvpipe.types import Segment

MARGIN_PX = 28
TICK_GAP_PX = 110


class Bar(NamedTuple):
    """A chosen segment as it is drawn."""

    segment: Segment
    name: str
    colour: Colour


class Scale(NamedTuple):
    """Values on rows of pixels: `high` at `top`, `low` at `bottom`."""

    top: int
    bottom: int
    low: float
    high: float

    def y(self, value: float) -> int:
        return int(self.rows(np.array([value]))[0])

    def rows(self, values: Floats) -> Floats:
        """Rows of values, whole numbers; NaN stays NaN."""
        shares = np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0)
        return np.rint(self.bottom - 1 - shares * (self.bottom - 1 - self.top))


def ground(sheet: Sheet, axis: TimeAxis, top: int, bottom: int) -> None:
    """The field of a panel with a line at each round time."""
    sheet.box(axis.left_px, top, axis.right_px, bottom, GROUND)
    for tick in axis.ticks(TICK_GAP_PX):
        x = min(axis.x(tick), axis.right_px - 1)
        sheet.box(x, top, x + 1, bottom, GRID)


def bands(sheet: Sheet, axis: TimeAxis, bars: Sequence[Bar], top: int, bottom: int, strength: float) -> None:
    """The spans of the chosen segments behind a curve; none where a segment is all of the video."""
    for bar in bars:
        if bar.segment.duration_s >= axis.end_s:
            continue
        left, right = axis.span(bar.segment.start_s, bar.segment.end_s)
        sheet.box(left, top, right, bottom, tint(bar.colour, strength))


def outline(sheet: Sheet, axis: TimeAxis, scale: Scale, values: Floats, colour: Colour) -> None:
    """The upper edge of a curve, two pixels thick, joined where it leaps."""
    rows = scale.rows(values)
    before = np.where(np.isnan(rows), np.nan, np.append(np.nan, rows[:-1]))
    sheet.fill(axis.left_px, np.fmin(rows, before), np.fmax(rows, before) + 2, colour)


def stripes(sheet: Sheet, axis: TimeAxis, scale: Scale, values: Floats, colour: Colour) -> None:
    """Fill each column from zero to its value; nothing where there is no value or it is zero."""
    zero = scale.y(0.0)
    rows = scale.rows(np.where(values == 0, np.nan, values))
    sheet.fill(axis.left_px, np.minimum(rows, zero), np.maximum(rows, zero) + 1, colour)


def name(sheet: Sheet, axis: TimeAxis, baseline: int, title: str, below: str, *, faint: bool = False) -> None:
    """What a panel shows, at its left."""
    room = axis.left_px - MARGIN_PX - 42
    sheet.text(MARGIN_PX, baseline, title, 15, FAINT if faint else INK, max_px=room)
    sheet.text(MARGIN_PX, baseline + 17, below, 12, FAINT if faint else SOFT, max_px=room)

"""Plots as SVG to stand in a page, drawn in the page's own colours."""

from __future__ import annotations

import math
from html import escape
from itertools import cycle, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nvpipe.bench.sheet import Bars, Plot, Series

COLOURS = 7
"""How many colours the page has for series (`--s0` and on)."""
WIDTH, HEIGHT = 480, 330
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 14, 50
"""Margins, in the plot's units; its text has 13 of them, which a phone shows at about 10 pixels."""
_MARK = 4.5
_MARKS: tuple[Callable[[float, float], str], ...] = (
    lambda x, y: f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_MARK}"/>',
    lambda x, y: f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>',
    lambda x, y: f'<path d="M{x:.1f} {y - 5.5:.1f}l5 9h-10z"/>',
    lambda x, y: f'<path d="M{x:.1f} {y - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5 -5.5z"/>',
    lambda x, y: f'<path d="M{x:.1f} {y + 5.5:.1f}l5 -9h-10z"/>',
)
"""Shapes, so that nobody needs the colours to tell lines apart."""


def ticks(low: float, high: float, *, log: bool = False, most: int = 6) -> list[float]:
    """Round numbers from one value to another: 1, 2 or 5 times a power of ten, or those alone where `log`."""
    if log and high / low >= 4:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            found = [d * 10.0**p for p in powers for d in digits if low <= d * 10.0**p <= high]
            if len(found) <= most:
                return found
        return found[:: math.ceil(len(found) / most)]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 12) for place in range(first, math.floor(high / step + 1e-9) + 1)]


def figure(plot: Plot) -> str:
    """A plot with its title and legend as an HTML figure; empty without a point that can be drawn."""
    drawn = [(index, points) for index, series in enumerate(plot.series) if (points := _drawable(series, plot.log_x))]
    if not drawn:
        return ""
    x = _Axis([p[0] for _, points in drawn for p in points], LEFT, WIDTH - RIGHT, log=plot.log_x)
    y = _Axis([p[1] for _, points in drawn for p in points], HEIGHT - BOTTOM, TOP)
    lines = "".join(_line(index, points, x, y) for index, points in drawn)
    legend = "".join(f"<li>{_swatch(index)}{escape(plot.series[index].name)}</li>" for index, _ in drawn)
    note = f"<p>{escape(plot.note)}</p>" if plot.note else ""
    label = escape(f"{plot.title}: {plot.y_label} against {plot.x_label}", quote=True)
    return (
        f'<figure><figcaption>{escape(plot.title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{label}">{_axes(x, y, plot)}{lines}</svg><ul class="legend">{legend}</ul>{note}</figure>'
    )


def bars(chart: Bars) -> str:
    """A bar chart with its title as an HTML figure; empty without a bar."""
    if not chart.bars:
        return ""
    longest = max(value for _, value in chart.bars) or 1.0
    parts = []
    for index, (name, value) in enumerate(chart.bars):
        top, length = index * 42, max(1.0, value / longest * (WIDTH - 90))
        parts.append(
            f'<text x="0" y="{top + 14}">{escape(name)}</text><rect class="s0" x="0" y="{top + 19}" '
            f'width="{length:.1f}" height="14" rx="2"/><text x="{length + 6:.1f}" y="{top + 31}">'
            f"{value:.{chart.digits}f}</text>"
        )
    label = escape(f"{chart.title}: {chart.label}", quote=True)
    return (
        f'<figure><figcaption>{escape(chart.title)}</figcaption><svg viewBox="0 0 {WIDTH} {len(chart.bars) * 42}" '
        f'role="img" aria-label="{label}">{"".join(parts)}</svg><p>{escape(chart.label)}</p></figure>'
    )


class _Axis:
    """From values to places, with a little air at both ends."""

    def __init__(self, values: Sequence[float], start: float, end: float, *, log: bool = False) -> None:
        self.log = log
        low, high = self._scaled(min(values)), self._scaled(max(values))
        air = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
        self._low, self._high, self._start, self._end = low - air, high + air, start, end
        ends = (10**self._low, 10**self._high) if log else (self._low, self._high)
        self.ticks = ticks(*ends, log=log)

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def place(self, value: float) -> float:
        share = (self._scaled(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)


def _drawable(series: Series, log_x: bool) -> list[tuple[float, float, str]]:
    return [p for p in series.points if math.isfinite(p[0]) and math.isfinite(p[1]) and (p[0] > 0 or not log_x)]


def _axes(x: _Axis, y: _Axis, plot: Plot) -> str:
    floor, parts = HEIGHT - BOTTOM, []
    for value in x.ticks:
        at = x.place(value)
        parts.append(f'<path class="grid" d="M{at:.1f} {TOP}V{floor}"/>')
        parts.append(f'<text x="{at:.1f}" y="{floor + 18}" text-anchor="middle">{_number(value)}</text>')
    for value in y.ticks:
        at = y.place(value)
        parts.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{_number(value)}</text>')
    middle_x, middle_y = (LEFT + WIDTH - RIGHT) / 2, (TOP + floor) / 2
    parts.append(f'<text x="{middle_x}" y="{HEIGHT - 10}" text-anchor="middle">{escape(plot.x_label)}</text>')
    parts.append(
        f'<text transform="translate(14 {middle_y})rotate(-90)" text-anchor="middle">{escape(plot.y_label)}</text>'
    )
    return "".join(parts)


def _line(index: int, points: Sequence[tuple[float, float, str]], x: _Axis, y: _Axis) -> str:
    places = [(x.place(p[0]), y.place(p[1])) for p in points]
    path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in places)
    mark = next(islice(cycle(_MARKS), index % len(_MARKS), None))
    marks = "".join(
        f"<g>{mark(*place)}<title>{escape(point[2])}</title></g>" for place, point in zip(places, points, strict=True)
    )
    return f'<g class="s{index % COLOURS}"><path class="line" d="{path}"/>{marks}</g>'


def _swatch(index: int) -> str:
    mark = _MARKS[index % len(_MARKS)](8, 8)
    return f'<svg class="swatch s{index % COLOURS}" viewBox="0 0 16 16" aria-hidden="true">{mark}</svg>'


def _number(value: float) -> str:
    return f"{value:,.10g}".replace(",", " ")

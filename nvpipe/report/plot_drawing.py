"""A plot put together: heading, pictures, panels over time, legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.report.plot_axis import TimeAxis, clock, spread_out
from nvpipe.report.plot_marks import MARGIN_PX, Bar
from nvpipe.report.plot_panels import (
    CUT_COLOUR,
    DENSE_FROM,
    DENSE_SIGNAL_PX,
    HIGHEST,
    LONG_COLOUR,
    RANK_COLOURS,
    SHARE,
    SIGNAL_PX,
    UNTRUSTED,
    WINDOW,
    AxisPanel,
    CropPanel,
    CutsPanel,
    Panel,
    ScorePanel,
    SegmentsPanel,
    SignalPanel,
    is_share,
)
from nvpipe.report.plot_pictures import fitted, pictures
from nvpipe.report.plot_sheet import BLUE, FAINT, GREEN, SKY, SOFT, VERMILION, Colour, Lettering, Sheet, tint

if TYPE_CHECKING:
    from PIL import Image

    from nvpipe.media.decode import Decoder
    from nvpipe.types import Footage, MotionTrack, Segment

WIDTH_PX = 1800
LEFT_PX, RIGHT_PX = 232, 1762
STRIP_BOX_PX = (182, 124)
PEAK_BOX_PX = (260, 170)
GAP_PX = 8
MAX_STRIP = 16
MAX_SIGNALS = 100
MAX_WARNINGS = 4
CROP_SHAPE = 9 / 16


def draw(
    footage: Footage,
    track: MotionTrack,
    decoder: Decoder,
    chosen: Sequence[tuple[float, tuple[Segment, ...]]],
    lettering: Lettering | None = None,
) -> tuple[bytes, int]:
    """The plot as a PNG file, and how many of its pictures could not be decoded."""
    axis = TimeAxis(LEFT_PX, RIGHT_PX, _end_s(track))
    bars = bars_of(chosen)
    lettering = lettering or Lettering()
    strip = _strip_times(axis, fitted(footage.width_px, footage.height_px, STRIP_BOX_PX))
    peaks = _peaks(bars)
    size = fitted(footage.width_px, footage.height_px, PEAK_BOX_PX)
    shown = pictures(footage.path, decoder, [*strip, *(peak_s for peak_s, _ in peaks)], size)
    panels: list[Panel] = [
        Heading(footage, track),
        Strip(axis, strip, shown[: len(strip)], fitted(footage.width_px, footage.height_px, STRIP_BOX_PX)),
        ScorePanel(axis, track, bars),
        CutsPanel(axis, track.cuts_s),
        SegmentsPanel(axis, bars),
        AxisPanel(axis),
    ]
    if peaks:
        panels.append(Peaks(axis, peaks, shown[len(strip) :], size))
    panels += _signal_panels(axis, track, bars)
    if track.focus_x:
        share = min(footage.height_px * CROP_SHAPE / footage.width_px, 1.0)
        panels.append(CropPanel(axis, track.focus_x, track.step_s, share))
    if track.signals or track.focus_x:
        panels.append(AxisPanel(axis))
    panels.append(Legend(_legend(track, bars)))
    sheet = Sheet(WIDTH_PX, sum(panel.height_px for panel in panels), lettering)
    top_px = 0
    for panel in panels:
        panel.draw(sheet, top_px)
        top_px += panel.height_px
    return sheet.png(), sum(picture is None for picture in shown)


def bars_of(chosen: Sequence[tuple[float, tuple[Segment, ...]]]) -> list[Bar]:
    """Names and colours of the chosen segments, the longest first."""
    bars: list[Bar] = []
    for index, (duration_s, segments) in enumerate(chosen):
        if len(segments) == 1 and segments[0].duration_s < duration_s:
            bars.append(Bar(segments[0], "whole video", RANK_COLOURS[0]))
        elif index < len(chosen) - 1:
            bars += (Bar(segment, f"best {duration_s:g} s", LONG_COLOUR) for segment in segments)
        else:
            bars += (
                Bar(segment, f"best {duration_s:g} s, no. {rank}", colour)
                for rank, (segment, colour) in enumerate(zip(segments, RANK_COLOURS, strict=False), 1)
            )
    return bars


@dataclass(frozen=True, slots=True)
class Heading:
    """Which video this is, how it was scored, and what was wrong with it."""

    footage: Footage
    track: MotionTrack

    @property
    def height_px(self) -> int:
        return 96 + 20 * len(self._warnings)

    def draw(self, sheet: Sheet, top_px: int) -> None:
        room = WIDTH_PX - 2 * MARGIN_PX
        sheet.text(MARGIN_PX, top_px + 44, self.footage.path.name, 28, max_px=room)
        sheet.text(MARGIN_PX, top_px + 72, self._facts(), 15, SOFT, max_px=room)
        for index, text in enumerate(self._warnings):
            sheet.text(MARGIN_PX, top_px + 94 + 20 * index, text, 14, VERMILION, max_px=room)

    @property
    def _warnings(self) -> list[str]:
        every = list(self.track.warnings)
        if len(every) > MAX_WARNINGS:
            every[MAX_WARNINGS - 1 :] = [f"and {len(every) - MAX_WARNINGS + 1} more warnings"]
        return every

    def _facts(self) -> str:
        footage, track = self.footage, self.track
        facts = [
            clock(track.duration_s, 1 if track.duration_s < 60 else 0),
            f"{footage.width_px} × {footage.height_px}",
            f"{float(footage.fps):.4g} fps",
            footage.codec,
            "with sound" if footage.has_audio else "no sound",
            f"scored by {track.scorer}, a step every {track.step_s:g} s",
        ]
        if track.coarse:
            facts.append("coarse: only a part was decoded (--fast)")
        return "   ·   ".join(facts)


@dataclass(frozen=True, slots=True)
class Strip:
    """Pictures evenly over the timeline, each above its time."""

    axis: TimeAxis
    times_s: Sequence[float]
    shown: Sequence[Image.Image | None]
    size_px: tuple[int, int]

    @property
    def height_px(self) -> int:
        return self.size_px[1] + 34

    def draw(self, sheet: Sheet, top_px: int) -> None:
        width, height = self.size_px
        digits = int(self.axis.end_s < 2 * len(self.times_s))
        for time_s, picture in zip(self.times_s, self.shown, strict=True):
            x = self.axis.x(time_s)
            place_picture(sheet, picture, x - width // 2, top_px, self.size_px)
            sheet.text(x, top_px + height + 17, self.axis.label(time_s, digits), 13, SOFT, align="middle")
            sheet.line([(x, top_px + height + 23), (x, top_px + height + 29)], FAINT)


@dataclass(frozen=True, slots=True)
class Peaks:
    """The strongest moment of each chosen segment."""

    axis: TimeAxis
    peaks: Sequence[tuple[float, list[Bar]]]
    shown: Sequence[Image.Image | None]
    size_px: tuple[int, int]

    @property
    def height_px(self) -> int:
        return self.size_px[1] + 76

    def draw(self, sheet: Sheet, top_px: int) -> None:
        width, height = self.size_px
        box = max(width, 200) + GAP_PX
        lefts = spread_out([self.axis.x(peak_s) for peak_s, _ in self.peaks], box, LEFT_PX, RIGHT_PX)
        top = top_px + 26
        for (peak_s, bars), picture, left in zip(self.peaks, self.shown, lefts, strict=True):
            middle, x = left + box // 2, self.axis.x(peak_s)
            colour = bars[-1].colour
            sheet.line([(x, top_px - 4), (x, top_px + 4), (middle, top - 5), (middle, top)], SOFT)
            place_picture(sheet, picture, middle - width // 2, top, self.size_px)
            sheet.frame(middle - width // 2, top, middle - width // 2 + width, top + height, colour, 4)
            names = " + ".join(bar.name.removeprefix("best ") for bar in bars)
            sheet.text(middle, top + height + 18, names, 13, align="middle", max_px=box)
            sheet.text(middle, top + height + 35, f"peak at {self.axis.label(peak_s, 1)}", 12, SOFT, align="middle")
        sheet.text(MARGIN_PX, top + 20, "peaks", 15)
        sheet.text(MARGIN_PX, top + 37, "of the segments", 12, SOFT)


@dataclass(frozen=True, slots=True)
class Note:
    """A line of text where panels would be."""

    text: str
    height_px: int = 30

    def draw(self, sheet: Sheet, top_px: int) -> None:
        sheet.text(LEFT_PX, top_px + 18, self.text, 14, SOFT)


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours mean."""

    entries: Sequence[tuple[str, Sequence[Colour]]]
    height_px: int = 52

    def draw(self, sheet: Sheet, top_px: int) -> None:
        x = float(LEFT_PX)
        for text, colours in self.entries:
            for colour in colours:
                sheet.box(int(x), top_px + 10, int(x) + 16, top_px + 24, colour)
                x += 16
            x += sheet.text(x + 7, top_px + 22, text, 13, SOFT) + 34


def place_picture(sheet: Sheet, picture: Image.Image | None, left: int, top: int, size_px: tuple[int, int]) -> None:
    """A picture at a size, or a hatched box where there is none."""
    from PIL import Image

    if picture is None:
        sheet.hatched(left, top, left + size_px[0], top + size_px[1])
        return
    scaled = picture if picture.size == size_px else picture.resize(size_px, Image.Resampling.LANCZOS)
    sheet.image.paste(scaled, (left, top))


def _end_s(track: MotionTrack) -> float:
    return track.duration_s or len(track.scores) * track.step_s or track.step_s


def _strip_times(axis: TimeAxis, size_px: tuple[int, int]) -> list[float]:
    """Times at the middles of as many equal parts of the axis as there is room for pictures."""
    count = min(max(axis.width_px // (max(size_px[0], 64) + GAP_PX), 1), MAX_STRIP)
    return [(index + 0.5) * axis.end_s / count for index in range(count)]


def _peaks(bars: Sequence[Bar]) -> list[tuple[float, list[Bar]]]:
    """Peaks in order of time, with the segments that share them."""
    found: dict[float, list[Bar]] = {}
    for bar in bars:
        found.setdefault(bar.segment.peak_s, []).append(bar)
    return sorted(found.items(), key=lambda item: item[0])


def _signal_panels(axis: TimeAxis, track: MotionTrack, bars: Sequence[Bar]) -> list[Panel]:
    if not track.signals:
        return [Note("no signals are kept with this track")]
    height_px = SIGNAL_PX if len(track.signals) < DENSE_FROM else DENSE_SIGNAL_PX
    shown = track.signals[:MAX_SIGNALS]
    panels: list[Panel] = [SignalPanel(axis, signal, track.step_s, bars, height_px) for signal in shown]
    if len(shown) < len(track.signals):
        panels.append(Note(f"and {len(track.signals) - len(shown)} more signals"))
    return panels


def _legend(track: MotionTrack, bars: Sequence[Bar]) -> list[tuple[str, list[Colour]]]:
    entries: list[tuple[str, list[Colour]]] = [("score", [BLUE])]
    if len(track.scores) > RIGHT_PX - LEFT_PX:
        entries.append(("highest within a pixel", [tint(BLUE, HIGHEST)]))
    if bars:
        entries.append(("chosen segments", list(dict.fromkeys(bar.colour for bar in bars))))
    if track.cuts_s:
        entries.append(("scene cut", [CUT_COLOUR]))
    if not all(is_share(signal) for signal in track.signals):
        entries += [("more than usual", [GREEN]), ("less than usual", [SKY])]
    if any(is_share(signal) for signal in track.signals):
        entries.append(("share, 0 to 1", [SHARE]))
    if any(signal.weight == 0 for signal in track.signals):
        entries.append(("not trusted in this video", [UNTRUSTED]))
    if track.focus_x:
        entries.append(("crop window", [WINDOW]))
    return entries

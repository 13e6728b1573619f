"""The paper that a plot is drawn on: rectangles, curves, and text in any script."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from nvpipe.captions.bidi import base_level, levels, visual_order
from nvpipe.captions.breaks import clusters
from nvpipe.captions.chain import FontChain
from nvpipe.captions.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nvpipe.captions.typeface import Shaped, Typeface
    from nvpipe.report.plot_axis import Floats

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
INK: Colour = (33, 37, 41)
SOFT: Colour = (98, 106, 115)
FAINT: Colour = (158, 165, 172)
GRID: Colour = (232, 235, 238)
GROUND: Colour = (247, 248, 250)
BLUE: Colour = (0, 114, 178)
SKY: Colour = (86, 180, 233)
GREEN: Colour = (0, 158, 115)
ORANGE: Colour = (230, 159, 0)
YELLOW: Colour = (240, 228, 66)
VERMILION: Colour = (213, 94, 0)
PURPLE: Colour = (204, 121, 167)
"""From blue on: colours that stay apart for colour-blind readers (Okabe and Ito, "Color Universal Design", 2008)."""

_FONT = "Inter_700Bold.ttf"
_MAX_CHARS = 300
_STAND_IN = "?"
_HATCH_PX = 8


def tint(colour: Colour, strength: float) -> Colour:
    """A colour mixed with paper; 1 is the colour itself."""
    red, green, blue = (round(255 + (part - 255) * strength) for part in colour)
    return red, green, blue


class _Run(NamedTuple):
    face: Typeface
    shaped: Shaped
    x: float
    """In em, from the line's start."""


class _Line(NamedTuple):
    runs: tuple[_Run, ...]
    advance: float


class Lettering:
    """Lines of text, shaped; a character that no font has becomes a question mark.

    Args:
        system_font_folders: where to look for characters that the shipped fonts lack; None means where this
            platform installs fonts.
    """

    def __init__(self, system_font_folders: Sequence[Path] | None = None) -> None:
        self._chain = FontChain(_FONT, "en", system_font_folders)
        self._lines: dict[str, _Line] = {}

    def width_px(self, text: str, size_px: float) -> float:
        return self.line(text).advance * size_px

    def fit(self, text: str, size_px: float, max_px: float) -> str:
        """The text on one line, its middle left out where it is too long."""
        text = clean(text)
        if len(text) > _MAX_CHARS:
            text = f"{text[: _MAX_CHARS * 2 // 3]}…{text[-_MAX_CHARS // 3 :]}"
        if self.width_px(text, size_px) <= max_px:
            return text
        parts = clusters(text)
        shorter = "…"
        few, many = 0, len(parts)
        while few < many:
            count = (few + many + 1) // 2
            tail = count // 3
            tried = "".join(parts[: count - tail]).rstrip() + "…" + "".join(parts[len(parts) - tail :]).lstrip()
            if self.width_px(tried, size_px) <= max_px:
                few, shorter = count, tried
            else:
                many = count - 1
        return shorter

    def line(self, text: str) -> _Line:
        """Glyphs of one line, in visual order (UAX 9)."""
        if text not in self._lines:
            self._lines[text] = self._set(self._drawable(clean(text)))
        return self._lines[text]

    def _drawable(self, text: str) -> str:
        if self._chain.primary.covers(text):
            return text
        return "".join(part if self._chain.runs(part) else _STAND_IN for part in clusters(text))

    def _set(self, text: str) -> _Line:
        level = levels(text, base_level(text, "en"))
        items: list[tuple[int, Typeface, Shaped]] = []
        start = 0
        for end in range(1, len(text) + 1):
            if end == len(text) or level[end] != level[start]:
                items += (
                    (level[start], face, face.shape(piece, level[start] % 2 == 1, "en"))
                    for piece, face in self._chain.runs(text[start:end])
                )
                start = end
        runs: list[_Run] = []
        x = 0.0
        for index in visual_order([item[0] for item in items]):
            _, face, shaped = items[index]
            runs.append(_Run(face, shaped, x))
            x += shaped.advance
        return _Line(tuple(runs), x)


class Sheet:
    """A picture in the making; sizes and places in pixels from the upper left corner."""

    def __init__(self, width_px: int, height_px: int, lettering: Lettering) -> None:
        self.image = Image.new("RGB", (width_px, height_px), PAPER)
        self.lettering = lettering
        self._draw = ImageDraw.Draw(self.image)

    def box(self, left: int, top: int, right: int, bottom: int, colour: Colour) -> None:
        """Fill the pixels `[left, right) x [top, bottom)`."""
        if right > left and bottom > top:
            self._draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)

    def fill(self, left: int, tops: Floats, bottoms: Floats, colour: Colour) -> None:
        """Fill columns side by side from `left` on, each on its rows `[top, bottom)`; none where either is NaN."""
        known = np.isfinite(tops) & np.isfinite(bottoms)
        if not known.any():
            return
        top, bottom = int(tops[known].min()), int(bottoms[known].max())
        rows = np.arange(top, bottom)[:, None]
        inked = (rows >= tops) & (rows < bottoms)
        self.image.paste(colour, (left, top), Image.fromarray(inked.astype(np.uint8) * 255))

    def frame(self, left: int, top: int, right: int, bottom: int, colour: Colour, width_px: int = 1) -> None:
        """Outline of `[left, right) x [top, bottom)`, drawn inside of it."""
        self._draw.rectangle((left, top, right - 1, bottom - 1), outline=colour, width=width_px)

    def line(self, places: Sequence[tuple[int, int]], colour: Colour, width_px: int = 1) -> None:
        self._draw.line(list(places), fill=colour, width=width_px)

    def hatched(self, left: int, top: int, right: int, bottom: int) -> None:
        """A box that says that its picture is missing."""
        rows, places = np.mgrid[0 : bottom - top, 0 : right - left]
        stripe = (rows + places) % _HATCH_PX < 2
        pixels = np.where(stripe[..., None], np.array(FAINT, np.uint8), np.array(GRID, np.uint8))
        self.image.paste(Image.fromarray(pixels), (left, top))

    def text(
        self,
        x: float,
        baseline: int,
        text: str,
        size_px: float,
        colour: Colour = INK,
        *,
        align: Literal["left", "middle", "right"] = "left",
        max_px: float | None = None,
    ) -> float:
        """Draw a line of text and return its width in pixels.

        Args:
            x: its left end, middle or right end.
            max_px: what is longer loses its middle.
        """
        if max_px is not None:
            text = self.lettering.fit(text, size_px, max_px)
        line = self.lettering.line(text)
        width_px = line.advance * size_px
        x -= {"left": 0.0, "middle": width_px / 2, "right": width_px}[align]
        for run in line.runs:
            for glyph in run.shaped.glyphs:
                whole, half = divmod(round((x + (run.x + glyph.x) * size_px) * 2), 2)
                mask = run.face.mask(glyph.number, size_px, half / 2, 0.0)
                place = (whole + mask.left_px, round(baseline - glyph.y * size_px) + mask.top_px)
                self.image.paste(colour, place, Image.fromarray(mask.pixels))
        return width_px

    def png(self) -> bytes:
        """The picture as a PNG file; equal pictures give equal bytes."""
        buffer = io.BytesIO()
        self.image.save(buffer, "PNG", compress_level=6)
        return buffer.getvalue()

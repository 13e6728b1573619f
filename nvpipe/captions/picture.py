"""Glyphs with colours of their own: emoji as bitmaps (CBDT, sbix) or painted outlines (COLR 0 and 1)."""

from __future__ import annotations

import io
import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import uharfbuzz as hb  # type: ignore[import-untyped]
from PIL import Image, UnidentifiedImageError

Pixels = npt.NDArray[np.uint8]
_TABLES = frozenset(("CBDT", "sbix", "COLR"))
_MAX_SIDE_PX = 4096
_DIRECTIONS = 32


class GlyphPicture(NamedTuple):
    """Red, green, blue and opacity (height, width, 4), colours multiplied by the opacity; sRGB, 0 to 255.

    The place of its first pixel is counted from the glyph's origin, y downwards.
    """

    pixels: Pixels
    left_px: int
    top_px: int


def is_coloured(tables: set[str]) -> bool:
    """Whether a font with these tables may have such glyphs."""
    return bool(tables & _TABLES)


def picture(font: Any, glyph: int, scale: float) -> GlyphPicture | None:
    """The glyph in its own colours, or None when it has none.

    Args:
        font: a `uharfbuzz.Font` at the size of its design units.
        glyph: its number.
        scale: pixels in a design unit.
    """
    box = font.get_glyph_extents(glyph)
    if box is None or not box.width or not box.height:
        return None
    left, top = math.floor(box.x_bearing * scale), math.floor(-box.y_bearing * scale)
    width = math.ceil((box.x_bearing + box.width) * scale) - left
    height = math.ceil(-(box.y_bearing + box.height) * scale) - top
    if not (0 < width <= _MAX_SIDE_PX and 0 < height <= _MAX_SIDE_PX):
        return None
    pixels = _bitmap(font, glyph, width, height)
    if pixels is None:
        pixels = _painted(font, glyph, scale, (left, top, width, height))
    return None if pixels is None else GlyphPicture(pixels, left, top)


def surrounded(found: GlyphPicture, stroke_px: float) -> tuple[Pixels, int, int]:
    """The picture's opacity grown by `stroke_px` all around, and the place of its first pixel."""
    pad = math.ceil(stroke_px)
    alpha = np.pad(found.pixels[..., 3], pad)
    grown = alpha.copy()
    for step in range(_DIRECTIONS if pad else 0):
        angle = 2 * math.pi * step / _DIRECTIONS
        for reach in {stroke_px, stroke_px / 2}:
            moved = np.roll(alpha, (round(reach * math.sin(angle)), round(reach * math.cos(angle))), axis=(0, 1))
            np.maximum(grown, moved, out=grown)
    return grown, found.left_px - pad, found.top_px - pad


def _bitmap(font: Any, glyph: int, width: int, height: int) -> Pixels | None:
    """The font's own PNG picture of a glyph, resized."""
    blob = font.get_glyph_color_png(glyph)
    if blob is None or not len(blob.data):
        return None
    try:
        with Image.open(io.BytesIO(blob.data), formats=("PNG",)) as image:
            if max(image.size) > _MAX_SIDE_PX:
                return None
            # Pillow multiplies by the opacity before it resizes, so edges keep their colour.
            resized = image.convert("RGBA").resize((width, height), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError):
        return None
    return np.asarray(resized.convert("RGBa")).reshape(height, width, 4)


def _painted(font: Any, glyph: int, scale: float, area: tuple[int, int, int, int]) -> Pixels | None:
    left, top, width, height = area
    brush = hb.RasterPaint()
    brush.transform = (scale, 0.0, 0.0, scale, 0.0, 0.0)
    brush.foreground = hb.Color(255, 255, 255, 255)
    brush.extents = hb.RasterExtents(left, -(top + height), width, height, 0)
    if not brush.paint_glyph_or_fail(font, glyph):
        return None
    image = brush.render()
    if image is None:
        return None
    extents = image.extents
    rows = np.frombuffer(image.buffer, np.uint8).reshape(extents.height, extents.stride)
    upright = rows[::-1, : extents.width * 4].reshape(extents.height, extents.width, 4)
    return upright[..., [2, 1, 0, 3]]

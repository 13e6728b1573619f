"""One font file: what it covers, how it shapes a run of text, what its glyphs look like as pixels.

Shaping is HarfBuzz through uharfbuzz, and not Pillow's raqm: raqm needs the system's FriBidi, and without it falls
back to unshaped text without a word. Pixels are Pillow's (FreeType). Pillow draws characters, not glyphs, so it
is given a copy of the font whose character map names glyph `n` as the private character U+F0000 + n.
"""

from __future__ import annotations

import io
import struct
import unicodedata
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import uharfbuzz as hb  # type: ignore[import-untyped]
from PIL import Image, ImageDraw, ImageFont

from nvpipe.captions.picture import GlyphPicture, is_coloured, picture, surrounded
from nvpipe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

_FIRST_GLYPH = 0xF0000
_MAX_GLYPHS = 0xFFFE
_LAYOUT_TABLES = frozenset(("cmap", "GSUB", "GPOS", "GDEF", "BASE", "DSIG", "kern", "kerx", "morx", "mort", "STAT"))
_CACHED_GLYPHS = 1024
_HINT = "use another font"
_HEAVY = 800.0
_TRIAL_PX = 16.0
_FINE = 2
"""Glyphs are drawn this much larger and averaged down: Pillow places glyphs on whole pixels."""

Mask = npt.NDArray[np.uint8]


class UnusableFontError(InputError):
    """The file is no font that can be drawn."""


class Extent(NamedTuple):
    """Ink of some glyphs in em, y upwards from the baseline."""

    left: float
    bottom: float
    right: float
    top: float


class Glyph(NamedTuple):
    """A glyph and where its origin lies, in em, y upwards."""

    number: int
    x: float
    y: float


class Shaped(NamedTuple):
    """A run of text as glyphs from left to right."""

    glyphs: tuple[Glyph, ...]
    advance: float
    extent: Extent | None
    """None when nothing is visible."""


class GlyphMask(NamedTuple):
    """Coverage 0 to 255 of a glyph, and where its first pixel lies from the origin, y downwards."""

    pixels: Mask
    left_px: int
    top_px: int


class Typeface:
    """A font that is open for shaping and drawing.

    Args:
        path: TrueType or OpenType file or collection.
        family_suffix: of a collection's faces, the one whose family name ends so is taken (`SC`, `JP`).

    Raises:
        UnusableFontError: the file cannot be read or has no glyphs to draw; damage within its glyphs is found when
            they are drawn.
    """

    def __init__(self, path: Path, family_suffix: str = "") -> None:
        self.path = path
        try:
            blob = hb.Blob.from_file_path(str(path))
            face = _pick_face(blob, family_suffix)
            tags = set(face.table_tags)
            self.outlined = bool(tags & {"glyf", "CFF ", "CFF2"})
            self.coloured = is_coloured(tags)
            if not (self.outlined or self.coloured) or not face.glyph_count:
                raise UnusableFontError(f"{path} has no outlines", hint=_HINT)
        except (hb.HarfBuzzError, OSError, ValueError, MemoryError, struct.error) as error:
            reason = "its tables are damaged" if isinstance(error, UnicodeError) else error
            raise UnusableFontError(f"{path} is no font that can be drawn: {reason}", hint=_HINT) from error
        self._face, self._tags = face, tags
        self._upem = face.upem
        self._unicodes = face.unicodes
        self._font = hb.Font(face)
        self._axes = face.axis_infos if face.has_var_data else []
        if any(axis.tag == "wght" for axis in self._axes):
            self._font.set_variations({"wght": self._weight()})
        self._sized = lru_cache(maxsize=16)(self._pillow_font_at_weight)
        self.mask = lru_cache(maxsize=_CACHED_GLYPHS)(self._mask)
        self.picture = lru_cache(maxsize=_CACHED_GLYPHS)(self._picture)
        self.shape = lru_cache(maxsize=256)(self._shape)

    @cached_property
    def glyph_font(self) -> bytes:
        """The font with its glyphs as private characters; made when a glyph is first drawn."""
        return _glyph_font(self._face, self._tags)

    def covers(self, characters: Iterable[str]) -> bool:
        """Whether every character has a glyph, or can be put together from those that have."""
        return all(
            ord(char) in self._unicodes
            or (
                (parts := unicodedata.normalize("NFD", char)) != char and all(ord(p) in self._unicodes for p in parts)
            )
            for char in characters
        )

    def draws(self, text: str, *, coloured: bool = False) -> bool:
        """Whether the glyphs of a text are whole, and have colours of their own if that is asked for."""
        glyphs = self.shape(text, False, "en").glyphs
        if coloured:
            return bool(glyphs) and all(self.picture(glyph.number, _TRIAL_PX) for glyph in glyphs)
        try:
            return bool(glyphs) and all(self.mask(glyph.number, _TRIAL_PX, 0.0, 0.0).pixels.any() for glyph in glyphs)
        except UnusableFontError:
            return False

    @property
    def family(self) -> str:
        """The font's own name of its family; its file name when it has none."""
        return str(self._face.get_name(hb.OTNameIdPredefined.FONT_FAMILY) or "") or self.path.stem

    @property
    def bold(self) -> bool:
        """Whether it is the bold font of its family (`head.macStyle`)."""
        table = bytes(self._face.reference_table("head").data)
        return len(table) > 45 and bool(table[45] & 1)

    @property
    def line_em(self) -> float:
        """Height of a line as Windows and libass count it, in em."""
        table = bytes(self._face.reference_table("OS/2").data)
        if len(table) < 78:
            return 1.0
        ascent, descent = struct.unpack_from(">HH", table, 74)
        return float((ascent + descent) / self._upem) or 1.0

    def _shape(self, text: str, rtl: bool, language: str) -> Shaped:
        """Glyphs of a run in one direction; positions in em."""
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.direction = "rtl" if rtl else "ltr"
        buffer.language = language
        buffer.flags = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
        buffer.guess_segment_properties()
        hb.shape(self._font, buffer)
        glyphs: list[Glyph] = []
        boxes: list[Extent] = []
        pen, em = 0, float(self._upem)
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            x, y = pen + position.x_offset, position.y_offset
            pen += position.x_advance
            box = self._font.get_glyph_extents(info.codepoint)
            if box is None or not box.width or not box.height:
                continue
            glyphs.append(Glyph(info.codepoint, x / em, y / em))
            left, top = x + box.x_bearing, y + box.y_bearing
            boxes.append(Extent(left / em, (top + box.height) / em, (left + box.width) / em, top / em))
        return Shaped(tuple(glyphs), pen / em, _union(boxes))

    def _mask(self, glyph: int, size_px: float, shift_px: float, stroke_px: float) -> GlyphMask:
        """A glyph's pixels, with `stroke_px` added all around; `shift_px` (0 or 0.5) moves it right.

        Raises:
            UnusableFontError: the font's outline of it is broken.
        """
        if found := self.picture(glyph, size_px):
            return GlyphMask(*surrounded(found, stroke_px))
        box = self._font.get_glyph_extents(glyph)
        scale, pad = size_px / self._upem, stroke_px + 3
        left, top = int(box.x_bearing * scale - pad) - 1, int(-box.y_bearing * scale - pad) - 1
        right = int((box.x_bearing + box.width) * scale + pad) + 2
        bottom = int(-(box.y_bearing + box.height) * scale + pad) + 2
        fine = Image.new("L", ((right - left) * _FINE, (bottom - top) * _FINE))
        try:
            ImageDraw.Draw(fine).text(
                (round(shift_px * _FINE) - left * _FINE, -top * _FINE),
                chr(_FIRST_GLYPH + glyph),
                fill=255,
                font=self._sized(size_px * _FINE),
                anchor="ls",
                stroke_width=stroke_px * _FINE,
                stroke_fill=255,
            )
        except (OSError, ValueError, MemoryError, struct.error) as error:
            text = f"{self.path} has a glyph that cannot be drawn, number {glyph}: {error}"
            raise UnusableFontError(text, hint=_HINT) from error
        return GlyphMask(np.asarray(fine.reduce(_FINE)), left, top)

    def _picture(self, glyph: int, size_px: float) -> GlyphPicture | None:
        """A glyph that has colours of its own; None when it is drawn in the text's."""
        return picture(self._font, glyph, size_px / self._upem) if self.coloured else None

    def _pillow_font(self, size_px: float) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(io.BytesIO(self.glyph_font), size_px, layout_engine=ImageFont.Layout.BASIC)

    def _pillow_font_at_weight(self, size_px: float) -> ImageFont.FreeTypeFont:
        font = self._pillow_font(size_px)
        if any(axis.tag == "wght" for axis in self._axes):
            weight = self._weight()
            font.set_variation_by_axes([weight if axis.tag == "wght" else axis.default_value for axis in self._axes])
        return font

    def _weight(self) -> float:
        axis = next(axis for axis in self._axes if axis.tag == "wght")
        return float(min(max(_HEAVY, axis.min_value), axis.max_value))


def _pick_face(blob: Any, family_suffix: str) -> Any:
    face = hb.Face(blob, 0)
    if not family_suffix:
        return face
    for index in range(face.count):
        other = hb.Face(blob, index)
        family = other.get_name(hb.OTNameIdPredefined.FONT_FAMILY) or ""
        if family.upper().endswith(family_suffix.upper()):
            return other
    return face


def _glyph_font(face: Any, tags: set[str]) -> bytes:
    """The face as a font file of its own, its character map replaced (OpenType 1.9, `cmap` format 12)."""
    tables = {tag: bytes(face.reference_table(tag).data) for tag in tags - _LAYOUT_TABLES}
    last = min(face.glyph_count, _MAX_GLYPHS) - 1
    header = struct.pack(">HHHHI", 0, 1, 3, 10, 12)
    tables["cmap"] = header + struct.pack(">HHIIIIII", 12, 0, 28, 0, 1, _FIRST_GLYPH, _FIRST_GLYPH + last, 0)
    power = 1 << (len(tables).bit_length() - 1)
    directory = b"OTTO" if tags & {"CFF ", "CFF2"} else b"\0\1\0\0"
    directory += struct.pack(">HHHH", len(tables), power * 16, power.bit_length() - 1, (len(tables) - power) * 16)
    offset, body = 12 + 16 * len(tables), b""
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag.encode("ascii"), 0, offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    return directory + body


def _union(boxes: list[Extent]) -> Extent | None:
    if not boxes:
        return None
    return Extent(
        min(box.left for box in boxes),
        min(box.bottom for box in boxes),
        max(box.right for box in boxes),
        max(box.top for box in boxes),
    )

"""Fonts made from a shipped one: with coloured glyphs, with fewer characters, damaged."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import uharfbuzz as hb  # type: ignore[import-untyped]
from PIL import Image

from nvpipe.captions.chain import FONT_FOLDER

SOURCE = FONT_FOLDER / "Anton_400Regular.ttf"
RED, BLUE = (255, 0, 0, 255), (0, 0, 255, 128)
EMOJI = "😀"
STRIKE_PX = 64


def tables_of(path: Path = SOURCE) -> dict[str, bytes]:
    """Every table of a font."""
    face = hb.Face(hb.Blob.from_file_path(str(path)))
    return {tag: bytes(face.reference_table(tag).data) for tag in face.table_tags}


def write_font(path: Path, tables: dict[str, bytes]) -> Path:
    """A TrueType file of tables (OpenType 1.9, table directory), checksums left out."""
    head = b"\0\1\0\0" + struct.pack(">HHHH", len(tables), 0, 0, 0)
    at, body = 12 + 16 * len(tables), b""
    for tag, data in sorted(tables.items()):
        head += struct.pack(">4sIII", tag.encode(), 0, at + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    path.write_bytes(head + body)
    return path


def cmap(characters: dict[str, int]) -> bytes:
    """A character map (format 12) with these characters only."""
    groups = [struct.pack(">III", ord(char), ord(char), glyph) for char, glyph in sorted(characters.items())]
    size = 16 + 12 * len(groups)
    return (
        struct.pack(">HHHHI", 0, 1, 3, 10, 12) + struct.pack(">HHIII", 12, 0, size, 0, len(groups)) + b"".join(groups)
    )


def glyph_of(char: str) -> int:
    """Number of a character's glyph in the source."""
    font = hb.Font(hb.Face(hb.Blob.from_file_path(str(SOURCE))))
    number = font.get_nominal_glyph(ord(char))
    assert number
    return int(number)


def layered_emoji(path: Path) -> Path:
    """A font with one emoji: an `O` in red below an `I` in half transparent blue (COLR version 0)."""
    base, below, above = glyph_of("H"), glyph_of("O"), glyph_of("I")
    tables = {tag: data for tag, data in tables_of().items() if tag not in ("GSUB", "GPOS", "GDEF", "DSIG")}
    tables["cmap"] = cmap({EMOJI: base})
    tables["COLR"] = struct.pack(">HHIIH", 0, 1, 14, 20, 2) + struct.pack(">HHH", base, 0, 2)
    tables["COLR"] += struct.pack(">HHHH", below, 0, above, 1)
    colours = b"".join(bytes((blue, green, red, alpha)) for red, green, blue, alpha in (RED, BLUE))
    tables["CPAL"] = struct.pack(">HHHHIH", 0, 2, 1, 2, 14, 0) + colours
    return write_font(path, tables)


def bitmap_emoji(path: Path, png: bytes | None = None) -> Path:
    """A font with one emoji as a picture: upper half red, lower half blue (CBLC and CBDT version 3), no outlines."""
    if png is None:
        image = Image.new("RGBA", (STRIKE_PX, STRIKE_PX), RED)
        image.paste((0, 0, 255, 255), (0, STRIKE_PX // 2, STRIKE_PX, STRIKE_PX))
        file = io.BytesIO()
        image.save(file, "PNG")
        png = file.getvalue()
    glyph = glyph_of("H")
    kept = ("head", "hhea", "hmtx", "maxp", "name", "OS/2", "post")
    tables = {tag: data for tag, data in tables_of().items() if tag in kept}
    tables["cmap"] = cmap({EMOJI: glyph})
    metrics = struct.pack(">BBbbB", STRIKE_PX, STRIKE_PX, 0, STRIKE_PX - 8, STRIKE_PX)
    record = metrics + struct.pack(">I", len(png)) + png
    tables["CBDT"] = struct.pack(">HH", 3, 0) + record
    line = struct.pack(">bbBbbbbbbbbb", STRIKE_PX, 0, STRIKE_PX, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    array = struct.pack(">HHI", glyph, glyph, 8)
    index = struct.pack(">HHI", 1, 17, 4) + struct.pack(">II", 0, len(record))
    strike = struct.pack(">IIII", 56, len(array + index), 1, 0) + line + line
    strike += struct.pack(">HHBBBb", glyph, glyph, STRIKE_PX, STRIKE_PX, 32, 1)
    tables["CBLC"] = struct.pack(">HHI", 3, 0, 1) + strike + array + index
    return write_font(path, tables)

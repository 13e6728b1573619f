"""`--font`: what is taken, and what is refused in one line."""

from __future__ import annotations

import os
import shutil
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from fakes.fonts import SOURCE, bitmap_emoji, tables_of, write_font
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.captions.box import safe_area
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.font_file import MAX_BYTES, read_font
from nvpipe.captions.styles import style
from nvpipe.captions.typeface import UnusableFontError
from nvpipe.types import Cue

SIZE = (1080, 1920)


def refused(path: Path) -> str:
    with pytest.raises(UnusableFontError) as caught:
        read_font(path)
    assert caught.value.exit_code == 3
    line = caught.value.line()
    assert "\n" not in line
    assert caught.value.hint
    return line


def test_a_font_is_known_by_its_content(tmp_path: Path) -> None:
    one, other = tmp_path / "a.ttf", tmp_path / "b.otf"
    shutil.copy(SOURCE, one)
    shutil.copy(SOURCE, other)
    assert read_font(one).digest == read_font(other).digest == read_font(SOURCE).digest
    shutil.copy(SOURCE.with_name("Inter_700Bold.ttf"), one)
    assert read_font(one).digest != read_font(other).digest


def test_it_comes_before_the_style_s_own(tmp_path: Path) -> None:
    look, cue = style("default"), Cue(0, 1, ("Hello",), None)
    own, given = (
        CaptionPainter(look, *SIZE, safe_area(*SIZE), system_font_folders=[], font_file=file).paint(cue)
        for file in (None, SOURCE)
    )
    assert own is not None
    assert given is not None
    assert given.box.width_px < 0.8 * own.box.width_px, "Anton is narrow"


def test_a_collection(tmp_path: Path) -> None:
    tables = sorted(tables_of().items())
    head = b"ttcf" + struct.pack(">HHII", 1, 0, 1, 16)
    at, directory, body = 16 + 12 + 16 * len(tables), b"\0\1\0\0" + struct.pack(">HHHH", len(tables), 0, 0, 0), b""
    for tag, data in tables:
        directory += struct.pack(">4sIII", tag.encode(), 0, at + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    path = tmp_path / "x.ttc"
    path.write_bytes(head + directory + body)
    assert read_font(path).path == path
    path.write_bytes((head + directory + body)[:-5000])
    assert "cut off" in refused(path)


def test_a_font_of_pictures_will_do(tmp_path: Path) -> None:
    assert read_font(bitmap_emoji(tmp_path / "Emoji.ttf")).digest


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\0\1\0\0", "cut off"),
        (b"OTTO" + b"\xff" * 400, "cut off"),
        (b"ttcf" + b"\0" * 400, "claims 0 fonts"),
        (b"ttcf\0\1\0\0\xff\xff\xff\xff", "claims 4294967295 fonts"),
        (b"wOF2" + b"x" * 100, "web font"),
        (b"RIFF....WAVE", "no font"),
        (b"\0\1\0\0" + b"\0" * 100, "no outlines"),
    ],
)
def test_what_is_no_font(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "x\n.ttf"
    path.write_bytes(content)
    assert reason in refused(path)


def test_places_where_no_font_is(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "absent.ttf")
    assert "is a folder" in refused(tmp_path)
    assert "cannot be read" in refused(Path("nul\0"))
    os.mkfifo(tmp_path / "pipe.ttf")
    assert "not a regular file" in refused(tmp_path / "pipe.ttf")
    with (tmp_path / "huge.ttf").open("wb") as file:
        file.write(SOURCE.read_bytes())
        file.truncate(MAX_BYTES + 1)
    assert "too many for a font" in refused(tmp_path / "huge.ttf")


def test_glyphs_that_cannot_be_drawn(tmp_path: Path) -> None:
    tables = tables_of()
    tables["glyf"] = b"\x7f\xff" * (len(tables["glyf"]) // 2)
    assert "cannot be drawn" in refused(write_font(tmp_path / "x.ttf", tables))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damage_gives_one_line_or_a_picture(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = bytearray(SOURCE.read_bytes())
    for _ in range(data.draw(st.integers(1, 30))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("fonts") / "x.ttf"
    path.write_bytes(content[: data.draw(st.sampled_from([len(content), 100_000, 5000, 300]))])
    with suppress(UnusableFontError):
        read_font(path)
        painter = CaptionPainter(style("default"), *SIZE, safe_area(*SIZE), system_font_folders=[], font_file=path)
        painter.paint(Cue(0, 1, ("Hamburgefonstiv", "0123"), 0))

"""Shaping and fallback, with the shipped fonts alone and with what a system may have."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from fakes.fonts import cmap, glyph_of, tables_of, write_font

from nvpipe.captions.chain import FONT_FOLDER, FontChain
from nvpipe.captions.typeface import Typeface, UnusableFontError

ARABIC = FONT_FOLDER / "NotoSansArabic_900Black.ttf"
DEVANAGARI = FONT_FOLDER / "NotoSansDevanagari_900Black.ttf"
HEBREW = FONT_FOLDER / "NotoSansHebrew_900Black.ttf"
LATIN = FONT_FOLDER / "Montserrat_900Black.ttf"


def test_arabic_letters_join() -> None:
    face = Typeface(ARABIC)
    together = face.shape("سلم", True, "ar")
    alone = [face.shape(letter, True, "ar") for letter in "ملس"]
    assert {g.number for g in together.glyphs}.isdisjoint(g.number for shaped in alone for g in shaped.glyphs)
    assert together.advance < 0.9 * sum(shaped.advance for shaped in alone)


def test_a_conjunct_is_fewer_glyphs_than_letters() -> None:
    face = Typeface(DEVANAGARI)
    assert len(face.shape("क्ष", False, "hi").glyphs) == 1
    assert len(face.shape("कष", False, "hi").glyphs) == 2


def test_hebrew_runs_from_right_to_left() -> None:
    face = Typeface(HEBREW)
    glyphs = face.shape("אבג", True, "he").glyphs
    names = [face.shape(letter, True, "he").glyphs[0].number for letter in "גבא"]
    assert [glyph.number for glyph in glyphs] == names
    assert glyphs[0].x < glyphs[1].x < glyphs[2].x


def test_a_stroke_surrounds_the_fill_and_lies_within_its_reach() -> None:
    face = Typeface(LATIN)
    number = face.shape("g", False, "en").glyphs[0].number
    fill, stroke = face.mask(number, 90.0, 0.0, 0.0), face.mask(number, 90.0, 0.0, 8.0)
    assert fill.pixels.max() == stroke.pixels.max() == 255
    rows, columns = np.nonzero(fill.pixels)
    inside = stroke.pixels[rows + fill.top_px - stroke.top_px, columns + fill.left_px - stroke.left_px]
    assert (inside >= fill.pixels[rows, columns]).all()
    for edge in (stroke.pixels[0], stroke.pixels[-1], stroke.pixels[:, 0], stroke.pixels[:, -1]):
        assert not edge.any(), "cut off"


def test_half_a_pixel_moves_the_picture() -> None:
    face = Typeface(LATIN)
    number = face.shape("l", False, "en").glyphs[0].number
    still, moved = (face.mask(number, 60.0, shift, 0.0) for shift in (0.0, 0.5))
    centres = [
        float((mask.pixels.sum(axis=0) * (np.arange(mask.pixels.shape[1]) + mask.left_px)).sum() / mask.pixels.sum())
        for mask in (still, moved)
    ]
    assert centres[1] - centres[0] == pytest.approx(0.5, abs=0.1)


def test_a_word_is_drawn_in_one_font_where_one_has_all_of_it() -> None:
    chain = FontChain(LATIN.name, "el", [])
    assert [(text, face.path.name) for text, face in chain.runs("Ωμέγα")] == [("Ωμέγα", "Inter_900Black.ttf")]
    assert [face.path for _, face in chain.runs("שלום!")] == [HEBREW]
    assert [face.path.name for _, face in chain.runs("Tiếng")] == [LATIN.name]
    assert [text for text, _ in chain.runs("abשदc")] == ["ab", "ש", "द", "c"]
    assert chain.missing == set()


def test_what_no_font_has_is_left_out_and_named() -> None:
    chain = FontChain(LATIN.name, "en", [])
    assert [text for text, _ in chain.runs("go😀你1️⃣")] == ["go1"]
    assert chain.missing == {"😀", "你"}
    assert chain.runs("👍🏽") == []


@pytest.mark.parametrize("text", ["e\u0338\u0327\u0489\u20e4", "\u1ebf\u0330\u0ffff", "x" + "\u0301" * 40])
def test_a_letter_stays_when_no_font_has_its_marks(text: str) -> None:
    chain = FontChain(LATIN.name, "en", [])
    drawn = "".join(run for run, _ in chain.runs(f"a{text}b"))
    assert drawn[0] == "a"
    assert drawn[-1] == "b"
    assert unicodedata.normalize("NFD", text)[0] in unicodedata.normalize("NFD", drawn)
    assert set(text) - set(drawn) <= chain.missing
    assert not chain.missing & set("aebx\u1ebf\u0301")


def test_a_letter_is_put_together_when_its_font_has_the_parts(tmp_path: Path) -> None:
    tables = {tag: data for tag, data in tables_of().items() if tag != "DSIG"}
    tables["cmap"] = cmap({"e": glyph_of("e"), "\u0301": glyph_of("\u0301")})
    face = Typeface(write_font(tmp_path / "Parts.ttf", tables))
    assert face.covers("\u00e9")
    assert not face.covers("\u00e8")
    assert {glyph.number for glyph in face.shape("\u00e9", False, "fr").glyphs} == {
        glyph_of("e"),
        glyph_of("\u0301"),
    }


def test_a_broken_glyph_of_a_system_font_is_left_to_the_next_font(tmp_path: Path) -> None:
    tables = {tag: data for tag, data in tables_of().items() if tag not in ("DSIG", "fpgm", "prep", "cvt ")}
    tables["cmap"] = cmap({"你": glyph_of("H")})
    write_font(tmp_path / "Whole.ttf", tables)
    tables["glyf"] = tables["glyf"][:40] + b"\x7f\xff" * ((len(tables["glyf"]) - 40) // 2)
    write_font(tmp_path / "Bold-broken.ttf", tables)
    chain = FontChain(LATIN.name, "zh", [tmp_path])
    assert [face.path.name for _, face in chain.runs("你")] == ["Whole.ttf"]


def test_system_fonts_help_out_and_broken_ones_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "Broken-Bold.ttf").write_bytes(b"\0\1\0\0 not a font")
    (tmp_path / "Empty-Bold.otf").write_bytes(b"")
    (tmp_path / "Truncated-Bold.ttf").write_bytes(LATIN.read_bytes()[:2000])
    private = tmp_path / "sub" / "Private.ttf"
    private.parent.mkdir()
    private.write_bytes(Typeface(LATIN).glyph_font)  # a font of private characters
    chain = FontChain(LATIN.name, "en", [tmp_path, tmp_path / "missing"])
    character = chr(0xF0000 + 40)
    assert [(text, face.path) for text, face in chain.runs(character)] == [(character, private)]
    assert chain.missing == set()


@pytest.mark.parametrize("content", [b"", b"OTTO", b"\0" * 100])
def test_no_font(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.ttf"
    path.write_bytes(content)
    with pytest.raises(UnusableFontError, match=r"x\.ttf"):
        Typeface(path)
    with pytest.raises(UnusableFontError, match="absent"):
        Typeface(tmp_path / "absent.ttf")


def test_every_shipped_font_has_its_licence_and_its_origin() -> None:
    origin = (FONT_FOLDER / "ORIGIN.txt").read_text()
    for path in FONT_FOLDER.glob("*.ttf"):
        row = next(line for line in origin.splitlines() if line.startswith(path.name))
        licence = next(part for part in row.split() if part.startswith("OFL-"))
        assert "SIL Open Font License" in (FONT_FOLDER / licence).read_text()
    assert sum(path.stat().st_size for path in FONT_FOLDER.glob("*.ttf")) <= 2_300_000

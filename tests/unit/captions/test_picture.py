"""Emoji in their own colours, from fonts that the tests make and from the system's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes.fonts import EMOJI, bitmap_emoji, layered_emoji

from nvpipe.captions.box import safe_area
from nvpipe.captions.chain import FONT_FOLDER, FontChain
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.styles import style
from nvpipe.captions.typeface import Typeface
from nvpipe.types import Cue

LATIN = "Montserrat_900Black.ttf"
SYSTEM_EMOJI = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")


def glyph(face: Typeface, text: str = EMOJI) -> int:
    (found,) = face.shape(text, False, "en").glyphs
    return found.number


def test_layers_are_painted_in_their_colours(tmp_path: Path) -> None:
    face = Typeface(layered_emoji(tmp_path / "Emoji.ttf"))
    assert face.coloured
    found = face.picture(glyph(face), 120.0)
    assert found is not None
    red, _, blue, alpha = (found.pixels[..., i].astype(int) for i in range(4))
    assert ((red > 250) & (blue < 5) & (alpha == 255)).sum() > 500, "the letter below"
    mixed = (red > 100) & (blue > 100) & (alpha == 255)
    assert mixed.sum() > 100, "half transparent blue over red"
    assert (np.maximum(red, blue) <= alpha).all(), "multiplied by the opacity"


def test_bitmaps_are_resized_and_upright(tmp_path: Path) -> None:
    face = Typeface(bitmap_emoji(tmp_path / "Emoji.ttf"))
    found = face.picture(glyph(face), 32.0)
    assert found is not None
    height = found.pixels.shape[0]
    assert height == pytest.approx(32, abs=2)
    assert found.top_px < 0
    assert found.pixels[2, 10].tolist() == [255, 0, 0, 255]
    assert found.pixels[height - 3, 10].tolist() == [0, 0, 255, 255]


def test_a_stroke_grows_a_picture(tmp_path: Path) -> None:
    face = Typeface(bitmap_emoji(tmp_path / "Emoji.ttf"))
    found = face.picture(glyph(face), 64.0)
    plain, stroke = (face.mask(glyph(face), 64.0, 0.0, width) for width in (0.0, 6.0))
    assert found is not None
    assert (plain.left_px, plain.top_px) == (found.left_px, found.top_px)
    assert (stroke.left_px, stroke.top_px) == (found.left_px - 6, found.top_px - 6)
    assert stroke.pixels.shape == (plain.pixels.shape[0] + 12, plain.pixels.shape[1] + 12)
    assert stroke.pixels[:, stroke.pixels.shape[1] // 2].all()
    assert not stroke.pixels[0, 0], "round corners"


@pytest.mark.parametrize("make", [bitmap_emoji, layered_emoji])
def test_a_caption_shows_the_colours_and_reports_nothing(make: object, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / "Emoji.ttf")
    size = (1080, 1920)
    painter = CaptionPainter(style("default"), *size, safe_area(*size), system_font_folders=[tmp_path])
    for active in (None, 0):
        bitmap = painter.paint(Cue(0, 1, (f"go {EMOJI}", "on"), active))
        assert bitmap is not None
        assert safe_area(*size).contains(bitmap.box)
        assert bitmap.v.max() > 220, "BT.709 red"
    assert painter.missing == set()


@pytest.mark.parametrize("png", [b"", b"\x89PNG\r\n\x1a\n", b"no picture" * 20])
def test_a_broken_picture_is_reported_or_left_out(png: bytes, tmp_path: Path) -> None:
    bitmap_emoji(tmp_path / "Emoji.ttf", png)
    size = (1080, 1920)
    painter = CaptionPainter(style("default"), *size, safe_area(*size), system_font_folders=[tmp_path])
    with_emoji = painter.paint(Cue(0, 1, ("go", EMOJI), None))
    alone = painter.paint(Cue(0, 1, ("go",), None))
    assert with_emoji is not None
    assert alone is not None
    assert painter.missing == {EMOJI}
    assert with_emoji.y.tobytes() == alone.y.tobytes()


def test_letters_are_never_taken_from_a_font_of_pictures(tmp_path: Path) -> None:
    bitmap_emoji(tmp_path / "Emoji.ttf")
    chain = FontChain(LATIN, "en", [tmp_path], colour=False)
    assert chain.runs(EMOJI) == []
    assert chain.missing == {EMOJI}


def test_text_presentation_stays_text(tmp_path: Path) -> None:
    layered_emoji(tmp_path / "Emoji.ttf")
    chain = FontChain(LATIN, "en", [tmp_path], colour=True)
    assert [(text, face.path.parent == FONT_FOLDER) for text, face in chain.runs("1\ufe0f\u20e3")] == [("1", True)]
    assert [face.coloured for _, face in chain.runs(f"a{EMOJI}")] == [False, True]


@pytest.mark.skipif(not SYSTEM_EMOJI.is_file(), reason="Noto Color Emoji is not installed")
@pytest.mark.parametrize("text", ["👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "1️⃣", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_sequences_are_one_picture_of_the_system_font(text: str) -> None:
    chain = FontChain(LATIN, "en", [SYSTEM_EMOJI.parent], colour=True)
    ((run, face),) = chain.runs(text)
    assert run == text
    assert len(face.shape(run, False, "en").glyphs) == 1
    assert chain.missing == set()

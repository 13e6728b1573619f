"""Bitmaps: where they lie, what their numbers mean, that they repeat."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from nvpipe.captions.box import Box, safe_area
from nvpipe.captions.draw import CaptionBitmap, CaptionPainter
from nvpipe.captions.planes import yuv
from nvpipe.captions.styles import STYLE_NAMES, style
from nvpipe.types import Cue, Ink

HOSTILE = [
    ("a",),
    ("gÅjỘ", "Ẫ̃y"),
    ("Donaudampfschifffahrtsgesellschaftskapitän",),
    ("https://www.example.com/articles/2024/11/some-very-long-title?utm_source=feed&id=99", "is", "it"),
    ("W" * 40,),
    ("i" * 1000, "tail"),
    tuple(f"word{i}" for i in range(120)),
    ("क्षत्रिय", "विद्यार्थी"),
    ("اَلسَّلَامُ", "عَلَيْكُمْ"),
    ("…", "—", "."),
    ("\u0301\u0301\u0301" * 20, "x"),
]

SHAPES = [name for name in STYLE_NAMES if not name.startswith("bubble_")]
"""Styles that differ in more than colours."""


def painter(name: str = "default", size: tuple[int, int] = (1080, 1920), language: str = "en") -> CaptionPainter:
    return CaptionPainter(style(name), *size, safe_area(*size), language=language, system_font_folders=[])


def has_hard_edges(name: str) -> bool:
    """Whether a style ends in a box or a sharp shadow, and not in something soft."""
    look = style(name)
    return look.shadow.blur_px == 0 or (look.box is not None and look.box.behind == "block")


def paint(words: tuple[str, ...], active: int | None = None, name: str = "default") -> CaptionBitmap:
    bitmap = painter(name).paint(Cue(0, 1, words, active))
    assert bitmap is not None
    return bitmap


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("size", [(1080, 1920), (720, 1280), (1920, 1080), (106, 190)])
def test_everything_stays_in_the_safe_area(name: str, size: tuple[int, int]) -> None:
    artist, safe = painter(name, size), safe_area(*size)
    for words in HOSTILE if size == (1080, 1920) and name in SHAPES[:4] else HOSTILE[1:5]:
        bitmap = artist.paint(Cue(0, 1, words, 0))
        assert bitmap is not None
        assert safe.contains(bitmap.box)
        covered = artist.rectangle(Cue(0, 1, words, 0))
        assert covered is not None
        assert covered.contains(bitmap.box)
        assert safe.contains(covered)
        assert all(number % 2 == 0 for number in (bitmap.x_px, bitmap.y_px, *bitmap.alpha.shape))
        half = (bitmap.alpha.shape[0] // 2, bitmap.alpha.shape[1] // 2)
        assert bitmap.u.shape == bitmap.v.shape == bitmap.alpha_uv.shape == half
        plain = artist.paint(Cue(0, 1, words, None))
        assert plain is not None
        # The smallest letters have hardly a shadow around them, so that their own edges are the bitmap's.
        soft = not has_hard_edges(name) and plain.alpha.shape[0] >= 40
        for edge in (plain.alpha[0], plain.alpha[-1], plain.alpha[:, 0], plain.alpha[:, -1]) if soft else ():
            assert edge.max() < 128 or size[0] < 200, "letters or outline are cut off"


@pytest.mark.parametrize("area", [Box(120, 288, 888, 1248), Box(60, 250, 200, 400), Box(601, 301, 1079, 901)])
@pytest.mark.parametrize("name", SHAPES)
def test_other_safe_areas(area: Box, name: str) -> None:
    artist = CaptionPainter(style(name), 1080, 1920, area, system_font_folders=[])
    for words in HOSTILE[:5]:
        box = artist.rectangle(Cue(0, 1, words, 0))
        assert box is not None
        assert area.contains(box)


def test_short_text_is_centred_in_the_frame() -> None:
    box = paint(("so", "it", "is"), name="minimal").box
    assert abs(box.left_px + box.right_px - 1080) <= 4
    assert 0.6 < (box.top_px + box.bottom_px) / 2 / 1920 < 0.7


def test_at_most_three_lines() -> None:
    for words in HOSTILE[3:7]:
        rows = (paint(words, name="bold").y.max(axis=1) > 200).tolist()  # capitals: no dot stands apart
        assert 2 <= sum(now and not before for before, now in pairwise([False, *rows])) <= 3


def test_white_is_235_and_neutral() -> None:
    bitmap = paint(("III",))
    white = bitmap.y >= 234
    assert bitmap.y.max() == 235
    assert (bitmap.alpha[white] == 255).all()
    blocks = white[::2, ::2] & white[1::2, ::2] & white[::2, 1::2] & white[1::2, 1::2]
    assert blocks.sum() > 500
    assert (bitmap.u[blocks] == 128).all()
    assert (bitmap.v[blocks] == 128).all()
    assert (bitmap.alpha_uv[blocks] == 255).all()


def test_colours_are_multiplied_by_their_opacity() -> None:
    bitmap = paint(("soft", "edges"))
    luma, alpha = bitmap.y.astype(float), bitmap.alpha / 255.0
    assert (luma <= 235 * alpha + 1).all()
    assert (luma >= 16 * alpha - 1).all()
    assert set(np.unique(bitmap.alpha)) >= set(range(20, 120)), "edges and shadow are smooth"
    chroma, cover = bitmap.u.astype(float), bitmap.alpha_uv / 255.0
    assert np.abs(chroma - 128 * cover).max() <= 1
    blocks = bitmap.alpha.reshape(cover.shape[0], 2, cover.shape[1], 2).mean(axis=(1, 3))
    assert np.abs(blocks - bitmap.alpha_uv).max() <= 1


def test_known_colours() -> None:
    assert yuv(Ink(255, 255, 255)) == pytest.approx((235, 128, 128))
    assert yuv(Ink(0, 0, 0)) == pytest.approx((16, 128, 128))
    assert yuv(Ink(255, 0, 0)) == pytest.approx((62.56, 102.34, 240), abs=0.01)
    assert yuv(Ink(0, 0, 255)) == pytest.approx((31.81, 240, 117.73), abs=0.01)


@pytest.mark.parametrize("name", ["default", "bold", "minimal", "highlight", "karaoke", "roboto"])
def test_letters_stand_still_while_the_highlight_moves(name: str) -> None:
    artist, words = painter(name), ("watch", "me", "glow")
    seen = [artist.paint(Cue(0, 1, words, active)) for active in (0, 1, 2)]
    frames = []
    for bitmap in seen:
        assert bitmap is not None
        frame = np.zeros((1920, 1080), np.uint8)
        box = bitmap.box
        frame[box.top_px : box.bottom_px, box.left_px : box.right_px] = bitmap.y > 140
        frames.append(frame)
    assert (frames[0] == frames[1]).mean() > 0.999
    assert len({bitmap.u.tobytes() + bitmap.y.tobytes() for bitmap in seen if bitmap}) == 3


def test_a_run_of_frames_paints_once_and_nobody_can_spoil_it() -> None:
    artist = painter()
    first, again = artist.paint(Cue(0, 1, ("one", "two"), 1)), artist.paint(Cue(5, 6, ("one", "two"), 1))
    assert first is again
    assert first is not None
    with pytest.raises(ValueError, match="read-only"):
        first.y[0, 0] = 1
    for i in range(60):
        artist.paint(Cue(0, 1, (f"{i}",), None))
    later = artist.paint(Cue(0, 1, ("one", "two"), 1))
    assert later is not None
    assert later is not first
    assert digest(later) == digest(first)


@pytest.mark.parametrize("words", [(), ("",), (" ", "\n"), ("😀",), ("\u200d\u202e",)])
def test_nothing_to_see(words: tuple[str, ...]) -> None:
    artist = painter()
    assert artist.paint(Cue(0, 1, words, 0)) is None
    assert artist.rectangle(Cue(0, 1, words, None)) is None


def test_an_emoji_is_reported_and_its_neighbours_are_drawn() -> None:
    artist = painter()
    with_emoji = artist.paint(Cue(0, 1, ("party", "🎉"), None))
    assert with_emoji is not None
    assert artist.missing == {"🎉"}


def test_an_active_word_that_does_not_exist_is_no_highlight() -> None:
    assert digest(paint(("one",), active=7)) == digest(paint(("one",), active=None))


@pytest.mark.parametrize("area", [Box(0, 0, 1081, 99), Box(-2, 0, 500, 500), Box(9, 9, 19, 19), Box(9, 9, 3, 3)])
def test_unusable_areas(area: Box) -> None:
    with pytest.raises(ValueError, match="Box"):
        CaptionPainter(style("default"), 1080, 1920, area)


def digest(bitmap: CaptionBitmap) -> str:
    planes = (bitmap.y, bitmap.u, bitmap.v, bitmap.alpha, bitmap.alpha_uv)
    content = repr(bitmap.box).encode() + b"".join(plane.tobytes() for plane in planes)
    return hashlib.sha256(content).hexdigest()


RTL = [("السلام", "عليكم"), ("ABC", "עברית", "123"), ("क्षत्रिय", "है।")]
_WITHOUT_FRIBIDI = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from PIL import features
from test_draw import RTL, digest, paint
print(features.check_feature("fribidi"), *(digest(paint(words, active=0)) for words in RTL))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="hides the library the way Linux looks for it")
def test_shaping_needs_no_fribidi(tmp_path: Path) -> None:
    """The same picture where the system's FriBidi cannot be loaded: files that are no libraries hide it."""
    for name in ("libfribidi.so", "libfribidi.so.0"):
        (tmp_path / name).write_bytes(b"")
    environment = {"LD_LIBRARY_PATH": str(tmp_path), "PATH": "/usr/bin:/bin"}
    result = subprocess.run(
        [sys.executable, "-c", _WITHOUT_FRIBIDI], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    found, *digests = result.stdout.split()
    assert found in ("None", "False"), "FriBidi could still be loaded: the test proves nothing"
    assert digests == [digest(paint(words, active=0)) for words in RTL]


def test_right_to_left_words_stand_in_reading_order() -> None:
    """The first word of a Hebrew cue is highlighted at the right end, of an English one at the left."""
    for words, at_right in ((("אחת", "שתיים"), True), (("one", "two"), False)):
        bitmap = paint(words, active=0, name="minimal")
        bright = np.nonzero(bitmap.y > 225)[1].mean() / bitmap.y.shape[1]
        assert (bright > 0.5) == at_right

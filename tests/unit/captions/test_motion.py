"""What moves: the numbers of a moment, and the pictures that come of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from nvpipe.captions.box import safe_area
from nvpipe.captions.draw import CaptionBitmap, CaptionPainter
from nvpipe.captions.motion import fade_opacity, fill_share, pop_scale
from nvpipe.captions.styles import own_styles, style
from nvpipe.types import Animation, CaptionStyle, Cue

SIZE = (540, 960)
POP = Animation("pop", 0.2, 0.5, 0.1)


def painter(look: str | CaptionStyle) -> CaptionPainter:
    look = style(look) if isinstance(look, str) else look
    return CaptionPainter(look, *SIZE, safe_area(*SIZE), system_font_folders=[])


def shown(artist: CaptionPainter, cue: Cue, at_s: float | None = None) -> CaptionBitmap:
    bitmap = artist.paint(cue, at_s)
    assert bitmap is not None
    return bitmap


def on_frame(bitmap: CaptionBitmap, plane: str = "y") -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    frame = np.zeros((SIZE[1], SIZE[0]), np.int64)
    box = bitmap.box
    frame[box.top_px : box.bottom_px, box.left_px : box.right_px] = getattr(bitmap, plane)
    return frame


def test_a_pop_begins_small_goes_beyond_and_comes_to_rest() -> None:
    assert pop_scale(POP, 0.0) == pytest.approx(0.5)
    assert pop_scale(POP, 0.12) == pytest.approx(1.1)
    assert pop_scale(POP, 0.2) == 1
    assert pop_scale(POP, 9.0) == 1
    steps = [pop_scale(POP, at / 1000) for at in range(201)]
    assert max(steps) <= 1.1 + 1e-9
    assert max(abs(b - a) for a, b in pairwise(steps)) < 0.02


def test_a_fade_and_a_fill_run_from_nothing_to_all() -> None:
    assert [fade_opacity(Animation("fade", 0.2), at) for at in (-1, 0, 0.1, 0.2, 5)] == [0, 0, 0.5, 1, 1]
    cue = Cue(1.0, 2.0, ("a",), 0, 1.5)
    assert [fill_share(cue, at) for at in (0.5, 1.0, 1.25, 1.5, 1.9)] == [0, 0, 0.5, 1, 1]
    assert fill_share(Cue(1.0, 2.0, ("a",), 0), 1.5) == 0.5
    assert fill_share(Cue(1.0, 2.0, ("a",), 0, 0.5), 1.0) == 1


def test_karaoke_fills_the_word_from_its_first_letter() -> None:
    artist, cue = painter("karaoke"), Cue(0, 1, ("mmmmmm",), 0)
    before, half, after = (on_frame(shown(artist, cue, at)) for at in (0.0, 0.5, 1.0))
    left, right = np.arange(SIZE[0]) < SIZE[0] // 2 - 12, np.arange(SIZE[0]) > SIZE[0] // 2 + 12
    assert (before != after).any()
    assert (half[:, left] == after[:, left]).all()
    assert (half[:, right] == before[:, right]).all()


def test_karaoke_fills_hebrew_from_the_right() -> None:
    artist, cue = painter("karaoke"), Cue(0, 1, ("שששששש",), 0)
    before, half, after = (on_frame(shown(artist, cue, at)) for at in (0.0, 0.5, 1.0))
    left, right = np.arange(SIZE[0]) < SIZE[0] // 2 - 12, np.arange(SIZE[0]) > SIZE[0] // 2 + 12
    assert (before != after).any()
    assert (half[:, right] == after[:, right]).all()
    assert (half[:, left] == before[:, left]).all()


def test_karaoke_keeps_words_that_were_spoken_filled() -> None:
    artist = painter("karaoke")
    ended = shown(artist, Cue(0, 1, ("one", "two"), 0), 1.0)
    begun = shown(artist, Cue(1, 2, ("one", "two"), 1), 1.0)
    assert (on_frame(ended) == on_frame(begun)).all()


def test_a_pop_is_at_rest_what_is_painted_without_a_moment() -> None:
    artist, cue = painter("bubble"), Cue(0, 1, ("one", "two"), 1)
    assert shown(artist, cue, 0.5) is shown(artist, cue)
    small, large, rest = (on_frame(shown(artist, cue, at), "alpha") for at in (0.0, 0.084, 0.5))
    assert (small > 0).sum() < (rest > 0).sum() < (large > 0).sum()


@pytest.mark.parametrize("name", ["word", "pop", "bubble"])
@pytest.mark.parametrize("words", [("Donaudampfschifffahrt",), ("ONE", "LARGE", "WORD"), ("I", "WWWWWWWWWWWWWWW")])
def test_nothing_that_moves_leaves_the_safe_area_or_is_cut(name: str, words: tuple[str, ...]) -> None:
    artist, safe = painter(name), safe_area(*SIZE)
    for active in range(len(words)):
        cue = Cue(0, 1, words, active)
        covered = artist.rectangle(cue)
        assert covered is not None
        assert safe.contains(covered)
        for at_s in (0.0, 0.03, 0.06, 0.09, 0.12, 0.3):
            bitmap = shown(artist, cue, at_s)
            assert covered.contains(bitmap.box)
            for edge in (
                ()
                if name == "bubble"
                else (bitmap.alpha[0], bitmap.alpha[-1], bitmap.alpha[:, 0], bitmap.alpha[:, -1])
            ):
                assert edge.max() < 128, "letters or outline are cut off"


def test_hidden_words_come_with_their_sound() -> None:
    artist, words = painter("pop"), ("one", "two")
    first, second = (shown(artist, Cue(0, 1, words, active)) for active in (0, 1))
    assert (on_frame(first, "alpha") > 200).sum() < 0.7 * (on_frame(second, "alpha") > 200).sum()


def test_only_a_new_cue_fades_in() -> None:
    artist, words = painter("modern"), ("one", "two")
    faint, full = (shown(artist, Cue(0, 1, words, 0), at) for at in (0.04, 0.5))
    assert faint.alpha.max() < full.alpha.max()
    assert (faint.y <= full.y).all()
    assert shown(artist, Cue(0, 1, words, 1), 0.0) is shown(artist, Cue(0, 1, words, 1))


def test_a_block_box_stands_while_words_come() -> None:
    look = replace(style("modern"), upcoming="hidden")
    artist, words = painter(look), ("one", "two", "three")
    boxes = [shown(artist, Cue(0, 1, words, active)).box for active in range(3)]
    assert len(set(boxes)) == 1


def test_the_highlight_is_drawn_alike_from_any_word_before() -> None:
    """Only what changes is drawn again; the result is that of drawing everything."""
    words = ("watch", "me", "glow")
    for name in ("default", "highlight", "karaoke", "modern"):
        artist = painter(name)
        for active in (0, 2, 1, None, 2):
            fresh, known = shown(painter(name), Cue(0, 1, words, active)), shown(artist, Cue(0, 1, words, active))
            assert fresh.box == known.box
            assert (fresh.y == known.y).all()
            assert (fresh.u == known.u).all()
            assert (fresh.alpha_uv == known.alpha_uv).all()


def test_lower_case() -> None:
    look = replace(style("default"), case="lower")
    assert (
        shown(painter(look), Cue(0, 1, ("ABC",), None)).y == shown(painter(look), Cue(0, 1, ("abc",), None)).y
    ).all()


EXTREMES = {
    "huge": {"size_px": 400, "outline": {"width_px": 40}, "shadow": {"blur_px": 60, "x_px": 60, "y_px": -60}},
    "tiny": {"size_px": 12, "box": {"behind": "word", "radius_px": 200, "padding_x_px": 0, "padding_y_px": 0}},
    "wild": {"animation": {"kind": "pop", "from_scale": 0, "overshoot": 0.5, "duration_s": 0.02},
             "upcoming": "hidden"},
    "boxed": {"base": "modern", "box": {"padding_x_px": 120, "padding_y_px": 120}, "animation": {"kind": "fill"}},
    "clear": {"text": "#00000000", "active": "#00000000", "outline": {"colour": "#00000000"},
              "shadow": {"colour": "#00000000"}},
}  # fmt: skip


@pytest.mark.parametrize("look", own_styles(EXTREMES, "here"), ids=lambda look: look.name)
@pytest.mark.parametrize("size", [(540, 960), (106, 190), (960, 540)])
def test_whatever_a_user_asks_for_stays_in_the_safe_area(look: CaptionStyle, size: tuple[int, int]) -> None:
    safe = safe_area(*size)
    artist = CaptionPainter(look, *size, safe, system_font_folders=[])
    for active in (0, 2, None):
        cue = Cue(0, 1, ("What", "a", "Donaudampfschiff!"), active, 0.8)
        for at_s in (0.0, 0.012, 0.4, None):
            bitmap = artist.paint(cue, at_s)
            assert (bitmap is None) == (look.name == "clear") or at_s == 0
            assert bitmap is None or safe.contains(bitmap.box)

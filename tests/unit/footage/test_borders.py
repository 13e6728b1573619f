"""Text and displays that the borders of the centred 9:16 would cut through, on painted pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fakes.scripted import Painter, ScriptedDecoder, even_times, footage, planes, texture

from nvpipe.footage.motion.borders import Borders
from nvpipe.footage.motion.sampling import Sampler
from nvpipe.footage.motion.torch_diff import TorchDiffScorer
from nvpipe.types import MotionTrack

HEIGHT, WIDTH = 72, 128
WALL = texture(HEIGHT, 512)
INSIDE, OUTSIDE, LEFT_BORDER, RIGHT_BORDER = 52, 4, 32, 72
"""Where a text 24 wide begins; the crop shows the columns 44 to 83."""
PLACES = [INSIDE, OUTSIDE, LEFT_BORDER, RIGHT_BORDER]
SIZES = [(72, 128, 0), (128, 72, 90), (72, 128, 180), (128, 72, 270)]


def corridor(time_s: float) -> np.ndarray:
    left = int(time_s * 60) % 384
    return np.array(WALL[:, left : left + WIDTH])


def written(luma: np.ndarray, left: int, level: int = 250) -> np.ndarray:
    """Two lines of upright strokes."""
    for top in (50, 60):
        for column in range(left, left + 24, 4):
            luma[top : top + 6, column : column + 2] = level
    return luma


def score(paint: Painter, seconds: float = 8, rotation_deg: int = 0) -> MotionTrack:
    return TorchDiffScorer().score(footage(), ScriptedDecoder(paint, even_times(seconds), rotation_deg))


def cut(track: MotionTrack) -> np.ndarray:
    (values,) = (signal.values for signal in track.signals if signal.name == "cut")
    return np.array(values)


def always(left: int) -> MotionTrack:
    return score(lambda time_s: planes(written(corridor(time_s), left)))


def share(luma: Any, rotation_deg: int = 0, seconds: float = 4) -> np.ndarray:
    """The measure of each pair; `luma` paints as displayed."""
    height, width = luma(0.0).shape
    sampler = Sampler(rotation_deg, width / height)
    paint = lambda time_s: planes(np.ascontiguousarray(np.rot90(luma(time_s), rotation_deg // 90)))  # noqa: E731
    with ScriptedDecoder(paint, even_times(seconds)).open(footage().path) as reader:
        for frame in reader.frames():
            sampler.add(frame)
    return sampler.finish().cut


def test_text_across_a_border_lowers_the_scores_and_text_beside_it_does_not() -> None:
    inside, outside, left, right = (always(place) for place in PLACES)
    for clear in (inside, outside):
        assert cut(clear).max() == 0
        for across in (left, right):
            assert np.mean(across.scores) < 0.97 * np.mean(clear.scores)
    assert cut(left).min() > 0.1
    assert cut(right).min() > 0.1


def test_what_comes_on_top_loses_more_than_what_is_always_there() -> None:
    def paint(place: int) -> Painter:
        return lambda time_s: planes(written(corridor(time_s), place) if 8 <= time_s < 13 else corridor(time_s))

    beside, across = (score(paint(place), 20) for place in (INSIDE, LEFT_BORDER))
    shown, before = slice(18, 24), slice(2, 14)
    assert cut(across)[shown].min() > 0.6
    assert cut(across)[before].max() == 0
    ratio = np.array(across.scores[shown]) / np.array(beside.scores[shown])
    assert ratio.max() < 0.8
    constant = always(LEFT_BORDER)
    assert cut(constant).max() < cut(across)[shown].min()


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_columns_are_those_of_the_displayed_picture(rotation_deg: int) -> None:
    shares = [share(lambda time_s, at=at: written(corridor(time_s), at), rotation_deg)[2:] for at in PLACES]
    assert max(shares[0].max(), shares[1].max()) == 0
    assert min(shares[2].min(), shares[3].min()) > 0.05
    plain = share(lambda time_s: written(corridor(time_s), LEFT_BORDER))
    assert np.allclose(shares[2], plain[2:], atol=0.01)


@pytest.mark.parametrize("size", [(128, 72), (160, 72), (128, 60), (2, 1), (1, 1)])
def test_of_a_narrow_video_nothing_is_cut(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1)
    text = (np.indices(size)[1] % 4 < 2) & (noise.random(size) < 0.9)
    shares = share(lambda time_s: np.where(text, 250, np.roll(texture(*size), int(time_s * 60), 1)))
    assert len(shares) > 0
    assert set(shares) == {0.0}


def test_scenery_that_moves_or_stands_still_is_no_text() -> None:
    stripes = np.kron(np.indices((HEIGHT, 512))[1] // 3 % 2, np.ones((1, 1))) * 120 + 60

    def passing(time_s: float) -> np.ndarray:
        return np.array(stripes[:, int(time_s * 50) % 300 :][:, :WIDTH])

    assert share(passing).max() < 0.02
    still = written(texture(HEIGHT, WIDTH), LEFT_BORDER)
    assert share(lambda _: still).max() == 0


def test_text_stays_text_when_the_camera_halts_and_goes_with_what_it_says() -> None:
    def paint(time_s: float) -> np.ndarray:
        luma = corridor(min(time_s, 4.0))
        return written(luma, LEFT_BORDER) if time_s < 8 else luma

    shares = share(paint, seconds=12)
    assert shares[2:35].min() > 0.05
    assert shares[45:].max() == 0


def test_faint_coloured_letters_are_seen() -> None:
    flat = np.full((HEIGHT, WIDTH), 60)

    def paint(time_s: float) -> np.ndarray:
        luma = corridor(time_s)
        luma[48:68] = flat[48:68]
        return written(luma, LEFT_BORDER, 90)

    assert share(paint)[2:].min() > 0.05


def test_the_same_in_whatever_portions() -> None:
    pictures = np.stack([written(corridor(index / 5), LEFT_BORDER) for index in range(24)]).astype(np.uint8)
    noise = np.random.default_rng(2)
    passing = np.where(noise.random(len(pictures)) < 0.8, 9, 3).astype(np.uint8)[:, None, None]
    moved, passing = noise.integers(0, 14, pictures.shape).astype(np.uint8), np.tile(passing, (1, 18, 32))
    whole = Borders(0).add(pictures, moved, passing, slice(44, 84), begins=True)
    portioned = Borders(0)
    parts = [
        portioned.add(
            pictures[at : at + 5],
            moved[at : at + 5],
            passing[at : at + 5],
            slice(44, 84),
            begins=at == 0,
        )
        for at in range(0, 24, 5)
    ]
    assert np.array_equal(whole, np.concatenate(parts))
    assert whole.max() > 0

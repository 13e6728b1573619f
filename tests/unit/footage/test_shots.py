"""Scene cuts: what counts as one, and what only looks like one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes.media import make_video
from fakes.scripted import texture
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.footage.motion.sampling import Sampler
from nvpipe.footage.motion.shots import ShotFinder, thumbnails
from nvpipe.media.decode.pyav import PyAvDecoder

Paint = Callable[[float], np.ndarray]
ONE, OTHER = texture(60, 512, seed=1), texture(60, 512, seed=2)


def view(wall: np.ndarray, left: float) -> np.ndarray:
    at = int(left) % 400
    return wall[:, at : at + 107]


def found(paint: Paint, seconds: float = 6, fps: float = 30, batch: int = 5) -> tuple[float, ...]:
    times = [index / fps for index in range(round(seconds * fps))]
    finder = ShotFinder()
    for first in range(0, len(times), batch):
        part = times[first : first + batch]
        luma = np.stack([np.clip(paint(time_s), 0, 255).astype(np.uint8) for time_s in part])
        finder.add(part, thumbnails(luma))
    return finder.finish()


def spliced(cuts: Sequence[float], speed: float = 12) -> Paint:
    """Two walls that pass by, in turn."""
    return lambda time_s: view((ONE, OTHER)[sum(time_s >= cut - 1e-6 for cut in cuts) % 2], 30 + speed * time_s)


@pytest.mark.parametrize("fps", [10, 24, 30, 60])
def test_cuts_are_found_at_their_first_frame(fps: int) -> None:
    assert found(spliced((2.0, 4.5)), fps=fps) == pytest.approx((2.0, 4.5), abs=1e-6)


@pytest.mark.parametrize("light", [0.15, 0.4, 1.3])
def test_light_does_not_matter(light: float) -> None:
    paint = spliced((3.0,))
    assert found(lambda time_s: 16 + (paint(time_s) - 16) * light) == pytest.approx((3.0,))


@pytest.mark.parametrize("batch", [1, 3, 32])
def test_batches_change_nothing(batch: int) -> None:
    assert found(spliced((2.0, 4.5)), batch=batch) == found(spliced((2.0, 4.5)))


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_a_flash_is_no_cut(frames: int) -> None:
    def paint(time_s: float) -> np.ndarray:
        lit = any(0 <= time_s - at < (frames - 0.5) / 30 for at in (1.0, 2.0, 3.0, 3.4, 5.0))
        return view(ONE, 30 + 12 * time_s) + 90 * lit

    assert found(paint) == ()


def test_a_white_frame_and_a_black_one_are_no_cuts() -> None:
    def paint(time_s: float) -> np.ndarray:
        if 2 <= time_s < 2.05:
            return np.full((60, 107), 235)
        return np.full((60, 107), 16) if 4 <= time_s < 4.3 else view(ONE, 30 + 12 * time_s)

    assert found(paint) == ()


def test_an_explosion_that_hides_half_of_the_picture_is_no_cut() -> None:
    noise = np.random.default_rng(1)

    def paint(time_s: float) -> np.ndarray:
        picture = view(ONE, 30 + 12 * time_s).copy()
        if 2 <= time_s < 3:
            picture[10:50, 40:70] = noise.integers(100, 255, (40, 30))
        return picture

    assert found(paint) == ()


@pytest.mark.parametrize("speed", [60, 150])
def test_a_fast_turn_is_no_cut(speed: float) -> None:
    assert found(lambda time_s: view(ONE, 20 + speed * max(0.0, min(time_s, 4.5) - 2))) == ()


@pytest.mark.parametrize("black_s", [0.0, 0.2, 1.5])
def test_through_black_the_new_shot_begins_with_its_first_visible_frame(black_s: float) -> None:
    def paint(time_s: float) -> np.ndarray:
        out, back = np.clip((2.5 - time_s) / 0.5, 0, 1), np.clip((time_s - 2.5 - black_s) / 0.5, 0, 1)
        return 16 + (view(ONE, 50) - 16) * out + (view(OTHER, 50) - 16) * back

    cuts = found(paint)
    assert len(cuts) == 1
    assert 2.5 + black_s <= cuts[0] <= 2.8 + black_s


def test_a_fade_to_black_and_back_is_no_cut() -> None:
    def paint(time_s: float) -> np.ndarray:
        return 16 + (view(ONE, 50) - 16) * float(np.clip(abs(time_s - 3) / 0.5 - 0.5, 0, 1))

    assert found(paint) == ()


def test_what_follows_a_cut_at_once_belongs_to_it() -> None:
    """A player arrives anew in a fog, which clears 0.4 s later: one cut; a second later it is another."""
    assert found(spliced((2.0, 2.4, 4.0, 5.0))) == pytest.approx((2.0, 4.0, 5.0))


def test_nothing_few_frames_and_blank_ones() -> None:
    assert ShotFinder().finish() == ()
    for count in (1, 2, 3):
        assert found(lambda time_s: view(ONE, 99 * time_s), seconds=count / 30) == ()
    assert found(lambda _: np.full((60, 107), 16)) == ()


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 130),
    seed=st.integers(0, 99),
    gaps=st.lists(st.floats(0, 2), max_size=40),
)
def test_any_shape_at_any_times(height: int, width: int, seed: int, gaps: list[float]) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum([0.0, *gaps]).tolist()
    finder = ShotFinder()
    finder.add(times, thumbnails(rng.integers(0, 256, (len(times), height, width)).astype(np.uint8)))
    cuts = finder.finish()
    assert list(cuts) == sorted(set(cuts))
    assert set(cuts) <= set(times)


def test_in_a_video_of_little_bit_rate(tmp_path: Path) -> None:
    def picture(_index: int, time_s: float, width: int, height: int) -> np.ndarray:
        wall = texture(height, 4 * width, seed=int(time_s >= 1.5) + 3)
        left = int(20 * time_s)
        return np.repeat(wall[:, left : left + width, None], 3, axis=2).astype(np.uint8)

    clip = make_video(
        tmp_path / "clip.mp4", seconds=3, size=(320, 180), picture=picture, audio=None, options={"crf": "42"}, gop=90
    )
    sampler = Sampler(0, 16 / 9)
    with PyAvDecoder().open(clip) as reader:
        for frame in reader.frames():
            sampler.add(frame)
    assert sampler.finish().cuts_s == pytest.approx((1.5,), abs=0.001)

"""Sources of every rate, constant or not, evenly paced at the output's rate; painted frame numbers prove it."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.media import frame_number, make_video

from nvpipe.compose import LAYOUTS
from nvpipe.compose.cpu import Pictures
from nvpipe.compose.frames import on_grid
from nvpipe.media.decode.pyav import PyAvDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nvpipe.types import Timeline

RATES = [24, 25, 30, 50, 60, 120, Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)]


def numbers(plan: Timeline) -> list[int]:
    with Pictures(plan, PyAvDecoder(), LAYOUTS.load("fill")) as pictures:
        return [frame_number(picture.to_ndarray()[:72]) for picture in pictures]


def steps(found: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise(found)]


def on_display(rate: Fraction, start_s: Fraction, out_fps: int, count: int) -> list[int]:
    """The frame on display at each moment; one that comes within about a thousandth of a second counts."""
    early_s = Fraction(103, 100_000)
    return [math.floor((start_s + Fraction(index, out_fps) + early_s) * rate) for index in range(count)]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("out_fps", [30, 60])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_every_constant_rate_is_evenly_paced(
    rate: Fraction, out_fps: int, suffix: str, tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    """Matroska keeps whole milliseconds, which must not show in the pace."""
    clip = make_video(tmp_path / f"clip.{suffix}", seconds=3, fps=rate, audio=None)
    start_s = Fraction(1, 2)
    found = numbers(timeline((clip, 0.5, 2.5), fps=out_fps))
    assert found == on_display(Fraction(rate), start_s, out_fps, 2 * out_fps)


@pytest.mark.parametrize(
    ("rate", "out_fps", "pattern"),
    [
        (24, 30, [1, 1, 1, 1, 0]),
        (25, 30, [1, 1, 1, 1, 1, 0]),
        (50, 30, [2, 2, 1]),
        (60, 30, [2]),
        (120, 30, [4]),
        (24, 60, [1, 0, 0, 1, 0]),
        (30, 60, [1, 0]),
        (120, 60, [2]),
    ],
)
def test_the_pattern_of_steps_is_the_regular_one(
    rate: int, out_fps: int, pattern: list[int], tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=3, fps=rate, audio=None)
    found = steps(numbers(timeline((clip, 0.0, 2.5), fps=out_fps)))
    length = len(pattern)
    assert sorted(found[:length]) == sorted(pattern)
    assert all(step == found[index % length] for index, step in enumerate(found))


@pytest.mark.parametrize("phase_ms", [-2, -1.3, -1, -0.6, -0.2, 0, 0.3, 0.9, 3])
def test_a_start_between_two_frames_does_not_make_the_pace_uneven(
    phase_ms: float, tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    """At 60 to 30 every second frame is shown, whatever the container's rounding does at the border."""
    clip = make_video(tmp_path / "clip.mkv", seconds=3, fps=60, audio=None)
    start_s = 0.5 + phase_ms / 1000
    assert set(steps(numbers(timeline((clip, start_s, start_s + 2.0))))) == {2}


def test_a_rate_that_does_not_divide_slips_once_and_not_back_and_forth(
    tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    """59.94 to 30 loses a frame every 16.7 s; where that falls the steps are 2, 1, 2."""
    clip = make_video(tmp_path / "clip.mkv", seconds=20, fps=Fraction(60000, 1001), audio=None, size=(96, 72))
    found = steps(numbers(timeline((clip, 0.0, 19.0), canvas=(96, 72))))
    assert set(found) == {1, 2}
    assert found.count(1) <= 2


@pytest.mark.parametrize("out_fps", [30, 60])
def test_a_varying_rate_shows_the_nearest_frame_at_or_before(
    out_fps: int, tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    times = [0.0, 0.013, 0.05, 0.2, 0.21, 0.22, 0.4, 0.75, 0.8, 0.81, 1.3, 1.6]
    clip = make_video(tmp_path / "clip.mp4", times_s=times, b_frames=0, audio=None)
    found = numbers(timeline((clip, 0.0, 1.6), fps=out_fps))
    early_s = 0.0022  # What rounding and the grid may move a frame by.
    for index, number in enumerate(found):
        at_s = index / out_fps
        surely = max(place for place, time_s in enumerate(times) if time_s <= at_s + 1e-9)
        at_most = max(place for place, time_s in enumerate(times) if time_s <= at_s + early_s)
        assert surely <= number <= at_most, at_s
    assert found == sorted(found)


def test_a_long_still_frame_is_held_until_the_next(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", times_s=[0.0, 0.1, 1.5, 1.6], b_frames=0, audio=None)
    found = numbers(timeline((clip, 0.0, 1.6)))
    assert found == [0] * 3 + [1] * 42 + [2] * 3


def test_times_near_the_grid_are_put_on_it_and_others_stay() -> None:
    assert on_grid(0.017, Fraction(60)) == 1 / 60
    assert on_grid(0.0, Fraction(60)) == 0
    assert on_grid(0.020, Fraction(60)) == 0.020
    assert on_grid(3600.030, Fraction(30000, 1001)) == pytest.approx(107893 * 1001 / 30000, abs=1e-9)

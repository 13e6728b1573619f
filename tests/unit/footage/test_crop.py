"""The crop's path over a stretch of video."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.footage.crop import crop_path
from nvpipe.types import MotionTrack

STEP_S = 0.5
MOVE = 0.12
BEND = 0.08


def track(focus: tuple[float, ...], cuts: tuple[float, ...] = ()) -> MotionTrack:
    return MotionTrack("v", "s", STEP_S, len(focus) * STEP_S, (0.0,) * len(focus), focus, cuts_s=cuts)


def walk(bends: list[float]) -> tuple[float, ...]:
    """A path with limited moves and bends."""
    places, move = [0.5], 0.0
    for bend in bends:
        move = float(np.clip(move + bend, -MOVE, MOVE))
        if not 0 <= places[-1] + move <= 1:
            break
        places.append(places[-1] + move)
    return tuple(places)


@settings(max_examples=100, deadline=None)
@given(
    bends=st.lists(st.floats(-BEND, BEND), max_size=60),
    start=st.floats(0, 25),
    length=st.floats(0.01, 30),
    cuts=st.lists(st.floats(0.1, 30), max_size=5, unique=True).map(sorted),
)
def test_a_path_jumps_at_cuts_alone(bends: list[float], start: float, length: float, cuts: list[float]) -> None:
    focus = walk(bends)
    path = crop_path(track(focus, tuple(cuts)), start, start + length)
    if not path:
        return
    times = [time_s for time_s, _ in path]
    assert times[0] == 0
    assert times[-1] == pytest.approx(length, abs=1e-5)
    assert times == sorted(times)
    borders = [cut - start for cut in cuts]
    for (before_s, before), (after_s, after) in pairwise(path):
        assert min(*focus, 0.5) - 1e-6 <= after <= max(*focus, 0.5) + 1e-6
        if before_s == after_s:
            assert min(abs(before_s - border) for border in borders) < 1e-5
        else:
            assert abs(after - before) <= MOVE / STEP_S * (after_s - before_s) + 2e-6


@given(bends=st.lists(st.floats(-BEND, BEND), min_size=8, max_size=60))
def test_speed_has_no_jumps(bends: list[float]) -> None:
    focus = walk(bends)
    path = crop_path(track(focus), 0.0, len(focus) * STEP_S)
    moving = [
        (after - before) / (after_s - before_s)
        for (before_s, before), (after_s, after) in pairwise(path)
        if after_s - before_s == pytest.approx(0.05, abs=1e-5)
    ]
    bend = 2 * BEND / STEP_S**2
    assert all(abs(after - before) <= bend * 0.1 + 1e-4 for before, after in pairwise(moving))


def test_a_jump_is_two_points_at_the_time_of_the_cut() -> None:
    path = crop_path(track((0.2,) * 10 + (0.8,) * 10, (4.9,)), 3.0, 8.0)
    assert path == ((0.0, 0.2), (1.9, 0.2), (1.9, 0.8), (5.0, 0.8))


def test_a_shot_too_short_to_be_measured_is_centred() -> None:
    path = crop_path(track((0.2,) * 20, (4.8, 4.95)), 0.0, 10.0)
    assert path == ((0.0, 0.2), (4.8, 0.2), (4.8, 0.5), (4.95, 0.5), (4.95, 0.2), (10.0, 0.2))


def test_what_stays_in_the_centre_needs_no_path() -> None:
    assert crop_path(track((0.5,) * 20, (3.0,)), 1.0, 9.0) == ()
    assert crop_path(track(()), 0.0, 3.0) == ()
    assert crop_path(track((0.3,) * 4), 2.0, 2.0) == ()


def test_holding_still_takes_two_points() -> None:
    assert crop_path(track((0.3,) * 200), 10.0, 70.0) == ((0.0, 0.3), (60.0, 0.3))


def test_beyond_the_end_the_last_place_counts_on() -> None:
    assert crop_path(track((0.3,) * 4), 1.0, 9.0) == ((0.0, 0.3), (8.0, 0.3))

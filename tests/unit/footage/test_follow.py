"""The path of the crop: limits, stillness, resets."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.footage.motion.follow import MAX_ACCELERATION, MAX_SPEED, follow

STEP_S = 0.5
WIDE = 16 / 9
NARROW = 81 / 256
COLUMNS = 64


def pair_times(seconds: float) -> np.ndarray:
    return np.arange(1, int(seconds * 5)) / 5


def spot(seconds: float, place: float | Callable[[float], float]) -> np.ndarray:
    """Change in a narrow column whose place is a number or follows from the time."""
    times = pair_times(seconds)
    columns = np.zeros((len(times), COLUMNS), np.float32)
    for row, time_s in zip(columns, times, strict=True):
        at = place(time_s) if callable(place) else place
        middle = int(at * COLUMNS)
        row[max(0, middle - 2) : middle + 3] = 30
    return columns


def path_of(columns: np.ndarray, seconds: float, cuts: tuple[float, ...] = (), aspect: float = WIDE) -> np.ndarray:
    return follow(columns, pair_times(seconds), cuts, math.ceil(seconds / STEP_S), STEP_S, aspect)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    seconds=st.floats(0.3, 30),
    cuts=st.lists(st.floats(0, 30), max_size=6).map(sorted),
    aspect=st.sampled_from([0.3, 9 / 16, 1.0, 4 / 3, WIDE, 3.5, 40.0]),
    busy=st.floats(0, 1),
)
def test_every_path_keeps_the_limits(
    seed: int, seconds: float, cuts: list[float], aspect: float, busy: float
) -> None:
    rng = np.random.default_rng(seed)
    columns = (rng.random((len(pair_times(seconds)), COLUMNS)) < busy) * rng.exponential(20, (1, COLUMNS))
    path = path_of(columns.astype(np.float32), seconds, tuple(cuts), aspect)
    half = min(1.0, 9 / 16 / aspect) / 2
    assert len(path) == math.ceil(seconds / STEP_S)
    assert (path >= half - 1e-9).all()
    assert (path <= 1 - half + 1e-9).all()
    middles = (np.arange(len(path)) + 0.5) * STEP_S
    shots = np.searchsorted(cuts, middles, "right")
    for shot in np.unique(shots):
        moves = np.diff(path[shots == shot])
        assert (np.abs(moves) <= MAX_SPEED * STEP_S + 1e-9).all()
        assert (np.abs(np.diff(moves)) <= MAX_ACCELERATION * STEP_S**2 + 1e-9).all()


@pytest.mark.parametrize("place", [0.15, 0.3, 0.5, 0.7, 0.85])
def test_what_moves_alone_is_inside_the_window(place: float) -> None:
    path = path_of(spot(20, place), 20)
    assert (np.abs(path - place) <= NARROW / 2).all()


def test_it_goes_where_the_action_goes_before_it_is_there() -> None:
    path = path_of(spot(30, lambda time_s: 0.2 if time_s < 15 else 0.8), 30)
    assert abs(path[5] - 0.2) < NARROW / 2
    assert abs(path[-5] - 0.8) < NARROW / 2
    assert 0.2 < path[30] < 0.8


def test_a_short_excursion_is_not_followed() -> None:
    path = path_of(spot(30, lambda time_s: 0.8 if 15 <= time_s < 15.5 else 0.3), 30)
    assert np.ptp(path) == 0


def test_nothing_and_everything_hold_still_in_the_centre() -> None:
    for level in (0.0, 0.5, 100.0):
        columns = np.full((len(pair_times(10)), COLUMNS), level, np.float32)
        assert (path_of(columns, 10) == 0.5).all()


def test_it_stays_where_the_action_was_when_it_ends() -> None:
    columns = spot(40, 0.25)
    columns[50:] = 0
    path = path_of(columns, 40)
    assert path[0] < 0.45
    assert np.ptp(path) == 0


def test_a_flash_and_a_moving_camera_do_not_pull() -> None:
    columns = spot(20, 0.25)
    columns[::4] += 120
    assert (np.abs(path_of(columns, 20) - 0.25) <= NARROW / 2).all()
    camera = np.random.default_rng(5).uniform(15, 25, columns.shape).astype(np.float32)
    assert (path_of(camera, 20) == 0.5).all()


def test_shots_are_followed_each_for_itself() -> None:
    columns = spot(20, lambda time_s: 0.2 if time_s <= 9.9 else 0.8)
    path = path_of(columns, 20, (9.9,))
    assert np.ptp(path[:20]) == 0
    assert np.ptp(path[20:]) == 0
    assert path[20] - path[19] > 0.4


def test_the_pair_across_a_cut_does_not_count() -> None:
    columns = spot(10, 0.5)
    columns[:] = 0
    columns[24, :5] = 250
    assert (path_of(columns, 10, (4.95,)) == 0.5).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_pull_nowhere(bad: float) -> None:
    columns = spot(10, 0.25)
    columns[::7] = bad
    assert np.isfinite(path_of(columns, 10)).all()


@pytest.mark.parametrize("seconds", [0.1, 0.2, 0.4, 0.5, 0.6, 1.0])
def test_few_pairs_and_none(seconds: float) -> None:
    path = path_of(spot(seconds, 0.3), seconds)
    assert len(path) == math.ceil(seconds / STEP_S)
    assert np.isfinite(path).all()
    assert follow(np.zeros((0, COLUMNS), np.float32), np.zeros(0), (), 0, STEP_S, WIDE).shape == (0,)


def test_upright_footage_has_no_room() -> None:
    assert (path_of(spot(5, 0.1), 5, aspect=9 / 16) == 0.5).all()

"""The choice of segments: a pure function, so most of it is stated as properties."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.errors import UsageError
from nvpipe.footage.select import best_segments
from nvpipe.types import MotionTrack, Segment

STEP_S = 0.5


def track(scores: list[float], *, video_id: str = "v", short_by_s: float = 0.0) -> MotionTrack:
    duration_s = len(scores) * STEP_S - short_by_s
    return MotionTrack(video_id, "fake/1", STEP_S, duration_s, tuple(scores), ())


def mean_over(scored: MotionTrack, segment: Segment) -> float:
    """Mean of the step function by adding up the overlap of each step."""
    total = 0.0
    for index, score in enumerate(scored.scores):
        left, right = index * STEP_S, (index + 1) * STEP_S
        total += score * max(0.0, min(right, segment.end_s) - max(left, segment.start_s))
    return total / segment.duration_s


score_lists = st.lists(st.floats(0, 4, allow_nan=False, width=32).map(lambda x: round(x, 3)), min_size=1, max_size=80)
tracks = st.builds(track, score_lists, short_by_s=st.sampled_from((0.0, 0.1, 0.49)))
durations = st.floats(0.05, 60, allow_nan=False)


@settings(max_examples=150, deadline=None)
@given(tracks, durations, st.none() | st.integers(1, 5))
def test_windows_are_inside_apart_and_best_first(scored: MotionTrack, duration_s: float, count: int | None) -> None:
    segments = best_segments(scored, duration_s, count)
    assert 1 <= len(segments) <= (count or 10_000)
    length_s = min(duration_s, scored.duration_s)
    for segment in segments:
        assert 0 <= segment.start_s < segment.end_s <= scored.duration_s + 1e-9
        assert segment.duration_s == pytest.approx(length_s, abs=1e-5)
        assert segment.start_s / STEP_S == pytest.approx(round(segment.start_s / STEP_S), abs=1e-9)
        assert segment.start_s <= segment.peak_s < segment.end_s
        assert segment.score == pytest.approx(mean_over(scored, segment), abs=1e-6)
    scores = [segment.score for segment in segments]
    assert all(a >= b - 1e-8 for a, b in pairwise(scores))
    ordered = sorted(segments, key=lambda segment: segment.start_s)
    for one, other in pairwise(ordered):
        assert other.start_s >= one.end_s - 1e-5


@settings(max_examples=100, deadline=None)
@given(tracks, durations)
def test_no_other_window_is_better(scored: MotionTrack, duration_s: float) -> None:
    best = best_segments(scored, duration_s, 1)[0]
    start_s = 0.0
    while start_s + duration_s <= scored.duration_s:
        other = Segment("v", start_s, start_s + duration_s, 0.0, start_s)
        assert mean_over(scored, other) <= best.score + 1e-6
        start_s += STEP_S


def test_the_peak_is_the_strongest_step_of_the_window() -> None:
    scored = track([0, 1, 5, 1, 0, 0, 0, 9])
    best = best_segments(scored, 1.5, 1)[0]
    assert (best.start_s, best.peak_s) == (2.5, 3.75)
    assert best_segments(track([0, 1, 5, 1, 0]), 1.5, 1)[0].peak_s == 1.25


def test_equal_windows_come_in_order_of_time() -> None:
    segments = best_segments(track([1.0] * 12), 2.0)
    assert [segment.start_s for segment in segments] == [0.0, 2.0, 4.0]


def test_no_window_starts_just_before_a_cut() -> None:
    scores = [1.0] * 10 + [3.0] * 10 + [1.0] * 10
    calm = MotionTrack("v", "fake/1", STEP_S, 15.0, tuple(scores), ())
    cut = replace(calm, cuts_s=(5.2,))
    assert [best.start_s for best in best_segments(calm, 5.0, 1)] == [5.0]
    assert [best.start_s for best in best_segments(cut, 5.0, 1)] == [4.5]
    # A window may start on the cut itself, and a cut inside of it does no harm.
    assert best_segments(replace(calm, cuts_s=(5.0, 7.0)), 5.0, 1)[0].start_s == 5.0
    everywhere = replace(calm, cuts_s=tuple(index / 4 for index in range(60)))
    assert best_segments(everywhere, 5.0, 1)[0].start_s == 5.0


@settings(max_examples=100, deadline=None)
@given(tracks, durations, st.lists(st.floats(0, 40), max_size=6))
def test_starts_keep_away_from_cuts_where_they_can(scored: MotionTrack, duration_s: float, cuts: list[float]) -> None:
    scored = replace(scored, cuts_s=tuple(sorted(cuts)))
    starts = [segment.start_s for segment in best_segments(scored, duration_s)]
    near = [start_s for start_s in starts if any(1e-5 < cut_s - start_s <= 0.5 for cut_s in cuts)]
    last = int((scored.duration_s - duration_s) / STEP_S + 1e-6)
    clear = [i for i in range(max(last, 0) + 1) if not any(-1e-5 < cut_s - i * STEP_S <= 0.51 for cut_s in cuts)]
    if clear and scored.duration_s > duration_s + 1e-5:
        assert near == []


def test_a_video_that_is_too_short_gives_itself_and_an_empty_one_nothing() -> None:
    (whole,) = best_segments(track([1, 2, 3], short_by_s=0.2), 30.0)
    assert (whole.start_s, whole.end_s) == (0.0, 1.3)
    assert best_segments(MotionTrack("v", "s", STEP_S, 0.0, (), ()), 1.0) == ()


@pytest.mark.parametrize("duration_s", [0.0, -1.0, math.nan, math.inf])
def test_impossible_durations_are_refused(duration_s: float) -> None:
    with pytest.raises(UsageError):
        best_segments(track([1.0] * 10), duration_s)


def test_an_impossible_count_is_refused() -> None:
    with pytest.raises(UsageError):
        best_segments(track([1.0] * 10), 1.0, 0)


def test_an_hour_is_quick_enough_to_be_asked_for_often() -> None:
    scored = track([float(index * 7919 % 1000) for index in range(7200)])
    assert len(best_segments(scored, 15.0)) > 150


def test_choosing_imports_neither_numpy_nor_torch() -> None:
    code = "import sys, nvpipe.footage.select; print(sorted({'torch', 'numpy', 'av'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"

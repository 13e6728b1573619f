"""The choice of segments: a pure function, so most of it is stated as properties."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.errors import MediaError, UsageError
from nvpipe.footage.select import CLEARLY_BETTER, MIN_PIECE_S, STILL_SCORE, best_segments, cover
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


def test_a_video_that_is_too_short_gives_itself_and_an_empty_one_nothing() -> None:
    (whole,) = best_segments(track([1, 2, 3], short_by_s=0.2), 30.0)
    assert (whole.start_s, whole.end_s) == (0.0, 1.3)
    assert best_segments(MotionTrack("v", "s", STEP_S, 0.0, (), ()), 1.0) == ()


@pytest.mark.parametrize("duration_s", [0.0, -1.0, math.nan, math.inf])
def test_impossible_durations_are_refused(duration_s: float) -> None:
    with pytest.raises(UsageError):
        best_segments(track([1.0] * 10), duration_s)
    with pytest.raises(UsageError):
        cover([track([1.0] * 10)], duration_s)


def test_an_impossible_count_is_refused() -> None:
    with pytest.raises(UsageError):
        best_segments(track([1.0] * 10), 1.0, 0)


def test_an_hour_is_quick_enough_to_be_asked_for_often() -> None:
    scored = track([float(index * 7919 % 1000) for index in range(7200)])
    assert len(best_segments(scored, 15.0)) > 150


@settings(max_examples=200, deadline=None)
@given(st.lists(tracks, min_size=1, max_size=5), durations)
def test_cover_fills_the_time_and_repeats_nothing_before_all_is_used(
    scored: list[MotionTrack], duration_s: float
) -> None:
    scored = [
        MotionTrack(f"v{index}", item.scorer, item.step_s, item.duration_s, item.scores, ())
        for index, item in enumerate(scored)
    ]
    lengths = {item.video_id: item.duration_s for item in scored}
    total_s = sum(lengths.values())
    segments, warnings = cover(scored, duration_s)
    assert sum(segment.duration_s for segment in segments) == pytest.approx(duration_s, abs=1e-5)
    assert all(0 <= segment.start_s < segment.end_s <= lengths[segment.video_id] + 1e-9 for segment in segments)
    shown_s = 0.0
    for video_id in lengths:
        spans = sorted((s.start_s, s.end_s) for s in segments if s.video_id == video_id)
        reached_s = 0.0
        for start_s, end_s in spans:
            shown_s += max(0.0, end_s - max(start_s, reached_s))
            reached_s = max(reached_s, end_s)
    assert duration_s - shown_s == pytest.approx(max(0.0, duration_s - total_s), abs=1e-5)
    mean = sum(segment.score * segment.duration_s for segment in segments) / duration_s
    windows = [best_segments(item, duration_s, 1)[0].score for item in scored if item.duration_s >= duration_s]
    if windows:
        assert mean >= max(windows) - 1e-6
        if len(segments) > 1 and max(windows) > STILL_SCORE:
            assert mean >= max(windows) + CLEARLY_BETTER - 1e-6
            assert min(segment.duration_s for segment in segments) >= MIN_PIECE_S - 1e-5
    if total_s >= duration_s:
        assert warnings == []
        assert len({segment.video_id for segment in segments}) == len(segments)
    if total_s < duration_s - 1e-5:
        assert len(warnings) == 1
        assert f"{total_s:.1f} s" in warnings[0]


def test_all_footage_is_shown_before_any_of_it_again() -> None:
    a = MotionTrack("a", "fake/1", STEP_S, 5.37, (2.0,) * 11, ())
    b = MotionTrack("b", "fake/1", STEP_S, 4.41, (1.0,) * 9, ())
    segments, warnings = cover([a, b], 10.03)
    assert [segment.video_id for segment in segments] == ["a", "b", "a"]
    assert [(round(s.start_s, 2), round(s.end_s, 2)) for s in segments] == [(0.0, 2.81), (0.0, 4.41), (2.56, 5.37)]
    assert len(warnings) == 1


def test_a_strong_shorter_video_beats_a_weak_long_one() -> None:
    weak, strong = track([0.5] * 100, video_id="weak"), track([3.0] * 80, video_id="strong")
    segments, warnings = cover([weak, strong], 45.0)
    assert [(s.video_id, s.duration_s) for s in segments] == [("strong", 40.0), ("weak", 5.0)]
    assert warnings == []


@pytest.mark.parametrize("strong", [0.9, 1.4])
def test_one_window_stays_whole_unless_the_cut_pays(strong: float) -> None:
    segments, _ = cover([track([1.0] * 100, video_id="a"), track([strong] * 80, video_id="b")], 45.0)
    assert [segment.video_id for segment in segments] == ["a"]


def test_one_window_stays_whole_where_a_cut_would_leave_splinters() -> None:
    segments, _ = cover([track([1.0] * 100, video_id="a"), track([4.0] * 4, video_id="b")], 3.0)
    assert [segment.video_id for segment in segments] == ["a"]


def test_one_long_enough_video_is_enough_and_the_livelier_one_wins() -> None:
    calm = track([0.1] * 80, video_id="calm")
    lively = track([1.0] * 20 + [2.0] * 20 + [1.0] * 20, video_id="lively")
    segments, warnings = cover([calm, lively], 10.0)
    assert [(s.video_id, s.start_s, s.end_s) for s in segments] == [("lively", 10.0, 20.0)]
    assert warnings == []


def test_a_still_picture_is_not_chosen_for_being_long() -> None:
    still = track([0.0] * 200, video_id="still")
    lively = track([1.5] * 40, video_id="lively")
    segments, warnings = cover([still, lively], 30.0)
    assert [(s.video_id, s.duration_s) for s in segments] == [("lively", 20.0), ("still", 10.0)]
    assert warnings == []
    assert [s.duration_s for s in cover([still], 30.0)[0]] == [30.0]


def test_short_videos_are_joined_best_first_and_the_last_is_cut_to_its_best_part() -> None:
    calm = track([0.0] * 8 + [1.0] * 8 + [0.0] * 8, video_id="calm")
    lively = track([2.0] * 20, video_id="lively")
    segments, _ = cover([calm, lively], 14.0)
    assert [(s.video_id, s.start_s, s.end_s) for s in segments] == [("lively", 0.0, 10.0), ("calm", 4.0, 8.0)]


def test_no_splinter_is_left_at_the_end() -> None:
    segments, _ = cover([track([2.0] * 20, video_id="a"), track([1.0] * 20, video_id="b")], 10.3)
    assert [segment.video_id for segment in segments] == ["a", "b"]
    assert segments[1].duration_s == pytest.approx(MIN_PIECE_S)
    assert segments[0].duration_s == pytest.approx(10.3 - MIN_PIECE_S)


def test_exhausted_footage_starts_again_with_the_best_and_says_so_once() -> None:
    segments, warnings = cover([track([1.0] * 6, video_id="b"), track([2.0] * 6, video_id="a")], 14.0)
    assert [segment.video_id for segment in segments] == ["a", "b", "a", "b", "a"]
    assert len(warnings) == 1
    assert "6.0 s" in warnings[0]


def test_without_footage_there_is_nothing_to_show() -> None:
    with pytest.raises(MediaError):
        cover([], 10.0)
    with pytest.raises(MediaError):
        cover([MotionTrack("v", "s", STEP_S, 0.0, (), ())], 10.0)


def test_choosing_imports_neither_numpy_nor_torch() -> None:
    code = "import sys, nvpipe.footage.select; print(sorted({'torch', 'numpy', 'av'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"

"""What is shown in a short: a pure function, so most of it is stated as properties."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.errors import MediaError, UsageError
from nvpipe.footage.arrange import CLEARLY_BETTER, STILL_SCORE, arrange, arrange_again, total_s
from nvpipe.footage.curve import Curve, Interval, without
from nvpipe.footage.rooms import MIN_PIECE_S, MIN_ROOM_S, Demand
from nvpipe.footage.select import best_segments
from nvpipe.types import MotionTrack, Segment

STEP_S = 0.5


def track(scores: list[float], *, video_id: str = "v", short_by_s: float = 0.0) -> MotionTrack:
    return MotionTrack(video_id, "fake/1", STEP_S, len(scores) * STEP_S - short_by_s, tuple(scores), ())


def shown(pieces: list[Segment] | None) -> list[tuple[str, float, float]]:
    assert pieces is not None
    return [(piece.video_id, round(piece.start_s, 6), round(piece.end_s, 6)) for piece in pieces]


def top(tracks: list[MotionTrack], piece: Segment) -> float:
    (curve,) = [Curve(item) for item in tracks if item.video_id == piece.video_id]
    return curve.track.scores[curve.strongest(piece.start_s, piece.end_s)]


def mean(pieces: list[Segment]) -> float:
    return sum(piece.score * piece.duration_s for piece in pieces) / sum(piece.duration_s for piece in pieces)


score_lists = st.lists(st.floats(0, 4, allow_nan=False, width=32).map(lambda x: round(x, 3)), min_size=1, max_size=80)
tracks = st.builds(track, score_lists, short_by_s=st.sampled_from((0.0, 0.1, 0.49)))
libraries = st.lists(tracks, min_size=1, max_size=5).map(
    lambda items: [replace(item, video_id=f"v{index}") for index, item in enumerate(items)]
)


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    duration_s = round(draw(st.floats(0.1, 60)) * 30) / 30 or 1 / 30
    borders = draw(st.lists(st.floats(0.1, 60), max_size=8))
    on_frames = sorted({round(border_s * 30) / 30 for border_s in borders})
    return Demand(duration_s, tuple(border_s for border_s in on_frames if 0 < border_s < duration_s))


@settings(max_examples=300, deadline=None)
@given(libraries, demands())
def test_the_time_is_filled_and_nothing_is_shown_twice(library: list[MotionTrack], demand: Demand) -> None:
    pieces = arrange(library, demand)
    lengths = {item.video_id: item.duration_s for item in library}
    if pieces is None:
        # Parts shorter than a second count as used up.
        assert total_s(library) < demand.duration_s + MIN_ROOM_S * 12
        return
    assert sum(piece.duration_s for piece in pieces) == pytest.approx(demand.duration_s, abs=1e-5)
    assert all(0 <= piece.start_s < piece.end_s <= lengths[piece.video_id] + 1e-9 for piece in pieces)
    for video_id in lengths:
        spans = sorted((s.start_s, s.end_s) for s in pieces if s.video_id == video_id)
        assert all(one[1] <= other[0] + 1e-6 for one, other in pairwise(spans))


@settings(max_examples=300, deadline=None)
@given(tracks, demands())
def test_one_long_video_starts_with_its_strongest_and_is_joined_between_sentences(
    scored: MotionTrack, demand: Demand
) -> None:
    pieces = arrange([scored], demand)
    if pieces is None or scored.duration_s < demand.duration_s + 30:
        return
    at_s = 0.0
    for piece in pieces[:-1]:
        at_s += piece.duration_s
        assert min(abs(at_s - border_s) for border_s in demand.joins_s) < 1e-6
    assert all(piece.duration_s >= MIN_PIECE_S - 1e-6 or len(pieces) == 1 for piece in pieces)
    if demand.joins_s:
        assert top([scored], pieces[0]) == max(top([scored], piece) for piece in pieces)
        assert pieces[0].peak_s - pieces[0].start_s < demand.first_s
    if not demand.borders_s:
        assert (
            shown(pieces) == shown(list(best_segments(scored, demand.duration_s, 1)))
            or mean(pieces)
            >= best_segments(scored, demand.duration_s, 1)[0].score - 4 * MIN_PIECE_S / demand.duration_s
        )


@settings(max_examples=200, deadline=None)
@given(libraries, st.floats(0.05, 60))
def test_several_videos_are_joined_only_when_it_pays(library: list[MotionTrack], duration_s: float) -> None:
    pieces = arrange(library, Demand(duration_s))
    if pieces is None or len({piece.video_id for piece in pieces}) == 1:
        return
    windows = [single for item in library if (single := arrange([item], Demand(duration_s))) and len(single) == 1]
    if windows and max(mean(single) for single in windows) > STILL_SCORE:
        assert mean(pieces) >= max(mean(single) for single in windows) + CLEARLY_BETTER - 1e-6
        assert min(piece.duration_s for piece in pieces) >= MIN_PIECE_S - 1e-5


def test_the_strongest_moment_comes_first_though_it_is_in_the_middle_of_the_fight() -> None:
    scores = [1.0] * 40 + [2.0] * 60 + [1.0] * 40
    scores[70] = 3.0
    pieces = arrange([track(scores)], Demand(30.0, (4.0, 9.0, 20.0)))
    assert pieces is not None
    hook = pieces[0]
    assert hook.duration_s == 4.0
    assert hook.start_s <= 35.25 < hook.end_s
    # What leads to the peak and what follows it make up the rest: the whole fight is shown.
    assert sorted((piece.start_s, piece.end_s) for piece in pieces)[0][0] >= 17
    assert mean(pieces) > 1.9


def test_a_window_that_begins_with_its_peak_is_not_cut() -> None:
    scores = [1.0] * 20 + [3.0] * 2 + [2.0] * 60 + [1.0] * 20
    assert shown(arrange([track(scores)], Demand(30.0, (4.0, 12.0)))) == [("v", 10.0, 40.0)]


def test_a_piece_may_be_longer_than_a_short_first_sentence_but_the_peak_is_under_it() -> None:
    scores = [1.0] * 100
    scores[50] = 4.0
    (first, *_) = arrange([track(scores)], Demand(20.0, (1.5, 6.0, 12.0))) or []
    assert first.peak_s == 25.25
    assert 0 <= first.peak_s - first.start_s < 1.5


def test_only_free_footage_is_shown() -> None:
    scores = [1.0] * 40 + [3.0] * 40 + [1.0] * 40
    free: dict[str, list[Interval]] = {"v": [(0.0, 20.0), (40.0, 60.0)]}
    pieces = arrange([track(scores)], Demand(30.0, (4.0, 16.0, 22.0)), free)
    assert pieces is not None
    assert all(piece.end_s <= 20.0 or piece.start_s >= 40.0 for piece in pieces)
    assert arrange([track(scores)], Demand(30.0), {"v": [(0.0, 29.0)]}) is None
    assert arrange([track(scores)], Demand(30.0), {"v": []}) is None


def test_windows_leave_no_splinters_behind() -> None:
    scores = [1.0] * 2 + [2.0] * 60 + [1.0] * 18
    # The best window starts after one second, which nobody could use later.
    assert shown(arrange([track(scores)], Demand(30.0))) == [("v", 0.0, 30.0)]


def test_fragments_are_joined_at_borders_while_that_is_possible() -> None:
    free: dict[str, list[Interval]] = {"v": [(0.0, 6.0), (10.0, 18.0), (30.0, 37.0)]}
    pieces = arrange([track([1.0] * 100)], Demand(15.0, (5.0, 9.0, 11.0)), free)
    assert pieces is not None
    ends = [sum(piece.duration_s for piece in pieces[: n + 1]) for n in range(len(pieces))]
    assert all(round(end_s, 6) in (5.0, 9.0, 11.0, 15.0) for end_s in ends)


def test_pieces_start_on_no_half_second_before_a_cut() -> None:
    scored = replace(track([1.0] * 60 + [3.0] + [1.0] * 60), cuts_s=(28.6, 29.1, 29.6, 41.3))
    for demand in (Demand(20.0), Demand(20.0, (4.0, 9.0)), Demand(33.0, (3.5, 12.0))):
        for piece in arrange([scored], demand) or []:
            assert not any(1e-6 < cut_s - piece.start_s <= 0.5 for cut_s in scored.cuts_s)


def test_a_strong_shorter_video_beats_a_weak_long_one() -> None:
    weak, strong = track([1.0] * 200, video_id="weak"), track([2.0] * 80, video_id="strong")
    assert shown(arrange([weak, strong], Demand(45.0))) == [("strong", 0.0, 40.0), ("weak", 0.0, 5.0)]


@pytest.mark.parametrize("strong", [0.9, 1.4])
def test_one_window_stays_whole_unless_the_cut_pays(strong: float) -> None:
    pieces = arrange([track([1.0] * 100, video_id="a"), track([strong] * 80, video_id="b")], Demand(45.0))
    assert [piece.video_id for piece in pieces or []] == ["a"]


def test_a_still_picture_is_not_chosen_for_being_long() -> None:
    still, lively = track([0.0] * 200, video_id="still"), track([1.5] * 40, video_id="lively")
    pieces = arrange([still, lively], Demand(30.0))
    assert [(video_id, end_s - start_s) for video_id, start_s, end_s in shown(pieces)] == [
        ("lively", 20.0),
        ("still", 10.0),
    ]
    assert len(arrange([still], Demand(30.0)) or []) == 1


def test_short_videos_are_joined_best_first_and_the_last_is_cut_to_its_best_part() -> None:
    calm = track([0.0] * 8 + [1.0] * 8 + [0.0] * 8, video_id="calm")
    lively = track([2.0] * 20, video_id="lively")
    assert shown(arrange([calm, lively], Demand(14.0))) == [("lively", 0.0, 10.0), ("calm", 4.0, 8.0)]


def test_no_splinter_is_left_at_the_end() -> None:
    pieces = arrange([track([2.0] * 20, video_id="a"), track([1.0] * 20, video_id="b")], Demand(10.3))
    assert [(piece.video_id, round(piece.duration_s, 6)) for piece in pieces or []] == [("a", 7.3), ("b", 3.0)]


def test_footage_that_is_too_short_starts_again_with_the_best() -> None:
    library = [track([1.0] * 6, video_id="b"), track([2.0] * 6, video_id="a")]
    assert arrange(library, Demand(14.0)) is None
    again = arrange_again(library, Demand(14.0))
    assert [piece.video_id for piece in again] == ["a", "b", "a", "b", "a"]
    assert sum(piece.duration_s for piece in again) == pytest.approx(14.0)


@pytest.mark.parametrize("duration_s", [0.0, -1.0, math.nan, math.inf])
def test_impossible_durations_are_refused(duration_s: float) -> None:
    with pytest.raises(UsageError):
        arrange([track([1.0] * 10)], Demand(duration_s))


def test_without_footage_there_is_nothing_to_show() -> None:
    for empty in ([], [MotionTrack("v", "s", STEP_S, 0.0, (), ())]):
        with pytest.raises(MediaError):
            arrange(empty, Demand(10.0))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=8))
def test_what_is_taken_is_gone_and_nothing_else(spans: list[tuple[int, int]]) -> None:
    taken = [(float(start), float(start + length)) for start, length in spans]
    left = without([(0.0, 20.0), (25.0, 40.0)], taken)
    for middle in (index + 0.5 for index in range(45)):
        inside = middle < 20 or 25 < middle < 40
        expected = inside and not any(start_s < middle < end_s for start_s, end_s in taken)
        assert any(start_s < middle < end_s for start_s, end_s in left) == expected


def test_choosing_imports_neither_numpy_nor_torch() -> None:
    code = "import sys, nvpipe.footage.arrange; print({'numpy', 'torch', 'av'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
    )

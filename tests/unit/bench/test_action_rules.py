"""The arithmetic behind `bench/action.py`."""

from __future__ import annotations

import random

import action_rules as rules
import pytest
from hypothesis import given
from hypothesis import strategies as st

TRUTHS = st.lists(st.sampled_from((0.0, 1.0)), min_size=4, max_size=40)


@pytest.mark.parametrize(
    ("start_s", "end_s", "held_s"),
    [(0, 5, 2.0), (1, 3, 2.0), (0.25, 1.5, 0.5), (2.5, 9, 0.5), (3, 4, 0.0), (5, 5, 0.0), (-2, 1.25, 0.25)],
)
def test_a_second_counts_by_the_part_that_the_window_covers(start_s: float, end_s: float, held_s: float) -> None:
    assert rules.combat_s([0, 1, 1, 0, 0], start_s, end_s) == pytest.approx(held_s)


def test_no_truth_holds_no_combat() -> None:
    assert rules.combat_s([], 0, 10) == 0


def test_the_best_window_may_start_between_two_seconds() -> None:
    # Of 2.5 s, those around the two full seconds take half of the weak one before or after them, too.
    assert rules.best_possible_s([0, 0, 0.5, 1, 1, 0, 0], 2.5) == pytest.approx(2.25)


@given(TRUTHS, st.floats(0.5, 3.9))
def test_no_window_holds_more_than_the_best_and_some_window_as_much(truth: list[float], duration_s: float) -> None:
    best_s = rules.best_possible_s(truth, duration_s)
    steps = 200
    held = [
        rules.combat_s(truth, start_s, start_s + duration_s)
        for start_s in ((len(truth) - duration_s) * step / steps for step in range(steps + 1))
    ]
    assert max(held) <= best_s + 1e-9
    assert max(held) >= best_s - len(truth) / steps


@given(TRUTHS, st.floats(0.5, 3.9), st.integers(0, 1000))
def test_random_is_what_many_random_windows_hold(truth: list[float], duration_s: float, seed: int) -> None:
    draw = random.Random(seed)
    starts = [(len(truth) - duration_s) * (index + draw.random()) / 500 for index in range(500)]
    mean_s = sum(rules.combat_s(truth, start_s, start_s + duration_s) for start_s in starts) / len(starts)
    assert rules.random_s(truth, duration_s) == pytest.approx(mean_s, abs=0.1)


def test_random_over_whole_seconds_by_hand() -> None:
    # Starts 0 to 2: the window of 2 s holds 0 -> 1 -> 2 seconds, linearly between.
    assert rules.random_s([0, 0, 1, 1], 2) == pytest.approx(1.0)
    assert rules.random_s([1, 0, 0, 0], 2) == pytest.approx(0.25)


def test_random_of_the_only_window_is_that_window() -> None:
    assert rules.random_s([1, 0, 1], 3) == pytest.approx(2.0)


def test_the_loudest_window_and_the_first_of_equals() -> None:
    assert rules.best_second([0, 0, 5, 5, 0, 0], 2) == 2
    assert rules.best_second([-80, -80, -20, -20, -80], 2) == 2
    assert rules.best_second([3, 3, 3, 3], 2) == 0
    assert rules.best_second([1, 2], 5) == 0


def test_the_original_starts_every_15_s_and_leaves_a_second_at_the_end() -> None:
    assert rules.original_starts(100, 30) == [0, 15, 30, 45, 60]
    assert rules.original_starts(91, 30) == [0, 15, 30, 45]
    assert rules.original_starts(91.5, 30) == [0, 15, 30, 45, 60]
    assert rules.original_starts(31, 30) == []


def test_the_original_looks_at_three_frames_of_each_window() -> None:
    assert rules.original_looks(15, 30) == (20, 30, 40)
    assert rules.original_times(60, 30) == [5, 15, 25, 20, 30, 40]


def test_the_original_scores_variance_before_brightness() -> None:
    assert rules.original_frame_score([100, 200, 300], 1000, 50) == pytest.approx(100 + 0.3 + 0.5)
    flat_white, busy_dark = (
        rules.original_frame_score([0] * 3, 0, 255),
        rules.original_frame_score([900] * 3, 900, 30),
    )
    assert busy_dark > flat_white


def test_the_original_takes_the_largest_mean_and_the_earlier_of_equals() -> None:
    scores = dict.fromkeys(rules.original_times(100, 30), 1.0)
    assert rules.original_window(100, 30, scores) == (0, 30)
    scores[80] = 9.0  # only the window from 45 s looks at 50, 60 and 70; the one from 60 s at 65, 75 and 85
    scores[85] = 9.0
    assert rules.original_window(100, 30, scores) == (60, 90)


def test_the_original_leaves_out_frames_that_it_could_not_read() -> None:
    scores = {5.0: 1.0, 15.0: 1.0, 25.0: 1.0, 20.0: 3.0}
    assert rules.original_window(60, 30, scores) == (15, 45)


def test_the_original_has_a_default_for_short_clips() -> None:
    assert rules.original_window(30.5, 30, {}) == (pytest.approx(3.05), 30.5)
    assert rules.original_window(61, 60, {}) == (5, 61)


def test_a_row_says_what_share_of_the_best_each_rule_got() -> None:
    truth = [0, 0, 1, 1, 0, 0]
    row = rules.row("x", "as is", 2, truth, {"nvpipe": (2.5, 4.5), "sound": None})
    assert row.best_s == 2
    assert row.shares == {"nvpipe": pytest.approx(0.75), "sound": None, "random": pytest.approx(0.5)}
    assert row.starts_s == {"nvpipe": 2.5}


def test_a_clip_without_combat_has_no_row() -> None:
    assert rules.row("x", "as is", 2, [0, 0, 0], {"nvpipe": (0, 2)}) is None


def test_the_table_ends_with_mean_and_worst_of_each_variant() -> None:
    def row(clip: str, variant: str, ours: float, sound: float | None) -> object:
        return rules.Row(clip, variant, 30.0, 10.0, {"nvpipe": ours, "sound": sound}, {"nvpipe": 1.5})

    rows = [row("a", "as is", 1.0, 0.8), row("b", "as is", 0.5, None), row("a", "mute", 0.25, None)]
    lines = rules.table(rows, ["nvpipe", "sound"]).splitlines()
    assert lines[0] == "| clip | variant | window s | best s | at s | nvpipe | sound |"
    assert lines[2] == "| a | as is | 30 | 10.0 | 1.5 | 1.00 | 0.80 |"
    assert lines[3] == "| b | as is | 30 | 10.0 | 1.5 | 0.50 | – |"
    assert lines[5:] == [
        "| **mean of 2** | as is | 30 |  |  | **0.75** | **0.80** |",
        "| **mean of 1** | mute | 30 |  |  | **0.25** | – |",
        "| **worst of 2** | as is | 30 |  |  | **0.50** | **0.80** |",
        "| **worst of 1** | mute | 30 |  |  | **0.25** | – |",
    ]
    assert len({line.count("|") for line in lines}) == 1


def test_losses_against_a_peer_are_listed_worst_first() -> None:
    def row(clip: str, ours: float, theirs: float | None) -> object:
        return rules.Row(clip, "as is", 30.0, 10.0, {"nvpipe": ours, "original": theirs}, {})

    rows = [row("a", 0.9, 1.0), row("b", 0.2, 0.9), row("c", 1.0, 0.3), row("d", 0.5, None)]
    assert rules.worse_than(rows, "original") == [
        "b (as is, 30 s): 0.20 against 0.90",
        "a (as is, 30 s): 0.90 against 1.00",
    ]

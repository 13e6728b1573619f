"""Which lines are left out and how fast the rest is said."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.pipeline.lengths import (
    FASTEST,
    LONGEST_TAIL_S,
    MARGIN_S,
    SHORTEST_STEP_S,
    SHORTEST_TAIL_S,
    SLOWEST,
    STEPS,
    Choice,
    Goal,
    Line,
    best_rate,
    choose,
    file_length,
    goal_of,
    measured_lines,
)

HEAD_S = 0.05
LINES = st.lists(
    st.builds(
        Line,
        speech_s=st.floats(0.3, 9.0),
        pause_s=st.floats(0.0, 0.8),
        value=st.floats(0.0, 5.0),
        leans=st.booleans(),
        stays=st.booleans(),
    ),
    min_size=1,
    max_size=9,
)
GOALS = st.builds(goal_of, st.floats(3.0, 60.0), st.just(0.0), st.floats(0.6, 1.7))


def natural_s(lines: list[Line], kept: tuple[int, ...]) -> float:
    pauses = sum(lines[at].pause_s for at in kept[:-1])
    return sum(lines[at].speech_s for at in kept) + pauses


def may_stand(lines: list[Line], kept: tuple[int, ...]) -> bool:
    said = set(kept)
    return 0 in said and all(
        (at in said or not line.stays) and (at not in said or not line.leans or at == 0 or at - 1 in said)
        for at, line in enumerate(lines)
    )


def every_choice(lines: list[Line]) -> list[tuple[int, ...]]:
    numbers = range(len(lines))
    found = [kept for count in range(1, len(lines) + 1) for kept in combinations(numbers, count)]
    return [kept for kept in found if may_stand(lines, kept)]


def chosen(lines: list[Line], goal: Goal) -> Choice:
    return choose(lines, HEAD_S, goal.rate, goal)


def end_of(lines: list[Line], kept: tuple[int, ...], goal: Goal) -> float:
    length_s = natural_s(lines, kept)
    return HEAD_S + length_s * goal.rate / best_rate(length_s, HEAD_S, goal.rate, goal)


@given(LINES, GOALS)
def test_what_is_said_can_stand(lines: list[Line], goal: Goal) -> None:
    choice = chosen(lines, goal)
    assert may_stand(lines, choice.kept)
    assert all(before < after for before, after in pairwise(choice.kept))


@given(LINES, GOALS)
def test_the_rate_stays_within_its_limits(lines: list[Line], goal: Goal) -> None:
    slowest, fastest = goal.rates
    assert slowest <= chosen(lines, goal).rate <= fastest
    assert slowest >= SLOWEST * goal.rate - 1e-9
    assert fastest <= FASTEST * goal.rate + 1e-9


@given(LINES, GOALS)
def test_the_expected_end_is_that_of_the_lines_at_that_rate(lines: list[Line], goal: Goal) -> None:
    choice = chosen(lines, goal)
    expected_s = HEAD_S + natural_s(lines, choice.kept) * goal.rate / choice.rate
    assert choice.end_s == pytest.approx(expected_s)


@settings(max_examples=200)
@given(LINES, GOALS)
def test_no_other_choice_comes_nearer(lines: list[Line], goal: Goal) -> None:
    nearest_s = min(goal.miss_s(end_of(lines, kept, goal)) for kept in every_choice(lines))
    # Choices that are alike within a step are taken for one, once for every line; a slow rate draws that out.
    step_s = max(SHORTEST_STEP_S, sum(line.speech_s + line.pause_s for line in lines) / STEPS)
    assert goal.miss_s(chosen(lines, goal).end_s) <= nearest_s + len(lines) * step_s / SLOWEST


@given(LINES, GOALS)
def test_the_same_lines_give_the_same_choice(lines: list[Line], goal: Goal) -> None:
    assert chosen(lines, goal) == chosen(lines, goal)


def lines_of(*lengths_s: float, **fields: object) -> list[Line]:
    return [Line(length_s, 0.0, length_s, **fields) for length_s in lengths_s]  # type: ignore[arg-type]


def test_what_fits_is_left_alone() -> None:
    lines = lines_of(4.0, 5.0, 5.0)
    assert chosen(lines, goal_of(15.0, 0.0)) == Choice((0, 1, 2), 1.0, pytest.approx(14.05))  # type: ignore[arg-type]


def test_a_little_too_much_is_said_faster() -> None:
    choice = chosen(lines_of(5.0, 5.0, 5.2), goal_of(15.0, 0.0))
    assert choice.kept == (0, 1, 2)
    assert 1.0 < choice.rate < 1.1


def test_the_least_valuable_line_goes_first() -> None:
    lines = [Line(5.0, 0.0, value) for value in (1.0, 3.0, 1.0, 4.0)]
    assert chosen(lines, goal_of(15.8, 0.0)).kept == (0, 1, 3)


def test_a_line_goes_with_those_that_lean_on_it() -> None:
    lines = [Line(5.0, 0.0, 3.0), Line(5.0, 0.0, 0.1), Line(5.0, 0.0, 9.0, leans=True), Line(5.0, 0.0, 3.0)]
    assert chosen(lines, goal_of(10.8, 0.0)).kept in ((0, 3), (0, 1))


def test_what_stays_is_said_even_when_it_is_too_long() -> None:
    lines = [Line(6.0, 0.0, 1.0), Line(6.0, 0.0, 1.0), Line(6.0, 0.0, 0.0, stays=True)]
    choice = chosen(lines, goal_of(8.0, 0.0))
    assert choice.kept == (0, 2)
    assert choice.rate == FASTEST


def test_hundreds_of_lines_are_chosen_from_at_once() -> None:
    lines = [Line(2.0 + at % 7 / 3, 0.3, 1.0 + at % 5, leans=at % 4 == 3) for at in range(300)]
    choice = chosen(lines, goal_of(600.0, 0.0))
    assert goal_of(600.0, 0.0).miss_s(choice.end_s) == 0.0


def test_the_goal_leaves_a_tail_that_is_neither_abrupt_nor_silence() -> None:
    goal = goal_of(45.0, 0.5)
    assert 45.0 - 0.5 - goal.latest_s == pytest.approx(SHORTEST_TAIL_S)
    assert 45.0 - 0.5 - goal.earliest_s == pytest.approx(LONGEST_TAIL_S)


@pytest.mark.parametrize(
    ("end_s", "length_s"),
    [(14.0, 15.0), (14.65, 15.0), (14.9, 15.25), (13.0, 14.2), (2.0, 3.2)],
)
def test_the_file_is_as_long_as_asked_where_the_tail_can_make_it_so(end_s: float, length_s: float) -> None:
    assert file_length(15.0, 0.0, end_s + 0.2, end_s) == pytest.approx(length_s)


def test_nothing_of_the_narration_is_cut() -> None:
    assert file_length(15.0, 0.5, 16.0, 14.0) == 16.5


@given(st.floats(0.5, 100.0), GOALS)
def test_a_rate_that_is_known_to_do_is_kept(length_s: float, goal: Goal) -> None:
    middle_s = (goal.earliest_s + goal.latest_s) / 2
    rate = best_rate(middle_s - HEAD_S, HEAD_S, goal.rate, goal)
    assert rate == goal.rate
    other = best_rate(length_s, HEAD_S, goal.rate, goal)
    end_s = HEAD_S + length_s * goal.rate / other
    if SLOWEST + 1e-6 < other / goal.rate < FASTEST - 1e-6 and other != goal.rate:
        assert goal.earliest_s + MARGIN_S / 4 <= end_s <= goal.latest_s - MARGIN_S / 4


def test_speech_and_pauses_follow_from_the_words() -> None:
    words = [(0, 0.05, 0.5), (0, 0.6, 1.0), (1, 1.4, 2.0), (2, 2.3, 3.0)]
    found = measured_lines(words, {}, (0, 1, 2))
    assert found[0] == pytest.approx((0.95, 0.4))
    assert found[1] == pytest.approx((0.6, 0.3))
    # Nothing follows the last line; what usually would is the mean of the others.
    assert found[2] == pytest.approx((0.7, 0.35))


def test_lines_that_were_left_out_keep_what_was_known_of_them() -> None:
    known = {0: (1.0, 0.4), 1: (5.0, 0.5), 2: (2.0, 0.3)}
    found = measured_lines([(0, 0.0, 1.1), (1, 1.5, 3.4)], known, (0, 2))
    assert found == {
        0: pytest.approx((1.1, 0.4)),
        1: (5.0, 0.5),
        2: pytest.approx((1.9, 0.3)),
    }


def test_a_line_without_a_word_takes_no_time() -> None:
    assert measured_lines([(0, 0.0, 1.0)], {}, (0, 1))[1] == (0.0, 0.0)

"""What `nvpipe precompile` is asked for, and which spans it makes of the best segments."""

from __future__ import annotations

import pytest

from nvpipe.errors import UsageError
from nvpipe.pipeline.precompile import DURATIONS, joined_spans, parse_durations


@pytest.mark.parametrize(
    ("text", "wanted"),
    [(DURATIONS, (15, 30, 45, 60)), ("60, 15", (15, 60)), ("3", (3,)), ("30,30.0", (30,)), ("1e2", (100,))],
)
def test_durations_come_rising_and_once(text: str, wanted: tuple[float, ...]) -> None:
    assert parse_durations(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "15,", "a", "15;30", "0", "-5", "nan", "inf", "2.9", "601", "15 30", "0x10", "\0"]
)
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--durations") as caught:
        parse_durations(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([], []),
        ([(0, 15), (20, 35)], [(0, 15), (20, 35)]),
        ([(20, 35), (10, 70), (30, 60)], [(10, 70)]),
        ([(10, 25), (10, 40)], [(10, 40)]),
        ([(0, 30), (25, 55)], [(0, 55)]),
        ([(0, 30), (30, 60)], [(0, 60)]),
        ([(0, 60), (50, 110), (100, 160)], [(0, 110), (100, 160)]),
    ],
    ids=["none", "apart", "inside", "one start", "overlapping", "touching", "too long together"],
)
def test_spans_that_overlap_are_one_while_it_is_not_too_long(
    spans: list[tuple[float, float]], wanted: list[tuple[float, float]]
) -> None:
    assert joined_spans(spans, 120.0) == wanted

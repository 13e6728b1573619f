"""Where times and values lie in a plot."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.report.plot_axis import TimeAxis, clock, columns, spread_out, value_ticks

HOURS_S = 36_000.0


@given(end_s=st.floats(0.5, HOURS_S), share=st.floats(0, 1))
def test_a_time_lies_at_its_share_of_the_width(end_s: float, share: float) -> None:
    axis = TimeAxis(100, 1100, end_s)
    assert axis.x(share * end_s) == pytest.approx(100 + 1000 * share, abs=0.51)
    assert axis.time_s(axis.x(share * end_s)) == pytest.approx(share * end_s, abs=end_s / 1900)


def test_times_outside_are_put_on_the_nearest_end() -> None:
    axis = TimeAxis(10, 20, 5.0)
    assert (axis.x(-3.0), axis.x(7.0)) == (10, 20)


@given(end_s=st.floats(0.5, HOURS_S), start=st.floats(0, 1), length=st.floats(0, 1))
def test_a_span_can_be_seen_and_stays_inside(end_s: float, start: float, length: float) -> None:
    axis = TimeAxis(100, 1100, end_s)
    left, right = axis.span(start * end_s, (start + length) * end_s)
    assert 100 <= left < right <= 1100
    assert right - left >= 3


@given(end_s=st.floats(0.5, 10 * HOURS_S))
def test_ticks_are_round_apart_and_few(end_s: float) -> None:
    axis = TimeAxis(0, 1500, end_s)
    ticks = axis.ticks(100)
    assert ticks[0] == 0
    assert all(0 <= tick <= end_s + 1e-6 for tick in ticks)
    assert len(ticks) <= 16
    assert all(axis.x(b) - axis.x(a) >= 99 for a, b in itertools.pairwise(ticks))
    labels = [axis.tick_label(tick, ticks) for tick in ticks]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("time_s", "digits", "text"),
    [(0, 0, "0:00"), (59.96, 1, "1:00.0"), (59.94, 1, "0:59.9"), (65, 0, "1:05"), (3599.6, 0, "1:00:00"),
     (36_000, 0, "10:00:00"), (0.25, 2, "0:00.25")],
)  # fmt: skip
def test_clock(time_s: float, digits: int, text: str) -> None:
    assert clock(time_s, digits) == text


def test_an_axis_of_hours_says_hours_everywhere() -> None:
    assert TimeAxis(0, 100, 4000).label(65) == "0:01:05"
    assert TimeAxis(0, 100, 400).label(65) == "1:05"


def test_few_steps_are_stairs() -> None:
    curve = columns((1.0, 3.0), 0.5, TimeAxis(0, 10, 1.0))
    assert curve.mean.tolist() == [1.0] * 5 + [3.0] * 5
    assert curve.low.tolist() == curve.high.tolist() == curve.mean.tolist()


def test_many_steps_keep_their_extremes_and_their_mean() -> None:
    values = [0.0] * 1000
    values[503], values[507] = 9.0, -4.0
    curve = columns(values, 0.5, TimeAxis(0, 10, 500.0))
    assert curve.high.tolist() == [0.0] * 5 + [9.0] + [0.0] * 4
    assert curve.low.tolist() == [0.0] * 5 + [-4.0] + [0.0] * 4
    assert curve.mean[5] == pytest.approx(0.05)


def test_what_the_curve_lacks_is_nan() -> None:
    curve = columns((1.0,), 0.5, TimeAxis(0, 4, 1.0))
    assert np.isnan(curve.mean).tolist() == [False, False, True, True]
    assert np.isnan(columns((), 0.5, TimeAxis(0, 4, 1.0)).high).all()


@settings(max_examples=200)
@given(
    values=st.lists(st.floats(-1e6, 1e6), max_size=60),
    width_px=st.integers(1, 80),
    step_s=st.sampled_from([0.1, 0.5, 1.0]),
    end_s=st.floats(0.05, 50),
)
def test_columns_hold_for_any_curve(values: list[float], width_px: int, step_s: float, end_s: float) -> None:
    curve = columns(values, step_s, TimeAxis(7, 7 + width_px, end_s))
    known = ~np.isnan(curve.mean)
    assert (known == ~np.isnan(curve.low)).all()
    assert (curve.low[known] <= curve.mean[known]).all()
    assert (curve.mean[known] <= curve.high[known]).all()
    if values and step_s * len(values) >= end_s:
        assert known.all()
        shown = values[: int(np.ceil(end_s / step_s - 1e-9))]
        assert curve.high.max() == max(shown)
        assert curve.low.min() == min(shown)


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-6, 1e6), most=st.integers(2, 8))
def test_value_ticks_are_few_and_inside(low: float, span: float, most: int) -> None:
    ticks = value_ticks(low, low + span, most)
    assert len(ticks) <= most
    slack = (span + abs(low)) * 1e-6
    assert all(low - slack <= tick <= low + span + slack for tick in ticks)


def test_value_ticks_of_nothing() -> None:
    assert value_ticks(0.0, 3.2, 5) == (0.0, 1.0, 2.0, 3.0)
    assert value_ticks(1.0, 1.0, 5) == (1.0,)


@given(st.data())
def test_boxes_are_spread_out_in_order_without_overlap(data: st.DataObject) -> None:
    width_px = data.draw(st.integers(1, 100))
    centres = data.draw(st.lists(st.integers(0, 1000), max_size=1000 // width_px))
    lefts = spread_out(centres, width_px, 0, 1000)
    placed = sorted(zip(centres, lefts, strict=True))
    assert all(0 <= left <= 1000 - width_px for left in lefts)
    assert all(b[1] - a[1] >= width_px for a, b in itertools.pairwise(placed) if a[0] < b[0])
    edges = sorted(lefts)
    assert all(b - a >= width_px for a, b in itertools.pairwise(edges))


def test_a_box_with_room_stays_on_its_centre() -> None:
    assert spread_out([500, 100], 100, 0, 1000) == [450, 50]
    assert spread_out([500, 500], 100, 0, 1000) == [400, 500]
    assert spread_out([], 100, 0, 1000) == []

"""BD-rate where the answer is known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.bench.bd_rate import Pchip, bd_rate, rate_curve

ANCHOR = [(9487.76, 40.037), (4593.60, 38.615), (2486.44, 36.845), (1358.24, 34.851)]
TEST = [(9787.80, 40.121), (4469.00, 38.651), (2451.52, 36.970), (1356.24, 34.987)]
RISING = st.lists(st.floats(0, 100), min_size=2, max_size=8, unique_by=lambda value: round(value, 1)).map(sorted)


def test_the_same_curve_saves_nothing() -> None:
    assert bd_rate(ANCHOR, ANCHOR) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.25, 3.0])
def test_bits_by_a_constant_factor_are_that_factor(factor: float) -> None:
    assert bd_rate(ANCHOR, [(rate * factor, quality) for rate, quality in ANCHOR]) == pytest.approx(factor - 1)


def test_two_real_curves_give_what_an_independent_implementation_gives() -> None:
    # The PyPI package bjontegaard 1.3.0, method "pchip".
    assert bd_rate(ANCHOR, TEST) == pytest.approx(-0.04417485350589045, abs=1e-12)


def test_the_two_directions_undo_each_other_and_the_order_of_points_does_not_matter() -> None:
    there, back = bd_rate(ANCHOR, TEST), bd_rate(TEST[::-1], ANCHOR[::-1])
    assert there is not None
    assert back is not None
    assert (1 + there) * (1 + back) == pytest.approx(1)


@pytest.mark.parametrize(
    ("anchor", "test"),
    [
        (ANCHOR[:3], TEST),
        (ANCHOR, TEST[:3]),
        (ANCHOR, [(rate, quality + 20) for rate, quality in ANCHOR]),
        (ANCHOR, [(rate, 40.0) for rate, _ in ANCHOR]),
        (ANCHOR, [(rate, math.inf) for rate, _ in ANCHOR]),
        (ANCHOR, []),
    ],
)
def test_curves_that_cannot_be_compared_give_nothing(
    anchor: list[tuple[float, float]], test: list[tuple[float, float]]
) -> None:
    assert bd_rate(anchor, test) is None


def test_a_point_without_loss_is_left_aside() -> None:
    assert bd_rate(ANCHOR, [*TEST, (90_000, math.inf)]) == bd_rate(ANCHOR, TEST)


@given(x=RISING, data=st.data())
def test_a_curve_goes_through_its_points_and_never_beyond_them(x: list[float], data: st.DataObject) -> None:
    y = data.draw(st.lists(st.floats(-50, 50), min_size=len(x), max_size=len(x)))
    curve = Pchip(tuple(x), tuple(y))
    for place, value in zip(x, y, strict=True):
        assert curve.at(place) == pytest.approx(value, abs=1e-6)
    share = data.draw(st.floats(0, 1))
    for (left, low), (right, high) in zip(zip(x, y, strict=True), list(zip(x, y, strict=True))[1:], strict=False):
        value = curve.at(left + share * (right - left))
        assert min(low, high) - 1e-6 <= value <= max(low, high) + 1e-6


def test_the_mean_of_a_straight_line_is_its_middle() -> None:
    assert Pchip((0.0, 1.0, 4.0), (0.0, 2.0, 8.0)).mean(0.5, 3.5) == pytest.approx(4.0)


@pytest.mark.parametrize("x", [(1.0,), (1.0, 1.0), (2.0, 1.0), (1.0, math.nan)])
def test_points_that_make_no_curve_are_refused(x: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="curve"):
        Pchip(x, x)
    assert rate_curve([(10.0, value) for value in x if value == 1.0]) is None

"""Times from stamps as files have them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from nvpipe.media.decode.clock import Clock


@dataclass
class Stamped:
    pts: int | None
    dts: int | None = None


def times(stamps: list[float | None], *, end_s: float = 10.0, **options: Any) -> list[float]:
    """Of frames stamped in seconds, 0.1 s apart by their rate."""
    settings = {"from_start": True, "paced": False, "trusts_pts": True} | options
    clock = Clock(Fraction(1, 1000), 0.0, 0.1, end_s, **settings)
    return [clock.at(Stamped(None if at is None else round(at * 1000)), 0) for at in stamps]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stamps", "wanted"),
    [
        ([0.0, 0.1, 0.25, 0.3], [0.0, 0.1, 0.25, 0.3]),
        ([0.0, None, None, 0.3], [0.0, 0.1, 0.2, 0.3]),
        ([0.0, 0.0, 0.0, 0.3, 0.3], [0.0, 0.1, 0.2, 0.3, 0.4]),
        ([0.0, 0.1, 0.0, 0.3], [0.0, 0.1, 0.2, 0.3]),
        ([5.0, 5.1, 0.2, 0.3], [5.0, 5.1, 5.2, 5.3]),
        ([0.0, 0.1, 90.0, 0.3], [0.0, 0.1, 0.2, 0.3]),
        ([0.0, 0.1, 5.0, 5.1], [0.0, 0.1, 5.0, 5.1]),
        ([-0.2, -0.1, 0.0], [-0.2, -0.1, 0.0]),
        # Stamps a little behind keep their distances, so that the lag does not grow.
        ([0.0, 0.5, 0.42, 0.44, 0.46, 0.6], [0.0, 0.5, 0.6, 0.62, 0.64, 0.74]),
    ],
)
def test_stamps(stamps: list[float | None], wanted: list[float]) -> None:
    assert times(stamps) == pytest.approx(wanted)


def test_stamps_that_jump_again_and_again_are_given_up() -> None:
    found = times([0.0, 5.0, 1.0, 5.0, 1.0, 5.0, 1.0, 5.0, 1.0, 5.0, 1.0, 5.0], end_s=6.0)
    assert [after - before for before, after in pairwise(found)][-3:] == pytest.approx([0.1] * 3)


def test_a_paced_video_ignores_its_stamps() -> None:
    assert times([3.0, 1.0, 1.0, 2.0], paced=True) == pytest.approx([0.0, 0.1, 0.2, 0.3])

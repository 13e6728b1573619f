"""The render benchmark's arithmetic."""

from __future__ import annotations

import pytest
from render_table import NAMES, Round, floor_s, ratios, spread, table
from spent import Spent


def one_round(pace: float = 1.0) -> Round:
    """A round on a machine that takes `pace` times as long for everything."""
    seconds = {
        "whole": (10.5, 21.0),
        "plain": (10.0, 20.0),
        "ffmpeg": (12.5, 20.5),
        "decode": (4.0, 6.0),
        "encode": (7.0, 14.0),
        "read": (1.0, 1.0),
    }
    return {name: Spent(wall * pace, cpu * pace, 100_000_000) for name, (wall, cpu) in seconds.items()}


def test_the_floor_is_the_codecs_share_of_the_cores() -> None:
    assert floor_s(one_round(), 2) == 10
    assert floor_s(one_round(), 4) == 5
    assert floor_s(one_round(), 2, strict=True) == 9.5


def test_ratios_compare_within_a_round_so_that_a_slower_machine_does_not_matter() -> None:
    found = ratios([one_round(), one_round(3.0)], 2)
    assert all(values == pytest.approx([values[0]] * 2) for values in found.values())
    assert found["pictures alone: wall / ffmpeg's wall"][0] == pytest.approx(0.8)
    assert found["whole: wall / floor"][0] == pytest.approx(1.05)
    assert found["captions and sound: wall added"][0] == pytest.approx(0.05)


def test_medians_come_with_their_spread() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2.00 (1.00–3.00)"
    assert spread([2.0]) == "2.00"
    assert spread([2.25, 2.25], 1).startswith("2.2")


def test_the_table_has_a_row_for_each_program_and_moviepy_only_where_it_ran() -> None:
    without, run = table([one_round()], 2), table([one_round()], 2, 420.0)
    for label in NAMES.values():
        assert f"| {label} |" in without
    assert "MoviePy" not in without
    assert "| MoviePy's wall / whole | 40.0 |" in run


def test_every_program_of_the_table_is_measured() -> None:
    assert set(NAMES) == set(one_round())

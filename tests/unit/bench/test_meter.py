"""What work takes, and how evenly pictures come."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from fakes.counted_cards import Nvml

from nvpipe.bench.energy import Cards
from nvpipe.bench.meter import Meter, Ticks, pace, spread

BUSY = "import time\nwhile time.process_time() < 0.2: pass"


def test_waiting_takes_wall_seconds_and_children_take_processor_seconds() -> None:
    with Meter() as waiting:
        time.sleep(0.1)
    assert waiting.wall_s >= 0.1
    assert waiting.cpu_s < 0.1
    assert waiting.energy_j is None
    with Meter() as busy:
        subprocess.run([sys.executable, "-c", BUSY], check=True)
    assert busy.cpu_s >= 0.15


def test_energy_is_the_difference_of_the_counters_of_all_cards() -> None:
    cards = Cards(Nvml(("A", "B"), step_mj=500))
    with Meter(cards) as meter:
        pass
    assert meter.energy_j == pytest.approx(1.0)
    assert (cards.names, cards.driver, cards.reason) == (("A", "B"), "580.95", "")


@pytest.mark.parametrize(
    ("nvml", "why"),
    [
        (Nvml(driver=False), "Driver Not Loaded"),
        (Nvml(()), "no card"),
        (Nvml(("Old",), step_mj=None), "Old does not count it"),
    ],
)
def test_energy_that_nobody_counts_is_said(nvml: Nvml, why: str) -> None:
    cards = Cards(nvml)
    assert why in cards.reason
    with Meter(cards) as meter:
        pass
    assert meter.energy_j is None


def test_one_slow_picture_in_a_hundred_does_not_count_and_two_do() -> None:
    one, two = pace([0.01] * 199 + [1.0]), pace([0.01] * 190 + [0.5] * 10)
    assert one is not None
    assert two is not None
    assert (round(one.median_fps), round(one.low_fps)) == (100, 100)
    assert (round(two.median_fps), round(two.low_fps)) == (100, 2)


def test_without_pictures_there_is_no_pace() -> None:
    assert pace([]) is None
    assert pace([0.0, 0.0, 0.0]) is None


def test_every_picture_that_goes_by_is_timed() -> None:
    ticks = Ticks()
    assert list(ticks.watch(iter("abc"))) == ["a", "b", "c"]
    assert len(ticks.intervals_s) == 3


def test_pictures_still_inside_at_the_end_share_the_time_of_finishing() -> None:
    assert spread([0.0, 0.0, 1.0, 1.0], 3.0, ready=2) == [1.0, 1.0, 1.5, 1.5]
    assert spread([1.0, 2.0], 0.5, ready=2) == [1.0, 2.0]
    assert spread([0.0, 0.0], 4.0, ready=0) == [2.0, 2.0]

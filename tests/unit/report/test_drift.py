"""Words against what is heard: found where they are, and undecided where nothing tells."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from fakes.spoken import Spoken, words_of

from nvpipe.media.watch import ENERGY_HZ, SoundWatch
from nvpipe.report.drift import heard

WORDS = [(word.start_s, word.end_s) for word in words_of(Spoken())]


def sound(words: list[tuple[float, float]], seconds: float = 12.0, *, start_s: float = 0.0) -> SoundWatch:
    level = np.random.default_rng(0).uniform(0.5, 1.5, round(seconds * ENERGY_HZ)) * 1e-5
    for begin_s, end_s in words:
        level[max(0, round(begin_s * ENERGY_HZ)) : max(0, round(end_s * ENERGY_HZ))] *= 1000
    return SoundWatch(start_s=start_s, speech=array("f", level.astype(np.float32)))


@pytest.mark.parametrize("late_s", [-0.9, -0.15, 0.0, 0.03, 0.4, 1.2])
def test_the_distance_of_the_voice_is_found(late_s: float) -> None:
    found = heard(WORDS, sound([(start_s + late_s, end_s + late_s) for start_s, end_s in WORDS]))
    assert found is not None
    assert found.late_s == pytest.approx(late_s, abs=0.011)
    assert found.earliest_s <= found.late_s <= found.latest_s
    assert found.correlation > 0.9


def test_sound_that_starts_later_is_counted_from_its_start() -> None:
    moved = [(start_s + 0.5, end_s + 0.5) for start_s, end_s in WORDS]
    found = heard(moved, sound(WORDS, start_s=0.5))
    assert found is not None
    assert found.late_s == pytest.approx(0.0, abs=0.011)


def test_words_without_pauses_tell_nothing() -> None:
    assert heard([(0.0, 12.0)], sound(WORDS)) is None
    assert heard([(0.5, 4.0)], sound([(0.5, 4.0)])) is None
    assert heard([], sound(WORDS)) is None
    assert heard(WORDS, SoundWatch()) is None


def test_other_sound_than_the_words_does_not_go_with_them() -> None:
    found = heard(WORDS, sound([(0.0, 12.0)]))
    assert found is not None
    assert abs(found.correlation) < 0.1


def test_a_few_pauses_leave_room() -> None:
    once = [(0.0, 2.0), (2.4, 5.0)]
    few = heard(once, sound([(0.0, 2.0), (2.3, 4.8)], seconds=6))
    many = heard(WORDS, sound(WORDS))
    assert few is not None
    assert many is not None
    assert few.latest_s - few.earliest_s > many.latest_s - many.earliest_s


def test_times_beyond_the_sound_and_far_before_it_do_no_harm() -> None:
    found = heard([*WORDS, (1e9, 2e9), (-50.0, -40.0)], sound(WORDS))
    assert found is not None
    assert found.late_s == pytest.approx(0.0, abs=0.011)

"""Lengths met by writing, speaking, measuring and correcting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.tellers import FirstSentences, Metronome, article

from nvpipe.cache.stages import StageStore
from nvpipe.pipeline.reporter import Silent
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tell import FASTEST, SLOWEST, Tellers, Told, tell

if TYPE_CHECKING:
    from pathlib import Path

LONG = article(*(f"Line {n} is short" for n in range(200)))
SHORT = article("This is all that there is to say here", "And this")


class Told3:
    """Everything that one telling needs, with its counts."""

    def __init__(self, folder: Path, pace: float) -> None:
        self.writer = FirstSentences()
        self.speaker = Metronome(pace)
        self.log = JobLog("job", Silent())
        self._folder = folder

    def tell(self, text: object, seconds: float) -> Told:
        tellers = Tellers(self.writer, "first", self.speaker, "metronome", "en-tick", "en")
        store = StageStore(self._folder / "cache", self.log.warn)
        work = self._folder / "work"
        work.mkdir(exist_ok=True)
        return tell(text, seconds, tellers, store, self.log, work)  # type: ignore[arg-type]


@pytest.mark.parametrize("pace", [1.5, 2.6, 5.0])
@pytest.mark.parametrize("seconds", [15.0, 45.0, 90.0])
def test_the_length_is_met_at_every_pace(pace: float, seconds: float, tmp_path: Path) -> None:
    told = Told3(tmp_path, pace).tell(LONG, seconds)
    assert told.duration_s == seconds
    assert told.narration.duration_s < seconds
    assert SLOWEST <= told.rate <= FASTEST


def test_a_short_article_is_not_drawn_out(tmp_path: Path) -> None:
    told = Told3(tmp_path, 2.6).tell(SHORT, 45.0)
    assert told.rate == 1.0
    assert told.duration_s < 10
    assert len(told.script.lines) == 2


def test_the_second_time_nothing_is_written_or_spoken(tmp_path: Path) -> None:
    first = Told3(tmp_path, 2.6)
    before = first.tell(LONG, 30.0)
    again = Told3(tmp_path, 2.6)
    after = again.tell(LONG, 30.0)
    assert (again.writer.written, again.speaker.spoken) == (0, 0)
    assert [result.outcome for result in again.log.results] == ["cached", "cached"]
    assert (after.script, after.narration.words, after.duration_s) == (
        before.script,
        before.narration.words,
        before.duration_s,
    )


def test_another_length_is_told_anew(tmp_path: Path) -> None:
    Told3(tmp_path, 2.6).tell(LONG, 30.0)
    again = Told3(tmp_path, 2.6)
    again.tell(LONG, 31.0)
    assert again.writer.written > 0

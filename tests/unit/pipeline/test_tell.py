"""Lengths met by writing, speaking, measuring and correcting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes.tellers import FirstSentences, FixedLines, Metronome, Wobbly, article

from nvpipe.cache.stages import StageStore
from nvpipe.errors import WriterFailedError
from nvpipe.pipeline.lengths import FASTEST, SLOWEST
from nvpipe.pipeline.reporter import Silent
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tell import Tellers, Told, tell

if TYPE_CHECKING:
    from pathlib import Path

LONG = article(*(f"Line {n} is short" for n in range(200)))
SHORT = article("This is all that there is to say here", "And this")


class Told3:
    """Everything that one telling needs, with its counts."""

    def __init__(self, folder: Path, pace: float, writer: Any = None, speaker: Any = None) -> None:
        self.writer = writer or FirstSentences()
        self.speaker = speaker or Metronome(pace)
        self.log = JobLog("job", Silent())
        self._folder = folder

    def tell(self, text: object, seconds: float, speed: float = 1.0, call: str = "") -> Told:
        tellers = Tellers(self.writer, "first", self.speaker, "metronome", "en-tick", "en", speed, call)
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


LINES = (
    "A bridge was closed on Tuesday",
    "The engineers of the town found rust in fourteen of its cables last autumn",
    "Ferries run every ten minutes",
    "They are free for six weeks, and then they cost two dollars for everybody",
    "Shops on the southern bank fear for their customers this winter",
    "The repair takes eighteen months and costs the town millions",
)
CALL = "Tell us what you think of it"


@pytest.mark.parametrize("seconds", [9.0, 12.0, 15.0, 18.0])
def test_lines_of_a_model_are_left_out_and_not_written_again(seconds: float, tmp_path: Path) -> None:
    teller = Told3(tmp_path, 2.6, FixedLines(*LINES, CALL))
    told = teller.tell(LONG, seconds, call=CALL)
    assert abs(told.duration_s - seconds) <= 0.5
    texts = [line.text for line in told.script.lines]
    assert (texts[0], texts[-1]) == (LINES[0], CALL)
    assert texts == [text for text in (*LINES, CALL) if text in texts]
    assert len(texts) < len(LINES) + 1
    assert LINES[3] not in texts or LINES[2] in texts
    assert teller.writer.written == 1
    assert teller.speaker.spoken <= 3


def test_a_trimmed_script_has_a_digest_of_its_own(tmp_path: Path) -> None:
    writer = FixedLines(*LINES)
    whole = writer.write(LONG, language="en", seconds=1.0, words_per_second=1.0)
    told = Told3(tmp_path, 2.6, writer).tell(LONG, 12.0)
    assert told.script.digest != whole.digest
    assert set(told.script.lines) < set(whole.lines)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("seconds", [12.0, 30.0, 90.0])
def test_a_voice_that_is_no_clock_is_measured_again(seconds: float, seed: int, tmp_path: Path) -> None:
    teller = Told3(tmp_path, 2.6, speaker=Wobbly(2.6, seed))
    told = teller.tell(LONG, seconds)
    assert abs(told.duration_s - seconds) <= 0.5
    assert teller.speaker.spoken <= 6


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.3, 2.0])
def test_the_rate_is_bent_around_the_speed_asked_for(speed: float, tmp_path: Path) -> None:
    told = Told3(tmp_path, 2.6).tell(LONG, 30.0, speed)
    assert told.duration_s == 30.0
    assert SLOWEST * speed <= told.rate <= FASTEST * speed


def test_the_tail_is_neither_abrupt_nor_silence(tmp_path: Path) -> None:
    told = Told3(tmp_path, 2.6).tell(LONG, 30.0)
    tail_s = told.duration_s - told.narration.words[-1].end_s
    assert 0.34 <= tail_s <= 1.21


def test_one_line_that_is_too_long_is_told_whole(tmp_path: Path) -> None:
    line = " ".join(["word"] * 60)
    told = Told3(tmp_path, 2.6, FixedLines(line)).tell(LONG, 8.0)
    assert told.script.text == line
    assert told.rate == FASTEST
    assert told.duration_s > 8.5


def test_a_model_that_fails_the_second_time_leaves_its_first_script(tmp_path: Path) -> None:
    teller = Told3(tmp_path, 2.6, FixedLines(*LINES, fails_after=1))
    told = teller.tell(LONG, 90.0)
    assert teller.writer.written == 2
    assert len(told.script.lines) == len(LINES)
    assert told.rate == 1.0


def test_a_model_that_fails_at_once_is_not_excused(tmp_path: Path) -> None:
    with pytest.raises(WriterFailedError):
        Told3(tmp_path, 2.6, FixedLines(*LINES, fails_after=0)).tell(LONG, 90.0)


def test_what_was_spoken_last_is_kept_and_not_spoken_again(tmp_path: Path) -> None:
    teller = Told3(tmp_path, 2.6, FixedLines(*LINES[:3]))
    told = teller.tell(LONG, teller.speaker.seconds_of(*LINES[:3]) + 0.7)
    assert teller.speaker.spoken == 1
    assert told.narration.audio_path.is_file()

"""What every speaker owes, whichever it is: a registry line enrols it here."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.kokoro_speaker import kokoro_studio

from nvpipe.errors import ArticleError, NvpipeError, UsageError
from nvpipe.types import Narration, Script, ScriptLine
from nvpipe.voice import SPEAKERS

LINES = (
    "The council voted on Tuesday to close the old harbour bridge.",
    "“We can't wait,” said Dr. Obi; the repair costs $48.5 million.",
    "Ferries will run every ten minutes.",
)


@pytest.fixture(params=SPEAKERS.names(), scope="module")
def speaker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Each speaker; those that need a model have a tiny one, whose speech is noise of the right lengths."""
    if request.param == "kokoro":
        with kokoro_studio(tmp_path_factory.mktemp("kokoro")) as studio:
            probe = studio.speaker.probe()
            assert probe.usable, probe.reason
            yield studio.speaker
        return
    probe = SPEAKERS.probe(request.param)
    if not probe.usable:
        pytest.skip(probe.reason)
    yield SPEAKERS.load(request.param)


def script_of(*lines: str) -> Script:
    return Script(tuple(ScriptLine(line, (line,)) for line in lines), "en", "test", "0")


def spoken(speaker: Any, output: Path, *lines: str, rate: float = 1.0) -> Narration:
    voice = speaker.resolve_voice("en", None)
    narration = speaker.speak(script_of(*lines), voice=voice, rate=rate, output=output)
    assert isinstance(narration, Narration)
    return narration


@pytest.fixture(scope="module")
def narration(speaker: Any, tmp_path_factory: pytest.TempPathFactory) -> Narration:
    return spoken(speaker, tmp_path_factory.mktemp("voice") / "voice.wav", *LINES)


def test_one_speaker_is_usable_here() -> None:
    SPEAKERS.choose()


def test_the_sound_is_mono_16_bit_and_as_long_as_it_says(narration: Narration) -> None:
    with wave.open(str(narration.audio_path)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth()) == (1, 2)
        assert reader.getframerate() == narration.sample_rate_hz
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    assert len(samples) / narration.sample_rate_hz == pytest.approx(narration.duration_s, abs=0.001)
    assert 4 < narration.duration_s < 25
    assert np.abs(samples.astype(int)).max() > 2000


def test_words_are_the_scripts_in_order_with_their_lines(narration: Narration) -> None:
    for number, line in enumerate(LINES):
        assert "".join(word.text for word in narration.words if word.line == number) == "".join(line.split())
    lines = [word.line for word in narration.words]
    assert lines == sorted(lines)
    assert set(lines) == set(range(len(LINES)))


def test_times_increase_inside_the_narration(narration: Narration) -> None:
    assert narration.words[0].start_s >= 0
    assert narration.words[-1].end_s <= narration.duration_s + 0.001
    assert all(word.end_s > word.start_s for word in narration.words)
    assert all(before.end_s <= after.start_s + 0.001 for before, after in pairwise(narration.words))
    assert narration.words[-1].end_s > 0.9 * narration.duration_s


def test_the_voice_is_heard_where_words_are(narration: Narration) -> None:
    with wave.open(str(narration.audio_path)) as reader:
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(float)
    for line in range(len(LINES)):
        words = [word for word in narration.words if word.line == line]
        start, end = (round(time_s * narration.sample_rate_hz) for time_s in (words[0].start_s, words[-1].end_s))
        assert np.sqrt(np.mean(samples[start:end] ** 2)) > 300


def test_the_same_script_gives_the_same_bytes(speaker: Any, narration: Narration, tmp_path: Path) -> None:
    again = spoken(speaker, tmp_path / "again.wav", *LINES)
    assert again.audio_path.read_bytes() == narration.audio_path.read_bytes()
    assert replace(again, audio_path=narration.audio_path) == narration


@pytest.mark.parametrize("rate", [0.8, 1.25])
def test_the_rate_changes_the_duration(speaker: Any, narration: Narration, tmp_path: Path, rate: float) -> None:
    made = spoken(speaker, tmp_path / "a.wav", *LINES, rate=rate)
    assert made.duration_s == pytest.approx(narration.duration_s / rate, rel=0.12)
    assert [word.text for word in made.words] == [word.text for word in narration.words]


def test_the_narration_names_speaker_voice_and_file(
    narration: Narration, speaker: Any, request: pytest.FixtureRequest
) -> None:
    assert narration.speaker == request.node.callspec.params["speaker"]
    assert narration.voice == speaker.resolve_voice("en", None)
    assert [path.name for path in narration.audio_path.parent.iterdir()] == ["voice.wav"]


def test_voices_are_resolved_to_their_full_names(speaker: Any) -> None:
    name = speaker.resolve_voice("en", None)
    assert name
    assert speaker.resolve_voice("en", name) == name


@pytest.mark.parametrize("voice", ["no-such-voice", "", "../../etc/passwd", "x" * 5000])
def test_an_unknown_voice_is_a_usage_error(speaker: Any, voice: str) -> None:
    with pytest.raises(UsageError) as caught:
        speaker.resolve_voice("en", voice)
    assert len(caught.value.line()) < 500


def test_a_language_that_no_voice_speaks_is_an_article_error(speaker: Any) -> None:
    with pytest.raises(ArticleError):
        speaker.resolve_voice("xx", None)


@pytest.mark.parametrize("lines", [(), ("",), ("  ", "\n")])
def test_what_says_nothing_leaves_no_file(speaker: Any, tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(NvpipeError):
        spoken(speaker, tmp_path / "a.wav", *lines)
    assert list(tmp_path.iterdir()) == []

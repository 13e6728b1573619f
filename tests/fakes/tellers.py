"""A writer and a speaker whose every word takes the same time."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

from nvpipe.errors import WriterFailedError
from nvpipe.registry import Probe
from nvpipe.story.speech import spoken_words
from nvpipe.types import Article, Narration, Script, ScriptLine, Word
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 8000


def article(*sentences: str) -> Article:
    text = ". ".join(sentences)
    return Article("article.md", "Title", text, None, digest_of(text))


class FirstSentences:
    """Takes sentences from the start as long as they fit; one at least."""

    version = "first/1"

    def __init__(self) -> None:
        self.written = 0

    def probe(self) -> Probe:
        return Probe(True, "writes")

    def write(self, article: Article, *, language: str, seconds: float, words_per_second: float) -> Script:
        self.written += 1
        taken: list[str] = []
        budget = seconds * words_per_second
        for sentence in article.text.split(". "):
            budget -= spoken_words(sentence, language)
            if taken and budget < 0:
                break
            taken.append(sentence)
        lines = tuple(ScriptLine(text, (text,)) for text in taken)
        return Script(lines, language, "first", digest_of(taken))


class FixedLines:
    """Writes the same lines whatever is asked for, as a model may; after `fails_after` times it fails."""

    version = "fixed/1"

    def __init__(self, *lines: str, fails_after: int = 100) -> None:
        self.written = 0
        self._lines = lines
        self._fails_after = fails_after

    def probe(self) -> Probe:
        return Probe(True, "writes")

    def write(self, article: Article, *, language: str, seconds: float, words_per_second: float) -> Script:
        self.written += 1
        if self.written > self._fails_after:
            raise WriterFailedError("no words came")
        lines = tuple(ScriptLine(text, (text,)) for text in self._lines)
        return Script(lines, language, "fixed", digest_of(self._lines))


class Metronome:
    """Says `pace` words a second, whatever they are."""

    version = "metronome/1"

    def __init__(self, pace: float) -> None:
        self.pace = pace
        self.spoken = 0

    def probe(self) -> Probe:
        return Probe(True, "ticks")

    def resolve_voice(self, language: str, voice: str | None) -> str:
        return voice or f"{language}-tick"

    def seconds_of(self, *lines: str) -> float:
        """How long lines take at rate 1."""
        return sum(spoken_words(line, "en") for line in lines) / self.pace

    def step_s(self, text: str, rate: float) -> float:
        """How long a word of a line takes."""
        return 1 / (self.pace * rate)

    def speak(self, script: Script, *, voice: str, rate: float, output: Path) -> Narration:
        self.spoken += 1
        words = []
        at_s = 0.0
        for number, line in enumerate(script.lines):
            length_s = spoken_words(line.text, script.language) * self.step_s(line.text, rate)
            parts = line.text.split()
            for index, text in enumerate(parts):
                start_s = at_s + length_s * index / len(parts)
                words.append(Word(text, start_s, start_s + length_s / len(parts), number))
            at_s += length_s
        with wave.open(str(output), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(bytes(2 * round(at_s * RATE_HZ)))
        return Narration(output, RATE_HZ, at_s, "metronome", voice, tuple(words))


class Wobbly(Metronome):
    """Counts whole words a minute, does not quite follow its rate, and takes its time with some lines."""

    version = "wobbly/1"

    def __init__(self, pace: float, seed: int) -> None:
        super().__init__(pace)
        self._seed = seed

    def step_s(self, text: str, rate: float) -> float:
        words_per_minute = round(170 * rate**0.85)
        own, mood = (self._chance(text, extra) for extra in (0, words_per_minute))
        return 170 / words_per_minute / self.pace * (0.85 + 0.3 * own) * (0.99 + 0.02 * mood)

    def _chance(self, text: str, extra: int) -> float:
        return int(digest_of([text, self._seed, extra])[:4], 16) / 0xFFFF

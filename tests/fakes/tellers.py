"""A writer and a speaker whose every word takes the same time."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

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

    def speak(self, script: Script, *, voice: str, rate: float, output: Path) -> Narration:
        self.spoken += 1
        step_s = 1 / (self.pace * rate)
        words = []
        at_s = 0.0
        for number, line in enumerate(script.lines):
            length_s = spoken_words(line.text, script.language) * step_s
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

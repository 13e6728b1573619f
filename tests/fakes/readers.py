"""Recordings whose word times are known."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np

from nvpipe.types import Narration, Script, ScriptLine
from nvpipe.types.codec import digest_of
from nvpipe.voice.espeak import EspeakSpeaker

LINES = (
    "A fishing boat came back to the harbour with something nobody could explain.",
    "Inside the box lay a small brass clock, and the clock was still ticking.",
    "Experts from the museum found no battery and no name of a maker.",
)
OTHER_LINES = (
    "The government announced new rules for electric bicycles on Monday morning.",
    "Riders under sixteen will need a licence, and helmets become compulsory.",
    "Shops have until the end of the year to change the labels on them.",
)


def script_of(lines: tuple[str, ...] = LINES) -> Script:
    return Script(tuple(ScriptLine(line, ()) for line in lines), "en", "given", digest_of([lines]))


def recorded(path: Path, voice: str, rate: float = 1.0, lines: tuple[str, ...] = LINES) -> tuple[Narration, Any]:
    """A WAV file spoken by a voice other than the one that reads for comparison, and its samples."""
    narration = EspeakSpeaker().speak(script_of(lines), voice=voice, rate=rate, output=path)
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    return narration, samples

"""What is said, and when."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written in the script, with the time at which it is spoken."""

    text: str
    start_s: float
    end_s: float
    line: int = 0
    """Index of the script line that it belongs to."""


@dataclass(frozen=True, slots=True)
class Narration:
    """Spoken audio with the times of its words."""

    audio_path: Path
    """Mono 16-bit PCM WAV."""
    sample_rate_hz: int
    duration_s: float
    speaker: str
    voice: str
    words: tuple[Word, ...]

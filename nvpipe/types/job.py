"""What a run is asked to do, and what became of each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ran", "cached", "failed"]


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one stage of one job did."""

    stage: str
    key: str
    outcome: Outcome
    backend: str
    seconds: float
    peak_memory_bytes: int = 0
    error: str = ""
    made_bytes: int = 0
    """Size of what it gave: files made, or the text of a script; of an analysis, of the video that was read."""
    predicted_memory_bytes: int = 0
    """What the models that worked in it were admitted with; 0 without models."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a stage, for the live display."""

    stage: str
    label: str
    """Which job or file."""
    done: float
    """Seconds of media, or bytes."""
    total: float | None
    """None while unknown."""
    unit: Literal["s", "bytes"] = "s"
    part: str = ""
    """Which of several things that one stage does at once."""

"""Captions as text and times; how they look is the style's business."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nvpipe.types.look import CaptionStyle


@dataclass(frozen=True, slots=True)
class Cue:
    """Words shown together during `[start_s, end_s)`, one of them highlighted."""

    start_s: float
    end_s: float
    words: tuple[str, ...]
    active: int | None
    """Index of the word being spoken; None between words."""
    spoken_until_s: float | None = None
    """When the active word ends; None when it is spoken as long as it is highlighted."""


@dataclass(frozen=True, slots=True)
class CaptionFont:
    """A font file; what is drawn follows from its content's digest."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class CaptionTrack:
    """All cues of a short in order, never overlapping."""

    cues: tuple[Cue, ...]
    style: str
    """Name of a style, or `none`."""
    language: str = "en"
    look: CaptionStyle | None = None
    """The style itself; None is the packaged one of that name."""
    font: CaptionFont | None = None
    """The user's font, which comes before the style's own."""

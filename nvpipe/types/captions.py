"""Captions as text and times; how they look is the style's business."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """Words shown together during `[start_s, end_s)`, one of them highlighted."""

    start_s: float
    end_s: float
    words: tuple[str, ...]
    active: int | None
    """Index of the word being spoken; None between words."""


@dataclass(frozen=True, slots=True)
class CaptionTrack:
    """All cues of a short in order, never overlapping."""

    cues: tuple[Cue, ...]
    style: str
    """Name of a style, or `none`."""
    language: str = "en"

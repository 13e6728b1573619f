"""Footage, what is known of its action, and the parts chosen from it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a video file says of itself, as displayed: after rotation and with square pixels."""

    path: Path
    container: str
    codec: str
    width_px: int
    height_px: int
    fps: Fraction
    """Average frame rate."""
    duration_s: float
    """From the container's header; what can really be decoded may be shorter."""
    rotation_deg: int
    """Clockwise rotation that a player applies: 0, 90, 180 or 270."""
    sample_aspect: Fraction
    pixel_format: str
    colour_matrix: str
    """`bt709`, `bt601` or `bt2020`: the tag, or what stands in for a missing one."""
    colour_assumed: bool
    """True when the file does not say its matrix."""
    full_range: bool
    interlaced: bool
    has_audio: bool
    licence: str | None = None
    """From the container's tags, as the three below."""
    credit: str | None = None
    """Who made it."""
    title: str | None = None
    source_url: str | None = None


@dataclass(frozen=True, slots=True)
class Footage:
    """A video file of the library."""

    video_id: str
    path: Path
    digest: str
    width_px: int
    height_px: int
    fps: Fraction
    duration_s: float
    codec: str
    rotation_deg: int
    has_audio: bool
    colour_matrix: str
    colour_assumed: bool
    licence: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that was measured to tell action from calm."""

    name: str
    weight: float
    """How much it counts in the scores; 0 where it cannot be trusted in this video."""
    values: tuple[float, ...]
    """One a step, as it was averaged: 0 is usual for this video, -2 to 2."""


@dataclass(frozen=True, slots=True)
class MotionTrack:
    """How much happens in a video, step by step."""

    video_id: str
    scorer: str
    """Name and version, for example `torch-diff/1`."""
    step_s: float
    duration_s: float
    """Length of what could be decoded."""
    scores: tuple[float, ...]
    """One finite score a step: 0 for a still picture, 1 to 2 for usual moments of lively footage, more for action;
    calm videos stay below."""
    focus_x: tuple[float, ...]
    """Centre of a crop window that follows the action, at the middle of each step, 0 left to 1 right; smooth inside
    of a shot; empty when not measured."""
    warnings: tuple[str, ...] = ()
    """Damage met while decoding, one sentence each."""
    signals: tuple[Signal, ...] = ()
    cuts_s: tuple[float, ...] = ()
    """Times of the first frames of new shots, rising."""
    coarse: bool = False
    """Whether only a part of the pictures was decoded."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A span `[start_s, end_s)` of a video."""

    video_id: str
    start_s: float
    end_s: float
    score: float
    """Mean of the track's scores over the span."""
    peak_s: float
    """Time of the strongest step, in the video's own time."""

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

"""What is known of a video's action."""

from __future__ import annotations

from dataclasses import dataclass


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

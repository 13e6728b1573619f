"""Footage and motion tracks made up from a few numbers, for what only looks at them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from nvpipe.types import Footage, MotionTrack, Signal

STEP_S = 0.5
VIDEO_ID = "made-up-00000000"


def make_footage(path: Path, **changes: Any) -> Footage:
    """Facts of a landscape video, which need not exist."""
    footage = Footage(
        VIDEO_ID, path, "0" * 32, 1920, 1080, Fraction(30), 60.0, "h264", 0, True, "bt709", False, "CC0", "somebody"
    )
    return replace(footage, **changes)


def make_track(duration_s: float, loud_s: tuple[float, float] = (0.0, 0.0), **changes: Any) -> MotionTrack:
    """A track that is calm but for the span `loud_s`."""
    steps = round(duration_s / STEP_S)
    scores = tuple(2.0 if loud_s[0] <= step * STEP_S < loud_s[1] else 0.5 for step in range(steps))
    signals = (
        Signal("picture change", 1.0, tuple(score - 1.0 for score in scores)),
        Signal("loudness", 0.5, tuple((step % 5 - 2) / 2 for step in range(steps))),
    )
    focus_x = tuple(0.5 + (step % 20 - 10) / 50 for step in range(steps))
    track = MotionTrack(VIDEO_ID, "made-up/1", STEP_S, duration_s, scores, focus_x, (), signals, (duration_s / 2,))
    return replace(track, **changes)

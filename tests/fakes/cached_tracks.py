"""A motion track, whole and coarse."""

from __future__ import annotations

from dataclasses import replace

from nvpipe.cache.action import (
    track_key,
)
from nvpipe.types import MotionTrack, Segment, Signal

VIDEO_ID = "clip-00112233"

DIGEST = "d" * 32

SCORES = tuple(n / 7 for n in range(120))

TRACK = MotionTrack(
    VIDEO_ID,
    "diff/1",
    0.5,
    60.0,
    SCORES,
    tuple(n / 120 for n in range(120)),
    ("damaged",),
    (Signal("sound", 1.0, SCORES), Signal("flash", 0.0, SCORES[::-1])),
    (1.5, 30.0),
)

COARSE = replace(TRACK, coarse=True, focus_x=(), signals=(), cuts_s=())

KEY = track_key(DIGEST, "diff/1")

COARSE_KEY = track_key(DIGEST, "diff/1", {"fast": True})
SEGMENTS = (Segment(VIDEO_ID, 3.0, 33.0, 1.5, 10.25), Segment(VIDEO_ID, 33.0, 60.0, 0.5, 40.0))

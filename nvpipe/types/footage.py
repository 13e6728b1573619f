"""A video of the library, and the parts chosen from it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


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

"""The plan of one short: everything the renderer needs, and nothing it has to decide."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from nvpipe.types.captions import CaptionTrack
from nvpipe.types.footage import Footage
from nvpipe.types.speech import Narration


@dataclass(frozen=True, slots=True)
class Cut:
    """The span `[source_start_s, source_end_s)` of a video, shown from `at_s` on."""

    footage: Footage
    source_start_s: float
    source_end_s: float
    at_s: float
    crop_path: tuple[tuple[float, float], ...] = ()
    """(seconds from the cut's start, centre of a crop of the canvas' shape from 0 left to 1 right), joined by
    straight lines; two points at one time are a jump: the later one holds from that moment on. Empty is centred."""

    @property
    def duration_s(self) -> float:
        return self.source_end_s - self.source_start_s


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """Geometry, pace and quality of the finished file."""

    width_px: int
    height_px: int
    fps: Fraction
    layout: str
    quality: str
    x264_params: str = ""
    """Extra `key=value:...` parameters that win over the quality level's own."""
    lufs: float = -14.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is shown and heard at every moment of `[0, duration_s)`."""

    cuts: tuple[Cut, ...]
    narration: Narration
    narration_at_s: float
    captions: CaptionTrack
    output: OutputFormat
    duration_s: float

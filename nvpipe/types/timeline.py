"""The plan of one short: everything the renderer needs, and nothing it has to decide."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from nvpipe.types.captions import CaptionTrack
from nvpipe.types.extras import NOTHING, CoverHint, Extras
from nvpipe.types.footage import Footage
from nvpipe.types.speech import Narration


@dataclass(frozen=True, slots=True)
class Precompiled:
    """A stretch of a video as an output shows it, made beforehand at the output's frame rate."""

    path: Path
    digest: str
    """Of the file's content."""
    start_s: float
    """Where in the video its first picture lies."""
    output_px: tuple[int, int]
    """Width and height of the output that it was made for."""


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
    precompiled: tuple[Precompiled, ...] = ()
    """What holds its pictures for each of the outputs; empty where they are composed from the video itself."""

    @property
    def duration_s(self) -> float:
        return self.source_end_s - self.source_start_s


@dataclass(frozen=True, slots=True)
class Still:
    """A picture that is shown all the time in a part of the canvas."""

    path: Path
    digest: str
    """Of the file's content."""


@dataclass(frozen=True, slots=True)
class Music:
    """Music under everything else, repeated as often as it is needed."""

    path: Path
    digest: str
    """Of the file's content."""
    volume_db: float
    """Its loudness where nobody speaks, relative to the voice's."""
    licence: str | None = None
    credit: str | None = None


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
    bit_rate: int | None = None
    """Average bits per second of the picture, instead of the quality level's own rate control."""
    blur_px: float = 30.0
    """Standard deviation of the blurred backdrop, in pixels of a canvas whose shorter side has 1080."""
    blur_opacity: float = 0.7
    """Of the backdrop over black: 1 leaves its brightness as it is."""
    blur_desaturation: float = 0.3
    """0 leaves the backdrop's colours as they are, 1 makes them grey."""
    codec: str = "h264"
    """What the pictures are coded as: h264, hevc or av1."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is shown and heard at every moment of `[0, duration_s)`."""

    cuts: tuple[Cut, ...]
    narration: Narration
    narration_at_s: float
    captions: CaptionTrack
    output: OutputFormat
    duration_s: float
    beside: tuple[Cut, ...] = ()
    """Second footage, which some layouts show beside the first; without its sound, and as long."""
    still: Still | None = None
    """A picture in place of the second footage."""
    extras: Extras = NOTHING
    cover: CoverHint | None = None
    """None when no cover image is wanted."""
    music: Music | None = None

"""What a video file says of itself."""

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
    """`bt709`, `bt601`, `bt2020`, `fcc` or `smpte240m`: the tag, or what stands in for a missing one."""
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
    mirrored: bool = False
    """Whether a player flips the picture left to right after it has turned it."""
    transfer: str = "sdr"
    """`sdr`, `pq` or `hlg`."""
    primaries: str = "bt709"
    """`bt2020` and `p3` for a wide gamut; everything else counts as `bt709`."""
    peak_nits: float = 0.0
    """Brightest light of a PQ video, 0 for others."""
    bottom_first: bool = False
    """Interlaced, bottom field first by the header, while the frames themselves say nothing."""

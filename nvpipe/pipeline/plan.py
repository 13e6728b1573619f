"""Chosen segments, narration and captions as one timeline."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from nvpipe.captions.cues import build_captions
from nvpipe.footage.crop import crop_path
from nvpipe.pipeline.tell import LEAD_S
from nvpipe.types import CaptionTrack, Cut, OutputFormat, Timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nvpipe.pipeline.tell import Told
    from nvpipe.settings import Settings
    from nvpipe.types import Footage, MotionTrack, Segment

WIDTH_PX, HEIGHT_PX = 1080, 1920
FPS = Fraction(30)
NO_CAPTIONS = "none"
FOLLOW = "follow"


def plan_timeline(
    told: Told,
    segments: Sequence[Segment],
    footage: Mapping[str, Footage],
    tracks: Mapping[str, MotionTrack],
    settings: Settings,
) -> Timeline:
    """Put everything in its place.

    Args:
        told: the script as it was spoken.
        segments: what is shown, in order, together as long as the file.
        footage: the videos by their id.
        tracks: what happens in them, by their id.
        settings: layout, crop, captions, quality.
    """
    cuts = []
    at_s = 0.0
    for segment in segments:
        path = crop_path(tracks[segment.video_id], segment.start_s, segment.end_s) if settings.crop == FOLLOW else ()
        cuts.append(Cut(footage[segment.video_id], segment.start_s, segment.end_s, at_s, path))
        at_s += segment.duration_s
    duration_s = frames_of(told.duration_s) / float(FPS)
    return Timeline(
        tuple(cuts), told.narration, LEAD_S, _captions(told, settings, duration_s), _output(settings), duration_s
    )


def frames_of(seconds: float) -> int:
    """Whole frames nearest to a length."""
    return max(1, round(seconds * FPS))


def subtitles(told: Told, settings: Settings, duration_s: float) -> CaptionTrack:
    """The captions of the subtitle file, which is written even when none are drawn."""
    style = "default" if settings.captions == NO_CAPTIONS else settings.captions
    return build_captions(
        told.narration.words,
        style=style,
        language=told.script.language,
        duration_s=duration_s,
        offset_s=LEAD_S,
    )


def _captions(told: Told, settings: Settings, duration_s: float) -> CaptionTrack:
    if settings.captions == NO_CAPTIONS:
        return CaptionTrack((), NO_CAPTIONS, told.script.language)
    return subtitles(told, settings, duration_s)


def _output(settings: Settings) -> OutputFormat:
    return OutputFormat(WIDTH_PX, HEIGHT_PX, FPS, settings.layout, settings.quality, x264_params=settings.x264_params)

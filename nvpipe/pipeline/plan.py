"""Chosen segments, narration and captions as one timeline."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from nvpipe.captions.cues import build_captions
from nvpipe.captions.styles import style
from nvpipe.compose.sizes import parse_sizes
from nvpipe.footage.crop import crop_path
from nvpipe.pipeline.extras import cover_hint, plan_extras
from nvpipe.pipeline.subtitles import caption_font
from nvpipe.pipeline.tell import LEAD_S
from nvpipe.types import CaptionTrack, Cut, OutputFormat, Timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nvpipe.compose.sizes import NamedSize
    from nvpipe.pipeline.beside import Beside
    from nvpipe.pipeline.tell import Told
    from nvpipe.settings import Settings
    from nvpipe.types import CaptionStyle, Footage, MotionTrack, Segment

FPS = Fraction(30)
"""Of the grid on which cuts fall, whatever the output's own rate; it is a multiple of this."""
NO_CAPTIONS = "none"
AUTO_CAPTIONS = "auto"
DEFAULT_CAPTIONS = "default"
FOLLOW = "follow"


def plan_timeline(
    told: Told,
    segments: Sequence[Segment],
    footage: Mapping[str, Footage],
    tracks: Mapping[str, MotionTrack],
    settings: Settings,
    beside: Beside,
) -> Timeline:
    """Put everything in its place; the output is the first of `outputs_of`.

    Args:
        told: the script as it was spoken.
        segments: what is shown, in order, together as long as the file.
        footage: the videos by their id.
        tracks: what happens in them, by their id.
        settings: layout, crop, captions, quality.
        beside: what is shown beside them.
    """
    duration_s = frames_of(told.duration_s) / float(FPS)
    cuts = _cuts(segments, footage, tracks, settings)
    return Timeline(
        cuts,
        told.narration,
        LEAD_S,
        _captions(told, settings, duration_s),
        outputs_of(settings)[0][1],
        duration_s,
        _cuts(beside.segments, beside.videos, {track.video_id: track for track in beside.tracks}, settings),
        beside.still,
        plan_extras(told, settings, duration_s),
        cover_hint(segments, cuts, tracks, settings),
    )


def _cuts(
    segments: Sequence[Segment],
    footage: Mapping[str, Footage],
    tracks: Mapping[str, MotionTrack],
    settings: Settings,
) -> tuple[Cut, ...]:
    cuts = []
    at_s = 0.0
    for segment in segments:
        path = crop_path(tracks[segment.video_id], segment.start_s, segment.end_s) if settings.crop == FOLLOW else ()
        cuts.append(Cut(footage[segment.video_id], segment.start_s, segment.end_s, at_s, path))
        at_s += segment.duration_s
    return tuple(cuts)


def frames_of(seconds: float) -> int:
    """Whole frames nearest to a length."""
    return max(1, round(seconds * FPS))


def subtitles(told: Told, settings: Settings, duration_s: float) -> CaptionTrack:
    """The captions of the subtitle file, which is written even when none are drawn."""
    name = DEFAULT_CAPTIONS if settings.captions in (NO_CAPTIONS, AUTO_CAPTIONS) else settings.captions
    track = build_captions(
        told.narration.words,
        style=style(name, settings.caption_styles),
        language=told.script.language,
        duration_s=duration_s,
        offset_s=LEAD_S,
    )
    return replace(track, font=caption_font(settings))


def own_looks(settings: Settings) -> list[CaptionStyle]:
    """The user's own styles that the captions can come out in."""
    wanted = settings.captions
    return [look for look in settings.caption_styles if wanted in (AUTO_CAPTIONS, look.name)]


def _captions(told: Told, settings: Settings, duration_s: float) -> CaptionTrack:
    if settings.captions == NO_CAPTIONS:
        return CaptionTrack((), NO_CAPTIONS, told.script.language)
    return subtitles(told, settings, duration_s)


def outputs_of(settings: Settings) -> list[tuple[str, OutputFormat]]:
    """The finished files of a job, in order, each with the name of its size."""
    return [(size.name, _output(size, settings)) for size in parse_sizes(settings.size)]


def _output(size: NamedSize, settings: Settings) -> OutputFormat:
    return OutputFormat(
        size.width_px,
        size.height_px,
        Fraction(settings.fps),
        settings.layout,
        settings.quality,
        x264_params=settings.x264_params,
        bit_rate=settings.bitrate,
        blur_px=settings.blur,
        blur_opacity=settings.blur_opacity,
        blur_desaturation=settings.blur_desaturation,
        lufs=settings.lufs,
        codec=settings.codec,
    )

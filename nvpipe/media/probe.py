"""What a video file says of itself, read from its header and its first frames."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.media.colour import colour_of, side_data
from nvpipe.media.duration import duration_of, rate_of
from nvpipe.media.reading import decode, packets
from nvpipe.media.safety import MAX_SIDE_PX, discard_others, name_of, opened
from nvpipe.types import MediaInfo

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video import VideoStream

_MAX_FIRST_PACKETS = 500
_FIRST_FRAMES = 3
_INTERLACED = (2, 3, 4, 5)
_BOTTOM_FIRST = (3, 5)
_MAX_TAG_CHARS = 300
_LICENCE_TAGS = ("license", "licence", "copyright")
_CREDIT_TAGS = ("artist", "author", "creator", "director", "publisher", "album_artist", "composer")
_ADDRESS_TAGS = ("purl", "url", "www", "source_url", "comment", "description", "synopsis")
_REMARK_TAGS = ("comment", "description", "synopsis")
_LICENCE = re.compile(
    r"(?i:https?://creativecommons\.org/(?:licenses|publicdomain)/[\w./-]+)|\bCC0(?:[ -]1\.0)?\b"
    r"|\b(?:CC BY|(?i:CC-BY))(?i:(?:-(?:SA|NC|ND))*(?:[ -]\d\.\d)?)(?![\w-])"
)
"""A licence named in a remark."""
_ADDRESS = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file's `MediaInfo` and what a reader needs besides."""

    info: MediaInfo
    stream_index: int
    origin_s: float
    """Time zero of the file, on the clock of its timestamps."""
    coded_width_px: int
    coded_height_px: int
    coded_aspect: Fraction | None
    """Shape of the pixels by the stream itself, which the container may correct."""
    paced: bool
    """Whether the time stamps mean nothing: frames follow each other at the frame rate."""


def probe(path: Path) -> MediaInfo:
    """Read what a video file says of itself; a few frames are decoded.

    Raises:
        MediaError: it is missing, damaged beyond use, has no video or is shorter than a second.
        UnsupportedMediaError: it is a playlist, or a kind of video that would come out wrong.
    """
    return inspect(path).info


def inspect(path: Path) -> Inspection:
    """`probe`, with what a reader needs besides. Raises the same."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return _inspected(path, ())
    return _inspected(path, (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns))


@lru_cache(maxsize=1)
def _inspected(path: Path, _identity: tuple[int, ...]) -> Inspection:
    """Kept for the file looked at last, which is opened again right away to be analysed."""
    with opened(path) as container:
        stream = video_stream(container, path)
        discard_others(container, stream)
        frames = _first_frames(container, stream, path)
        if not frames:
            raise MediaError(
                f"{name_of(path)} has a {stream.codec_context.name} track but no frame that can be decoded",
                hint="it is damaged; use another copy",
            )
        return _inspection(path, container, stream, frames)


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The video to use: no cover art, decodable, the default one, then the largest, then the first.

    Raises:
        MediaError: there is none.
    """
    import av

    attached = av.stream.Disposition.attached_pic
    pictures = [stream for stream in container.streams.video if not stream.disposition & attached]
    videos = [stream for stream in pictures if stream.codec_context is not None]
    if videos:
        default = av.stream.Disposition.default
        return max(
            videos,
            key=lambda item: (bool(item.disposition & default), item.width * item.height, -item.index),
        )
    name = name_of(path)
    if pictures:
        raise UnsupportedMediaError(f"{name} holds video in a codec that is not known here")
    if container.streams.video:
        raise MediaError(f"{name} has a cover picture but no video", hint="name a video file")
    if container.streams.audio:
        raise MediaError(f"{name} has sound but no video", hint="name a video file")
    raise MediaError(f"{name} has no video", hint="name a video file")


def origin_of(container: InputContainer) -> float:
    """Time zero: where the earliest stream starts, so that sound and picture keep their distance."""
    return (container.start_time or 0) / 1_000_000


def _first_frames(container: InputContainer, stream: VideoStream, path: Path) -> list[av.VideoFrame]:
    """Up to three decoded frames; damaged packets are passed over."""

    stream.codec_context.options = {"max_pixels": str(MAX_SIDE_PX * MAX_SIDE_PX)}
    frames: list[av.VideoFrame] = []
    for count, packet in enumerate(packets(container, stream, path, lambda: None)):
        frames += decode(packet, lambda: None)
        if len(frames) >= _FIRST_FRAMES or (count >= _MAX_FIRST_PACKETS and not frames):
            break
    return frames


def _inspection(
    path: Path, container: InputContainer, stream: VideoStream, frames: list[av.VideoFrame]
) -> Inspection:
    first, context, name = frames[0], stream.codec_context, name_of(path)
    rotation, mirrored = orientation(side_data(first).get("DISPLAYMATRIX"), name)
    interlaced = any(frame.interlaced_frame for frame in frames)
    aspect = _sample_aspect(stream, name)
    width, height = displayed_size(first.width, first.height, aspect, rotation)
    if max(width, height, first.width, first.height) > MAX_SIDE_PX:
        raise UnsupportedMediaError(
            f"{name} is {width}x{height}; at most {MAX_SIDE_PX}x{MAX_SIDE_PX} is accepted", hint="scale it down"
        )
    colour = colour_of(first, context, name)
    origin_s = origin_of(container)
    duration_s, paced = duration_of(container, stream, origin_s, path)
    own = {key.lower(): value for key, value in container.metadata.items()}
    tags = {**{key.lower(): value for key, value in stream.metadata.items()}, **own}
    info = MediaInfo(
        path=path,
        container=container.format.name,
        codec=context.name,
        width_px=width,
        height_px=height,
        fps=rate_of(stream, duration_s),
        duration_s=duration_s,
        rotation_deg=rotation,
        sample_aspect=aspect,
        pixel_format=first.format.name,
        colour_matrix=colour.matrix,
        colour_assumed=colour.assumed,
        full_range=colour.full_range,
        interlaced=interlaced or context.field_order in _INTERLACED,
        has_audio=any(sound.codec_context is not None for sound in container.streams.audio),
        licence=_tag(tags, _LICENCE_TAGS) or _found(tags, _REMARK_TAGS, _LICENCE),
        credit=_tag(tags, _CREDIT_TAGS),
        title=_tag(own, ("title",)),
        source_url=_found(own, _ADDRESS_TAGS, _ADDRESS),
        mirrored=mirrored,
        transfer=colour.transfer,
        primaries=colour.primaries,
        peak_nits=colour.peak_nits,
        bottom_first=not interlaced and context.field_order in _BOTTOM_FIRST,
    )
    aspect_itself = context.sample_aspect_ratio or None
    return Inspection(info, stream.index, origin_s, first.width, first.height, aspect_itself, paced)


def displayed_size(width: int, height: int, aspect: Fraction, rotation_deg: int) -> tuple[int, int]:
    """Size with square pixels (the shorter sides of the pixels are stretched), upright."""
    if aspect > 1:
        width = round(width * aspect)
    elif aspect < 1:
        height = round(height / aspect)
    return (height, width) if rotation_deg in (90, 270) else (width, height)


def _sample_aspect(stream: VideoStream, name: str) -> Fraction:
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if aspect <= 0:
        return Fraction(1)
    if not Fraction(1, 8) <= aspect <= 8:
        raise UnsupportedMediaError(f"{name} has pixels of {aspect}, which cannot be right")
    return aspect


def orientation(matrix: bytes | None, name: str) -> tuple[int, bool]:
    """Clockwise turn in degrees, and whether the turned picture is then flipped left to right.

    Args:
        matrix: libav's display matrix (ISO/IEC 14496-12, section 6.2.2), None when there is none.
        name: of the file, for the error.

    Raises:
        UnsupportedMediaError: it is not one of the eight ways to lay down a rectangle.
    """
    if matrix is None or len(matrix) != 36:
        return 0, False
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix)
    if a * d - b * c == 0:
        raise UnsupportedMediaError(f"{name} has a display matrix that cannot be inverted")
    mirrored = a * d - b * c < 0
    if mirrored:
        a, c = -a, -c
    angle = math.degrees(math.atan2(b, a))
    quarter = round(angle / 90)
    skew = abs(math.degrees(math.atan2(-c, d)) - angle) % 360
    if abs(angle - 90 * quarter) > 1 or min(skew, 360 - skew) > 1:
        raise UnsupportedMediaError(
            f"{name} is to be shown rotated by {angle:.0f} degrees; only quarter turns are supported",
            hint="convert it with ffmpeg first",
        )
    return quarter * 90 % 360, mirrored


def _tag(tags: dict[str, str], names: tuple[str, ...]) -> str | None:
    for name in names:
        text = "".join(char if char.isprintable() else " " for char in tags.get(name, ""))
        text = " ".join(text.split())[:_MAX_TAG_CHARS]
        if text:
            return text
    return None


def _found(tags: dict[str, str], names: tuple[str, ...], pattern: re.Pattern[str]) -> str | None:
    """The first match of a pattern in the tags of these names."""
    for name in names:
        if match := pattern.search(_tag(tags, (name,)) or ""):
            return match[0].rstrip(".,;:)")
    return None

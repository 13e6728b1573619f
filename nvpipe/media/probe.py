"""What a video file says of itself, read from its header and its first frames."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.media.colour import colour_of, side_data
from nvpipe.media.reading import decode, packets
from nvpipe.media.safety import MAX_DURATION_S, MAX_SIDE_PX, discard_others, name_of, opened
from nvpipe.types import MediaInfo

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video import VideoStream
    from av.video.codeccontext import VideoCodecContext

MIN_DURATION_S = 1.0
_MAX_FIRST_PACKETS = 500
_FIRST_FRAMES = 3
_FIELD_ORDERS_TOP_FIRST = (2, 4)
_FIELD_ORDERS_BOTTOM_FIRST = (3, 5)
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


def probe(path: Path) -> MediaInfo:
    """Read what a video file says of itself; a few frames are decoded.

    Raises:
        MediaError: it is missing, damaged beyond use, has no video or is shorter than a second.
        UnsupportedMediaError: it is a playlist, or a kind of video that would come out wrong.
    """
    return inspect(path).info


def inspect(path: Path) -> Inspection:
    """`probe`, with what a reader needs besides. Raises the same."""

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
    rotation = _rotation(first, name)
    aspect = _sample_aspect(stream, name)
    width, height = displayed_size(first.width, first.height, aspect, rotation)
    if max(width, height, first.width, first.height) > MAX_SIDE_PX:
        raise UnsupportedMediaError(
            f"{name} is {width}x{height}; at most {MAX_SIDE_PX}x{MAX_SIDE_PX} is accepted", hint="scale it down"
        )
    colour = colour_of(first, context, name)
    origin_s = origin_of(container)
    duration_s = _duration(container, stream, origin_s, path)
    own = {key.lower(): value for key, value in container.metadata.items()}
    tags = {**{key.lower(): value for key, value in stream.metadata.items()}, **own}
    info = MediaInfo(
        path=path,
        container=container.format.name,
        codec=context.name,
        width_px=width,
        height_px=height,
        fps=_rate(stream, duration_s),
        duration_s=duration_s,
        rotation_deg=rotation,
        sample_aspect=aspect,
        pixel_format=first.format.name,
        colour_matrix=colour.matrix,
        colour_assumed=colour.assumed,
        full_range=colour.full_range,
        interlaced=_interlaced(context, frames, name),
        has_audio=any(sound.codec_context is not None for sound in container.streams.audio),
        licence=_tag(tags, _LICENCE_TAGS) or _found(tags, _REMARK_TAGS, _LICENCE),
        credit=_tag(tags, _CREDIT_TAGS),
        title=_tag(own, ("title",)),
        source_url=_found(own, _ADDRESS_TAGS, _ADDRESS),
    )
    return Inspection(info, stream.index, origin_s, first.width, first.height)


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


def _rotation(frame: av.VideoFrame, name: str) -> int:
    """Clockwise rotation from the display matrix (ISO/IEC 14496-12, section 6.2.2)."""
    raw = side_data(frame).get("DISPLAYMATRIX")
    if raw is None or len(raw) != 36:
        return 0
    a, b, _, c, d, *_ = struct.unpack("=9i", raw)
    if a * d - b * c == 0:
        raise UnsupportedMediaError(f"{name} has a display matrix that cannot be inverted")
    angle = math.degrees(math.atan2(b, a))
    quarter = round(angle / 90)
    skew = abs(math.degrees(math.atan2(-c, d)) - angle) % 360
    if a * d - b * c < 0:
        raise UnsupportedMediaError(
            f"{name} is to be shown mirrored, which is not supported", hint="convert it with ffmpeg first"
        )
    if abs(angle - 90 * quarter) > 1 or min(skew, 360 - skew) > 1:
        raise UnsupportedMediaError(
            f"{name} is to be shown rotated by {angle:.0f} degrees; only quarter turns are supported",
            hint="convert it with ffmpeg first",
        )
    return quarter * 90 % 360


def _interlaced(context: VideoCodecContext, frames: list[av.VideoFrame], name: str) -> bool:
    if any(frame.interlaced_frame for frame in frames):
        return True
    if context.field_order in _FIELD_ORDERS_BOTTOM_FIRST:
        # The deinterlacer learns the order from the frames and would take these for top field first.
        raise UnsupportedMediaError(
            f"{name} is interlaced, bottom field first by its header alone, which is not supported",
            hint="deinterlace it first",
        )
    return context.field_order in _FIELD_ORDERS_TOP_FIRST


def _rate(stream: VideoStream, duration_s: float) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and Fraction(1, 10) <= rate <= 1000:
            return rate
    if stream.frames:
        return Fraction(stream.frames / duration_s).limit_denominator(1001)
    return Fraction(30)


def _duration(container: InputContainer, stream: VideoStream, origin_s: float, path: Path) -> float:
    duration_s = header_duration(container, stream, origin_s)
    if duration_s is None:
        duration_s = _scanned_duration(path, stream.index, origin_s)
    if duration_s > MAX_DURATION_S:
        raise UnsupportedMediaError(
            f"{name_of(path)} says it lasts {duration_s / 3600:.1f} h; at most {MAX_DURATION_S / 3600:.0f} h "
            "is accepted",
            hint="cut it into parts",
        )
    if duration_s < MIN_DURATION_S - 0.001:
        raise MediaError(
            f"{name_of(path)} is shorter than a second ({max(duration_s, 0):.3f} s)", hint="use longer footage"
        )
    return duration_s


def header_duration(container: InputContainer, stream: VideoStream, origin_s: float) -> float | None:
    """End of the video on the file's own time by its header, None when the header does not say."""
    whole = container.duration / 1_000_000 if container.duration and container.duration > 0 else None
    tagged = _tagged_duration(stream.metadata.get("DURATION", ""))
    own = tagged
    if stream.duration and stream.duration > 0 and stream.time_base:
        own = float(((stream.start_time or 0) + stream.duration) * stream.time_base) - origin_s
    if own and whole:
        return min(own, whole)
    return own or whole


def _tagged_duration(text: str) -> float | None:
    """Matroska's `DURATION` tag, `HH:MM:SS.nnnnnnnnn`, which is where the track ends."""
    match = re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d+)?)", text.strip("\0 "))
    if not match:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _scanned_duration(path: Path, index: int, origin_s: float) -> float:
    """Where the last packet of a stream ends, for files whose header does not say (live recordings)."""

    end_s = 0.0
    with opened(path) as container:
        stream = container.streams[index]
        base = float(stream.time_base or Fraction(1, 1000))
        for packet in packets(container, stream, path, lambda: None):
            if packet.pts is not None:
                end_s = max(end_s, (packet.pts + (packet.duration or 0)) * base - origin_s)
    return end_s


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

"""How long a video lasts, and at what rate its frames come."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.media.reading import packets
from nvpipe.media.safety import MAX_DURATION_S, name_of, opened

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video import VideoStream

MIN_DURATION_S = 1.0
_ROUNDING_S = 0.001
_COUNTS_FROM = 1.5
"""How much longer than its stamps say a video must be by its frames for these to be believed instead."""


def rate_of(stream: VideoStream, duration_s: float) -> Fraction:
    """Frames a second by the header, 30 when it says nothing sensible."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and Fraction(1, 10) <= rate <= 1000:
            return rate
    if stream.frames:
        return Fraction(stream.frames / duration_s).limit_denominator(1001)
    return Fraction(30)


def duration_of(container: InputContainer, stream: VideoStream, origin_s: float, path: Path) -> tuple[float, bool]:
    """Seconds of video, and whether they had to be counted because the time stamps mean nothing.

    Raises:
        MediaError: it is shorter than a second.
        UnsupportedMediaError: it says that it lasts longer than `MAX_DURATION_S`.
    """
    duration_s = header_duration(container, stream, origin_s)
    if duration_s is None:
        duration_s = _scanned_duration(path, stream.index, origin_s)
    if duration_s > MAX_DURATION_S:
        raise UnsupportedMediaError(
            f"{name_of(path)} says it lasts {duration_s / 3600:.1f} h; at most {MAX_DURATION_S / 3600:.0f} h "
            "is accepted",
            hint="cut it into parts",
        )
    if duration_s >= MIN_DURATION_S - _ROUNDING_S:
        return duration_s, False
    # Stamps that stand still or run backwards make a long video look short.
    counted_s = _counted_duration(path, stream, duration_s)
    if counted_s >= _COUNTS_FROM * max(duration_s, MIN_DURATION_S):
        return counted_s, True
    raise MediaError(
        f"{name_of(path)} is shorter than a second ({max(duration_s, 0):.3f} s)", hint="use longer footage"
    )


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


def _counted_duration(path: Path, stream: VideoStream, duration_s: float) -> float:
    """What a stream's packets last at its frame rate, however they are stamped."""
    with opened(path) as container:
        other = container.streams[stream.index]
        count = sum(packet.size > 0 for packet in packets(container, other, path, lambda: None))
    return float(count / rate_of(stream, duration_s))

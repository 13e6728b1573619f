"""Moments of a video that can be decoded by themselves."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from nvpipe.media.probe import origin_of, video_stream
from nvpipe.media.safety import discard_others, opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MOST_PACKETS = 64


def keyframes_before(path: Path, moments_s: Sequence[float]) -> list[float | None]:
    """For each moment the time of the keyframe at or before it, found without decoding.

    Args:
        path: the video.
        moments_s: from the start of the video.

    Returns:
        None where there is none before, or the file cannot be sought.

    Raises:
        MediaError: the file cannot be opened.
    """
    import av

    found: list[float | None] = []
    with opened(path) as container:
        stream = video_stream(container, path)
        discard_others(container, stream)
        origin_s, base = origin_of(container), stream.time_base or Fraction(1, 1000)
        for moment_s in moments_s:
            time_s = None
            try:
                container.seek(math.floor((moment_s + origin_s) / base), stream=stream)
                for count, packet in enumerate(container.demux(stream)):
                    if packet.is_keyframe and packet.pts is not None:
                        time_s = float(packet.pts * base) - origin_s
                    if time_s is not None or count >= _MOST_PACKETS:
                        break
            except av.error.FFmpegError:
                time_s = None
            found.append(time_s if time_s is not None and 0 <= time_s <= moment_s else None)
    return found

"""Where a timeline is divided into chunks, each of which is composed and encoded by itself.

The borders follow from the timeline and its footage alone, so that the result is the same for any number of
processes. A chunk's footage is always read from a position of its own, whoever reads it: borders lie at cuts, which
start with one anyway, and at keyframes, where it costs nothing.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.compose.frames import frame_borders, frame_count
from nvpipe.media.keyframes import keyframes_before
from nvpipe.media.probe import inspect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nvpipe.media.probe import Inspection
    from nvpipe.types import Cut, MediaInfo, Timeline

    Look = Callable[[Path], Inspection]

USUAL_S = 12.0
SHORTEST_S = 6.0
LONGEST_S = 18.0
"""A longer chunk is divided where that is possible."""
LOOK_EVERY_S = 1.0
"""Distance of the moments before which keyframes are looked for."""
LEAD_S = 1.0
"""Most that may be decoded in vain of each of two videos, whose keyframes seldom coincide."""
READ_EARLY_S = 0.004
"""How much before its first picture's time a chunk begins to read, for time stamps that are rounded."""
DEINTERLACING_FRAMES = 2
"""Frames that a chunk reads besides, before its first picture, where a filter looks at a frame's neighbours."""
_EXACT_CONTAINERS = frozenset({"mov", "mp4", "matroska", "webm"})
_EXACT_CODECS = frozenset({"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "prores", "mjpeg", "dnxhd"})
"""Where the decoder shows nothing that it cannot decode after a jump."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pictures `[first, end)` of a timeline."""

    first: int
    end: int


def plan_chunks(timeline: Timeline, *, divisible: bool = True) -> tuple[Chunk, ...]:
    """The chunks of a timeline, one after the other; all in one where its encoder does not divide a film.

    Raises:
        MediaError: footage cannot be read.
    """
    total, fps = frame_count(timeline), float(timeline.output.fps)
    if not divisible or total <= LONGEST_S * fps:
        return (Chunk(0, total),)
    return divided(total, fps, [frame for frame in _openings(timeline) if 0 < frame < total])


def divided(total: int, fps: float, borders: Sequence[int]) -> tuple[Chunk, ...]:
    """Pictures `[0, total)` in chunks of about USUAL_S.

    Args:
        total: number of pictures.
        fps: pictures a second.
        borders: where a chunk may start.
    """
    chunks: list[Chunk] = []
    first, shortest, usual, longest = 0, *(round(seconds * fps) for seconds in (SHORTEST_S, USUAL_S, LONGEST_S))
    while total - first > longest:
        room = [frame for frame in borders if first + shortest <= frame <= total - shortest]
        near = [frame for frame in room if frame <= first + longest]
        if not room:
            break
        # Without any in reach, the next one there is.
        end = min(near, key=lambda frame: (abs(frame - first - usual), frame)) if near else min(room)
        chunks.append(Chunk(first, end))
        first = end
    return (*chunks, Chunk(first, total))


def reading_starts_s(cut: Cut, frame: int, first: int, timeline: Timeline, info: MediaInfo) -> float:
    """From where a cut's footage is read to show pictures from `frame` on.

    Args:
        cut: of the timeline.
        frame: number of a picture.
        first: number of the cut's first picture.
        timeline: what is shown.
        info: of the footage.
    """
    if frame == first:
        return cut.source_start_s
    early_s = READ_EARLY_S + (DEINTERLACING_FRAMES / float(info.fps) if info.interlaced else 0.0)
    return max(cut.source_start_s, cut.source_start_s + frame / float(timeline.output.fps) - cut.at_s - early_s)


def _openings(timeline: Timeline) -> list[int]:
    """Where a chunk may start: nothing, or not much, has to be decoded in vain for it."""
    look = functools.cache(inspect)
    if not timeline.beside:
        return sorted(_reachable(timeline, timeline.cuts, 1, look))
    lead = math.ceil(LEAD_S * timeline.output.fps)
    first, second = (_reachable(timeline, cuts, lead, look) for cuts in (timeline.cuts, timeline.beside))
    return sorted(first & second)


def _reachable(timeline: Timeline, cuts: Sequence[Cut], lead: int, look: Look) -> set[int]:
    found: set[int] = set()
    for cut, first, end in frame_borders(timeline, cuts):
        found.add(first)
        if end - first >= SHORTEST_S * timeline.output.fps:
            found.update(_inside(timeline, cut, first, end, lead, look(cut.footage.path)))
    return found


def _inside(timeline: Timeline, cut: Cut, first: int, end: int, lead: int, inspection: Inspection) -> set[int]:
    """The `lead` pictures of a cut after each keyframe of its footage."""
    info, fps = inspection.info, float(timeline.output.fps)
    exact = info.codec in _EXACT_CODECS and not _EXACT_CONTAINERS.isdisjoint(info.container.split(","))
    if inspection.paced or not exact:
        return set()
    looks = [cut.source_start_s + count * LOOK_EVERY_S for count in range(1, math.ceil((end - first) / fps))]
    found: set[int] = set()
    keyframes_s = {found_s for found_s in keyframes_before(cut.footage.path, looks) if found_s is not None}
    for keyframe_s in sorted(found_s for found_s in keyframes_s if found_s > cut.source_start_s):
        # The first picture whose reading starts at the keyframe or after it.
        offset_s = keyframe_s - cut.source_start_s + cut.at_s
        frame = next(
            frame
            for frame in range(max(first + 1, math.floor(offset_s * fps)), end + math.ceil(fps) + 1)
            if reading_starts_s(cut, frame, first, timeline, info) >= keyframe_s or frame >= end
        )
        found.update(number for number in range(frame, min(end, frame + lead)))
    return found

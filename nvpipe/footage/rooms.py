"""Parts of videos that are free to be shown, and the pieces that fit into them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nvpipe.errors import MediaError, UsageError
from nvpipe.footage.curve import EPSILON_S, Curve, Interval, without
from nvpipe.types import MotionTrack, Segment

MIN_PIECE_S = 3.0
"""Pieces of a joined sequence are at least this long where the footage allows it."""
MIN_ROOM_S = 1.0
"""What is left of a used video in shorter parts counts as used up."""

_HOOKS = 3
"""So many of a video's strongest moments are tried as a beginning."""
_HOOK_PLACE = 0.4
"""Where in the first piece its peak would best be."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What has to be filled."""

    duration_s: float
    borders_s: tuple[float, ...] = ()
    """Ends of spoken sentences, where footage may be joined; rising, inside of the duration."""

    @property
    def first_s(self) -> float:
        """End of the first sentence."""
        return self.borders_s[0] if self.borders_s else self.duration_s

    @property
    def joins_s(self) -> tuple[float, ...]:
        """Borders that leave no splinter before the first or after the last join."""
        last_s = self.duration_s - MIN_PIECE_S
        return tuple(border_s for border_s in self.borders_s if MIN_PIECE_S <= border_s <= last_s)


@dataclass(frozen=True, slots=True)
class Room:
    """A part of a video that may be shown."""

    curve: Curve
    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    def holds(self, duration_s: float) -> bool:
        """Whether so much fits in."""
        return self.length_s >= duration_s - EPSILON_S

    def starts(self, duration_s: float) -> list[float]:
        """Where pieces of that length may start; those that leave splinters beside them only for want of others."""
        last_s = max(self.start_s, self.end_s - duration_s)
        starts = list(self.curve.starts(duration_s, (self.start_s, self.end_s)))
        if not starts or not self.curve.is_before_cut(last_s):
            starts.append(last_s)
        snug = [
            start_s
            for start_s in starts
            if not any(EPSILON_S < gap_s < MIN_PIECE_S for gap_s in (start_s - self.start_s, last_s - start_s))
        ]
        return snug or starts

    def promise(self, duration_s: float) -> float:
        """Mean score of its best window of that length, or of all of it where it is shorter."""
        length_s = min(duration_s, self.length_s)
        step_s = self.curve.track.step_s
        first, last = math.ceil(self.start_s / step_s - EPSILON_S), int((self.end_s - length_s) / step_s + EPSILON_S)
        inside = self.curve.means(duration_s)[first : last + 1] if length_s == duration_s else []
        return max(inside, default=self.curve.mean(self.start_s, length_s))

    def best(self, duration_s: float) -> Segment:
        """The best piece of that length, which the room holds."""
        return self.curve.segment(self.curve.ranked(self.starts(duration_s), duration_s)[0], duration_s)


def rooms_of(
    tracks: Sequence[MotionTrack], demand: Demand, free: Mapping[str, Sequence[Interval]] | None = None
) -> list[Room]:
    """The rooms of videos; all of a video that `free` does not name.

    Raises:
        UsageError: the duration is not a usable number.
        MediaError: there is no footage at all.
    """
    if not (math.isfinite(demand.duration_s) and demand.duration_s > 0):
        raise UsageError(
            f"{demand.duration_s} s of footage are not possible", hint="give a number of seconds above 0"
        )
    curves = [curve for curve in map(Curve, tracks) if curve.length_s > 0]
    if not curves:
        raise MediaError("there is no footage to show", hint="give at least one video that can be decoded")
    rooms: list[Room] = []
    for curve in curves:
        whole = (0.0, curve.length_s)
        for start_s, end_s in (free or {}).get(curve.track.video_id, [whole]):
            room = Room(curve, max(start_s, 0.0), min(end_s, curve.length_s))
            if (room.start_s, room.end_s) == whole or room.length_s >= MIN_ROOM_S:
                rooms.append(room)
    return rooms


def take(rooms: Iterable[Room], curve: Curve, piece: Segment) -> list[Room]:
    """What is left when a piece of a video is shown."""
    left: list[Room] = []
    for room in rooms:
        whole = (room.start_s, room.end_s)
        parts = without([whole], [(piece.start_s, piece.end_s)]) if room.curve is curve else [whole]
        left += [Room(room.curve, *part) for part in parts if part == whole or part[1] - part[0] >= MIN_ROOM_S]
    return left


def hooks(rooms: Sequence[Room], hook_s: float, first_s: float) -> list[tuple[Room, Segment]]:
    """First pieces around the strongest moments of one video, the strongest first, each with its room.

    Args:
        rooms: of one video.
        hook_s: length of the pieces.
        first_s: end of the first sentence, before which their strongest step lies.
    """
    within_s = min(first_s, hook_s)
    found: list[tuple[Room, Segment]] = []
    peaks_s: list[float] = []
    for room, peak_s in _peaks([room for room in rooms if room.holds(hook_s)]):
        if any(abs(peak_s - other_s) < hook_s for other_s in peaks_s):
            continue
        peaks_s.append(peak_s)
        wish_s = peak_s - min(_HOOK_PLACE * hook_s, within_s / 2)
        inside = (room.start_s, room.end_s)
        starts = [start_s for start_s in room.curve.starts(hook_s, inside) if start_s <= peak_s < start_s + within_s]
        if starts:
            start_s = min(starts, key=lambda start_s: (abs(start_s - wish_s), start_s))
            found.append((room, room.curve.segment(start_s, hook_s)))
        if len(peaks_s) == _HOOKS:
            break
    return found


def top(curve: Curve, piece: Segment) -> float:
    """Score of a piece's strongest step."""
    return curve.track.scores[curve.strongest(piece.start_s, piece.end_s)]


def mean(pieces: Sequence[Segment]) -> float:
    """Mean score of a sequence."""
    whole_s = math.fsum(piece.duration_s for piece in pieces)
    return math.fsum(piece.score * piece.duration_s for piece in pieces) / whole_s


def _peaks(rooms: Sequence[Room]) -> list[tuple[Room, float]]:
    """Middles of all whole steps, the strongest first."""
    found: list[tuple[float, float, Room]] = []
    for room in rooms:
        step_s = room.curve.track.step_s
        first, end = math.ceil(room.start_s / step_s - EPSILON_S), int(room.end_s / step_s + EPSILON_S)
        scores = room.curve.track.scores
        found += [(-scores[index], (index + 0.5) * step_s, room) for index in range(first, end)]
    return [(room, peak_s) for _, peak_s, room in sorted(found, key=lambda item: item[:2])]

"""Which footage is shown in a short, and where in it: pure functions, standard library only.

The strongest moment comes under the first sentence, joins fall between sentences, and a cut has to be worth it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from nvpipe.footage.curve import EPSILON_S, Curve, Interval
from nvpipe.footage.joined import CUT_COST, joined, repeated
from nvpipe.footage.rooms import MIN_PIECE_S, Demand, Room, hooks, mean, rooms_of, take, top
from nvpipe.types import MotionTrack, Segment

STILL_SCORE = 0.3
"""A sequence of one video that scores no more is a still picture, and any joined action beats it."""
CLEARLY_BETTER = 0.5
"""Cuts from video to video cost the viewer something, so a sequence from several has to score this much more than one
from a single video: half of the range (1 to 2) that usual moments of lively footage differ by."""

_LIKELY = 6
"""So many videos are looked at closely: those with the best windows."""


def arrange(
    tracks: Sequence[MotionTrack], demand: Demand, free: Mapping[str, Sequence[Interval]] | None = None
) -> list[Segment] | None:
    """Segments that fill the demand, in the order to be shown, none overlapping another; None if that is too much.

    One video carries the short unless several joined score clearly better: one window of it, or its strongest moment
    followed by others. The strongest step of all that is shown lies under the first sentence wherever the footage
    allows it.

    Args:
        tracks: what happens in each video.
        demand: the length, and where joins may fall.
        free: by video, rising and disjoint intervals that may be shown; all of a video that is not named.

    Raises:
        UsageError: the duration is not a usable number.
        MediaError: there is no footage at all.
    """
    rooms = rooms_of(tracks, demand, free)
    single = _best_single(rooms, demand)
    if single is None:
        return joined(rooms, demand)
    if _promise(rooms, MIN_PIECE_S) < mean(single) + CLEARLY_BETTER and mean(single) > STILL_SCORE:
        return single
    several = joined(rooms, demand)
    return several if several is not None and _is_clearly_better(several, single) else single


def arrange_again(tracks: Sequence[MotionTrack], demand: Demand) -> list[Segment]:
    """Like `arrange`, for footage that is shorter than the demand: when all was shown it starts again.

    Raises:
        UsageError: the duration is not a usable number.
        MediaError: there is no footage at all.
    """
    return repeated(rooms_of(tracks, demand), demand)


def total_s(tracks: Iterable[MotionTrack]) -> float:
    """Seconds of footage that can be shown."""
    return math.fsum(Curve(track).length_s for track in tracks)


def _best_single(rooms: Sequence[Room], demand: Demand) -> list[Segment] | None:
    """The best sequence from one video."""
    by_curve: dict[int, list[Room]] = {}
    for room in rooms:
        by_curve.setdefault(id(room.curve), []).append(room)
    # Others can only be better by what their strongest moment adds.
    likely = sorted(by_curve.values(), key=lambda of_curve: -_promise(of_curve, demand.duration_s))[:_LIKELY]
    holding = [room for of_curve in likely for room in of_curve if room.holds(demand.duration_s)]
    found = [pieces for room in holding for pieces in _one_take(room, demand)]
    found += [pieces for of_curve in likely for pieces in _hooked(of_curve, demand)]
    # One window whose peak comes later is better than none.
    found = found or [[room.best(demand.duration_s)] for room in holding]
    return max(found, key=lambda pieces: round(mean(pieces) - CUT_COST * (len(pieces) - 1), 9), default=None)


def _promise(rooms: Sequence[Room], duration_s: float) -> float:
    return max(room.promise(duration_s) for room in rooms)


def _one_take(room: Room, demand: Demand) -> list[list[Segment]]:
    """The best window whose peak lies under the first sentence."""
    for start_s in room.curve.ranked(room.starts(demand.duration_s), demand.duration_s):
        window = room.curve.segment(start_s, demand.duration_s)
        if window.peak_s < start_s + demand.first_s:
            return [[window]]
    return []


def _hooked(rooms: Sequence[Room], demand: Demand) -> list[list[Segment]]:
    """A strong moment first, then the best other window, or what leads to that moment and what follows it."""
    if not demand.joins_s:
        return []
    found: list[list[Segment]] = []
    curve = rooms[0].curve
    hook_s, *later = demand.joins_s
    rest_s = demand.duration_s - hook_s
    for room, hook in hooks(rooms, hook_s, demand.first_s):
        found += [[hook, other.best(rest_s)] for other in take(rooms, curve, hook) if other.holds(rest_s)]
        for border_s in later:
            before_s, after_s = border_s - hook_s, demand.duration_s - border_s
            start_s = hook.start_s - before_s
            if before_s < MIN_PIECE_S or start_s < room.start_s or hook.end_s + after_s > room.end_s:
                continue
            if not curve.is_before_cut(start_s) and not curve.is_before_cut(hook.end_s):
                found.append([hook, curve.segment(start_s, before_s), curve.segment(hook.end_s, after_s)])
    return [pieces for pieces in found if top(curve, pieces[0]) >= max(top(curve, piece) for piece in pieces)]


def _is_clearly_better(several: Sequence[Segment], single: Sequence[Segment]) -> bool:
    gain = mean(several) - mean(single)
    if mean(single) <= STILL_SCORE:
        return gain > EPSILON_S
    return gain >= CLEARLY_BETTER and min(piece.duration_s for piece in several) >= MIN_PIECE_S - EPSILON_S

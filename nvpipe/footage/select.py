"""The best windows of one video: a pure function of its track, standard library only.

A track's scores lie on one scale for all videos (0: a still picture; 1 to 2: the usual moment of lively
footage; more: action), so that windows of different videos can be compared.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from typing import TYPE_CHECKING

from nvpipe.errors import UsageError

if TYPE_CHECKING:
    from nvpipe.types import MotionTrack, Segment

VERSION = 2
"""Part of the cache key; a change of what is chosen changes it."""


def best_segments(track: MotionTrack, duration_s: float, count: int | None = None) -> tuple[Segment, ...]:
    """The best windows of a video, best first, none overlapping another.

    Windows start on the borders of the track's steps, and on none of the half-seconds before a scene cut. Equal
    scores: the earlier window comes first. A video that is not longer than `duration_s` gives one segment of its
    whole length, an empty one none.

    Args:
        track: what happens in the video.
        duration_s: length of each window in seconds.
        count: how many at most; None means as many as fit.

    Raises:
        UsageError: the duration or the count is not a usable number.
    """
    from nvpipe.footage.curve import EPSILON_S, Curve

    if not (math.isfinite(duration_s) and duration_s > 0):
        raise UsageError(f"a segment of {duration_s} s is not possible", hint="give a number of seconds above 0")
    if count is not None and count < 1:
        raise UsageError(f"cannot choose {count} segments", hint="ask for one or more")
    curve = Curve(track)
    if curve.length_s <= 0:
        return ()
    if curve.length_s <= duration_s + EPSILON_S:
        return (curve.segment(0.0, curve.length_s),)
    chosen: list[Segment] = []
    starts: list[float] = []
    reach_s = duration_s - EPSILON_S
    for start_s in curve.ranked(curve.starts(duration_s), duration_s):
        at = bisect_right(starts, start_s)
        near = starts[max(at - 1, 0) : at + 1]
        if any(abs(start_s - other_s) < reach_s for other_s in near):
            continue
        insort(starts, start_s)
        chosen.append(curve.segment(start_s, duration_s))
        if len(chosen) == count:
            break
    return tuple(chosen)

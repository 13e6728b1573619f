"""Which parts of scored footage to show: pure functions on tracks, standard library only.

A track's scores lie on one scale for all videos (0: a still picture; 1 to 2: the usual moment of lively
footage; more: action), so that windows of different videos can be compared.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import accumulate, chain, cycle

from nvpipe.errors import MediaError, UsageError
from nvpipe.types import MotionTrack, Segment

MIN_PIECE_S = 3.0
"""Pieces of a joined sequence are at least this long where the footage allows it."""

STILL_SCORE = 0.3
"""A continuous window that scores no more is a still picture, and any joined action beats it."""

CLEARLY_BETTER = 0.5
"""Cuts cost the viewer something, so a joined sequence has to score this much more than one continuous window:
half of the range (1 to 2) that usual moments of lively footage differ by."""

_EPSILON_S = 1e-6
_DIGITS = 9


def best_segments(track: MotionTrack, duration_s: float, count: int | None = None) -> tuple[Segment, ...]:
    """The best windows of a video, best first, none overlapping another.

    Windows start on the borders of the track's steps. Equal scores: the earlier window comes first. A video
    that is not longer than `duration_s` gives one segment of its whole length, an empty one none.

    Args:
        track: what happens in the video.
        duration_s: length of each window in seconds.
        count: how many at most; None means as many as fit.

    Raises:
        UsageError: the duration or the count is not a usable number.
    """
    _check_duration(duration_s)
    if count is not None and count < 1:
        raise UsageError(f"cannot choose {count} segments", hint="ask for one or more")
    length_s = _length_s(track)
    if length_s <= 0:
        return ()
    if length_s <= duration_s + _EPSILON_S:
        return (_Curve(track).segment(0.0, length_s),)
    curve = _Curve(track)
    chosen: list[Segment] = []
    starts: list[float] = []
    reach_s = duration_s - _EPSILON_S
    for start_s in curve.ranked_starts(duration_s):
        at = bisect_right(starts, start_s)
        near = starts[max(at - 1, 0) : at + 1]
        if any(abs(start_s - other_s) < reach_s for other_s in near):
            continue
        insort(starts, start_s)
        chosen.append(curve.segment(start_s, duration_s))
        if len(chosen) == count:
            break
    return tuple(chosen)


def cover(tracks: Sequence[MotionTrack], duration_s: float) -> tuple[list[Segment], list[str]]:
    """Segments that fill `duration_s`, in the order to be shown, and warnings.

    The best continuous window of all videos, unless videos joined score clearly better. Joined are whole videos,
    best first, the last one cut to its best part. Only when all footage is used up is some of it shown again,
    starting with the best.

    Raises:
        UsageError: the duration is not a usable number.
        MediaError: there is no footage at all.
    """
    _check_duration(duration_s)
    curves = [_Curve(track) for track in tracks if _length_s(track) > 0]
    if not curves:
        raise MediaError("there is no footage to show", hint="give at least one video that can be decoded")
    parts = {id(curve): curve.best(min(curve.length_s, duration_s)) for curve in curves}
    curves.sort(key=lambda curve: -round(parts[id(curve)].score, _DIGITS))
    continuous = next((parts[id(curve)] for curve in curves if curve.length_s >= duration_s - _EPSILON_S), None)
    joined = _joined(curves, duration_s)
    if continuous is not None:
        return (joined if _is_clearly_better(joined, continuous) else [continuous]), []
    total_s = math.fsum(curve.length_s for curve in curves)
    if total_s >= duration_s - _EPSILON_S:
        return joined, []
    files = "1 video" if len(curves) == 1 else f"{len(curves)} videos"
    return joined, [
        f"{duration_s:.1f} s are needed and {files} give {total_s:.1f} s of footage, so it is shown again"
    ]


def _is_clearly_better(joined: Sequence[Segment], continuous: Segment) -> bool:
    duration_s = math.fsum(piece.duration_s for piece in joined)
    gain = math.fsum(piece.score * piece.duration_s for piece in joined) / duration_s - continuous.score
    if continuous.score <= STILL_SCORE:
        return gain > _EPSILON_S
    return gain >= CLEARLY_BETTER and min(piece.duration_s for piece in joined) >= MIN_PIECE_S - _EPSILON_S


def _joined(curves: Sequence[_Curve], duration_s: float) -> list[Segment]:
    """Whole videos in turn, again and again; the last two are shared out so that neither is a splinter."""
    pieces: list[tuple[_Curve, float]] = []
    left_s = duration_s
    for curve in chain(curves, cycle(curves)):
        pieces.append((curve, min(curve.length_s, left_s)))
        left_s -= pieces[-1][1]
        if left_s <= _EPSILON_S:
            break
    segments = [curve.best(piece_s) for curve, piece_s in pieces]
    # While nothing repeats, the video before the last gives time to the last. Later only the last video itself can,
    # its start being shown earlier and its end last: anything else would leave a part of the footage unused.
    giver = -2 if len(pieces) <= len(curves) else -1 - len(curves)
    if len(pieces) == 1:
        return segments
    (other, other_s), (last, last_s) = pieces[giver], pieces[-1]
    wanted_s = min(MIN_PIECE_S, last.length_s, (other_s + last_s) / 2)
    if last_s < wanted_s:
        other_s -= wanted_s - last_s
        if other is last:
            segments[giver] = last.segment(0.0, other_s)
            segments[-1] = last.segment(last.length_s - wanted_s, wanted_s)
        else:
            segments[giver], segments[-1] = other.best(other_s), last.best(wanted_s)
    return segments


def _check_duration(duration_s: float) -> None:
    if not (math.isfinite(duration_s) and duration_s > 0):
        raise UsageError(f"a segment of {duration_s} s is not possible", hint="give a number of seconds above 0")


def _length_s(track: MotionTrack) -> float:
    """Seconds that are both decoded and scored."""
    return min(track.duration_s, len(track.scores) * track.step_s)


class _Curve:
    """A track as a step function over time with its integral, for means over any span."""

    def __init__(self, track: MotionTrack) -> None:
        self.track = track
        self.length_s = _length_s(track)
        self._sums = tuple(accumulate(track.scores, initial=0.0))

    def mean(self, start_s: float, duration_s: float) -> float:
        """Mean score over `[start_s, start_s + duration_s)`."""
        return (self._integral(start_s + duration_s) - self._integral(start_s)) / duration_s

    def ranked_starts(self, duration_s: float) -> list[float]:
        """Starts of all windows of that length, best first; the first step's border when only that fits."""
        step_s = self.track.step_s
        last = int((self.length_s - duration_s + _EPSILON_S) / step_s)
        starts = [index * step_s for index in range(max(last, 0) + 1)]
        return sorted(starts, key=lambda start_s: (-round(self.mean(start_s, duration_s), _DIGITS), start_s))

    def best(self, duration_s: float) -> Segment:
        return self.segment(self.ranked_starts(duration_s)[0], duration_s)

    def segment(self, start_s: float, duration_s: float) -> Segment:
        end_s = min(start_s + duration_s, self.length_s)
        step_s = self.track.step_s
        first = int(start_s / step_s + _EPSILON_S)
        last = min(max(math.ceil(end_s / step_s - _EPSILON_S), first + 1), len(self.track.scores))
        peak = max(range(first, last), key=lambda index: (self.track.scores[index], -index))
        peak_s = (max(peak * step_s, start_s) + min((peak + 1) * step_s, end_s)) / 2
        return Segment(self.track.video_id, start_s, end_s, self.mean(start_s, end_s - start_s), peak_s)

    def _integral(self, time_s: float) -> float:
        place = min(max(time_s / self.track.step_s, 0.0), float(len(self.track.scores)))
        index = min(int(place), len(self.track.scores) - 1)
        return (self._sums[index] + (place - index) * self.track.scores[index]) * self.track.step_s

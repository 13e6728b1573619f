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

MIN_PIECE_S = 2.5
"""Pieces of a joined sequence are at least this long where the footage allows it."""

STILL_SCORE = 0.3
"""A continuous window is taken only when it scores more: joined action beats one still picture."""

_EPSILON_S = 1e-6
_DIGITS = 9


def best_segments(
    track: MotionTrack, duration_s: float, count: int | None = None, min_gap_s: float = 0.0
) -> tuple[Segment, ...]:
    """The best windows of a video, best first, none overlapping another.

    Windows start on the borders of the track's steps. Equal scores: the earlier window comes first. A video
    that is not longer than `duration_s` gives one segment of its whole length, an empty one none.

    Args:
        track: what happens in the video.
        duration_s: length of each window in seconds.
        count: how many at most; None means as many as fit.
        min_gap_s: seconds that lie between two windows at least.

    Raises:
        UsageError: the duration, the count or the gap is not a usable number.
    """
    _check_duration(duration_s)
    if count is not None and count < 1:
        raise UsageError(f"cannot choose {count} segments", hint="ask for one or more")
    if not (math.isfinite(min_gap_s) and min_gap_s >= 0):
        raise UsageError(f"a gap of {min_gap_s} s between segments is not possible", hint="give 0 or more")
    length_s = _length_s(track)
    if length_s <= 0:
        return ()
    if length_s <= duration_s + _EPSILON_S:
        return (_Curve(track).segment(0.0, length_s),)
    curve = _Curve(track)
    chosen: list[Segment] = []
    starts: list[float] = []
    reach_s = duration_s + min_gap_s - _EPSILON_S
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

    The best continuous window of all videos, if one is long enough and not still. Otherwise whole videos, best
    first, the last one cut to its best part; only when all footage is used up does it start again with the best.

    Raises:
        UsageError: the duration is not a usable number.
        MediaError: there is no footage at all.
    """
    _check_duration(duration_s)
    curves = [_Curve(track) for track in tracks if _length_s(track) > 0]
    if not curves:
        raise MediaError("there is no footage to show", hint="give at least one video that can be decoded")
    long_enough = [curve for curve in curves if curve.length_s >= duration_s - _EPSILON_S]
    windows = [curve.best(duration_s) for curve in long_enough]
    best = max(windows, key=lambda window: round(window.score, _DIGITS), default=None)
    if best and best.score > STILL_SCORE:
        return [best], []
    curves.sort(key=lambda curve: -round(curve.mean(0.0, curve.length_s), _DIGITS))
    pieces = _pieces(curves, duration_s)
    warnings = []
    if len(pieces) > len(curves):
        total_s = math.fsum(curve.length_s for curve in curves)
        files = "1 video" if len(curves) == 1 else f"{len(curves)} videos"
        warnings.append(
            f"{duration_s:.1f} s are needed and {files} give {total_s:.1f} s of footage, so it is shown again"
        )
    return [curve.best(piece_s) for curve, piece_s in pieces], warnings


def _pieces(curves: Sequence[_Curve], duration_s: float) -> list[tuple[_Curve, float]]:
    """Whole videos in turn, the last two shared out so that neither is a splinter."""
    pieces: list[tuple[_Curve, float]] = []
    left_s = duration_s
    for curve in chain(curves, cycle(curves)):
        piece_s = min(curve.length_s, left_s)
        pieces.append((curve, piece_s))
        left_s -= piece_s
        if left_s <= _EPSILON_S:
            break
    if len(pieces) > 1:
        (before, before_s), (last, last_s) = pieces[-2:]
        missing_s = min(MIN_PIECE_S, last.length_s) - last_s
        if missing_s > 0 and before_s - missing_s >= MIN_PIECE_S:
            pieces[-2:] = [(before, before_s - missing_s), (last, last_s + missing_s)]
    return pieces


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

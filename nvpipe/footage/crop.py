"""Where the crop window of a stretch of video is, moment by moment."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nvpipe.types import MotionTrack

POINT_S = 0.05
"""Distance of the points of a path while it moves."""
CENTRE = 0.5
_DIGITS = 6


def crop_path(track: MotionTrack, start_s: float, end_s: float) -> tuple[tuple[float, float], ...]:
    """The path of the crop's centre over the span `[start_s, end_s)` of a video, for `Cut.crop_path`.

    Inside a shot the values of `track.focus_x` are the control points of a uniform quadratic B-spline: speed is
    continuous, neither speed nor acceleration is larger than theirs, and the path holds exactly still where they do
    (de Boor, A Practical Guide to Splines, 1978). At a scene cut the path jumps.

    Returns:
        (seconds from `start_s`, centre from 0 to 1), times never falling, the first at 0; straight lines join them.
        Two points at one time are a jump: the later one holds from that moment on. Empty when the window stays in
        the centre all the time.
    """
    if not track.focus_x or not end_s > start_s:
        return ()
    borders = [0.0, *(cut_s for cut_s in track.cuts_s if cut_s > 0), math.inf]
    path: list[tuple[float, float]] = []
    for shot_s, next_s in pairwise(borders):
        first_s, last_s = max(shot_s, start_s), min(next_s, end_s)
        if first_s < last_s:
            control = _control(track, shot_s, next_s)
            path += [(time_s - start_s, _place(track, control, time_s)) for time_s in _times(first_s, last_s)]
    rounded = [(round(time_s, _DIGITS), round(place, _DIGITS)) for time_s, place in path]
    if all(place == CENTRE for _, place in rounded):
        return ()
    return tuple(_without_repeats(rounded))


def _control(track: MotionTrack, shot_s: float, next_s: float) -> tuple[int, int] | None:
    """First and last step whose middle lies in the shot; None for a shot between two middles."""
    count = len(track.focus_x)
    first = math.ceil(shot_s / track.step_s - 0.5 - 1e-9)
    last = count - 1 if math.isinf(next_s) else math.ceil(next_s / track.step_s - 0.5 - 1e-9) - 1
    first, last = max(first, 0), min(last, count - 1)
    return (first, last) if first <= last else None


def _place(track: MotionTrack, control: tuple[int, int] | None, time_s: float) -> float:
    if control is None:
        return CENTRE
    first, last = control
    step = math.floor(time_s / track.step_s)
    u = time_s / track.step_s - step
    before, here, after = (track.focus_x[min(max(index, first), last)] for index in (step - 1, step, step + 1))
    if before == here == after:
        return here
    return 0.5 * (1 - u) ** 2 * before + (0.5 + u - u * u) * here + 0.5 * u * u * after


def _times(first_s: float, last_s: float) -> list[float]:
    count = max(1, math.ceil((last_s - first_s) / POINT_S))
    return [first_s + (last_s - first_s) * index / count for index in range(count)] + [last_s]


def _without_repeats(path: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The path without points in the middle of a stretch that holds still."""
    kept: list[tuple[float, float]] = []
    for point in path:
        if len(kept) > 1 and kept[-2][1] == kept[-1][1] == point[1]:
            kept[-1] = point
        elif not kept or point != kept[-1]:
            kept.append(point)
    return kept

"""Which frames of the finished file show which cut."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from nvpipe.types import Cut, Timeline


EARLY_S = 0.00103
"""How much before its time a frame is taken, so that rounded time stamps don't shift the pace; no round number, so
that the border lies nowhere near the phases that cuts have."""
GRID_S = 0.0011
"""Containers that keep whole milliseconds put a frame at most this far from where its rate says."""


def frame_borders(timeline: Timeline, cuts: Sequence[Cut] | None = None) -> list[tuple[Cut, int, int]]:
    """Each cut with the first frame that shows it and the frame after its last.

    Args:
        timeline: what is shown.
        cuts: the timeline's own, or those of its second footage.
    """
    cuts = timeline.cuts if cuts is None else cuts
    fps = timeline.output.fps
    total = frame_count(timeline)
    starts = [round(cut.at_s * fps) for cut in cuts] + [total]
    return [
        (cut, first, min(end, total))
        for cut, first, end in zip(cuts, starts[:-1], starts[1:], strict=True)
        if first < min(end, total)
    ]


def frame_count(timeline: Timeline) -> int:
    """Frames of the finished file."""
    return round(timeline.duration_s * timeline.output.fps)


def on_grid(time_s: float, fps: Fraction) -> float:
    """A frame's time without its container's rounding, which would make an even pace uneven.

    Args:
        time_s: as the container says.
        fps: the video's average rate; where it varies, times off the grid stay as they are.
    """
    exact_s = float(round(time_s * fps) / fps)
    return exact_s if abs(exact_s - time_s) <= GRID_S else time_s


def source_s(cut: Cut, index: int, fps: Fraction) -> float:
    """The moment of the footage that a frame of the finished file shows."""
    return cut.source_start_s + float(index / fps) - cut.at_s


def unseen(cut: Cut, first: int, end: int, fps: Fraction, source_fps: Fraction) -> Callable[[float, float], bool]:
    """Tells of frames of the footage that none of the finished file's shows.

    Args:
        cut: which footage.
        first: frame of the finished file.
        end: the frame after the last one.
        fps: rate of the finished file.
        source_fps: average rate of the footage.

    Returns:
        Whether a frame on display from one time to another is passed over for a later one.
    """
    taken = [source_s(cut, index, fps) + EARLY_S for index in range(first, end)]

    def passed_over(time_s: float, next_s: float) -> bool:
        coming = bisect_left(taken, on_grid(next_s, source_fps))
        return bisect_left(taken, on_grid(time_s, source_fps)) == coming < len(taken)

    return passed_over

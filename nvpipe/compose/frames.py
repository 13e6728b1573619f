"""Which frames of the finished file show which cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from nvpipe.types import Cut, Timeline


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

"""Which frames of the finished file show which cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nvpipe.types import Cut, Timeline


def frame_borders(timeline: Timeline) -> list[tuple[Cut, int, int]]:
    """Each cut with the first frame that shows it and the frame after its last."""
    fps = timeline.output.fps
    total = frame_count(timeline)
    starts = [round(cut.at_s * fps) for cut in timeline.cuts] + [total]
    return [
        (cut, first, min(end, total))
        for cut, first, end in zip(timeline.cuts, starts[:-1], starts[1:], strict=True)
        if first < min(end, total)
    ]


def frame_count(timeline: Timeline) -> int:
    """Frames of the finished file."""
    return round(timeline.duration_s * timeline.output.fps)

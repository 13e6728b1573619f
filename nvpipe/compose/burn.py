"""A timeline's pictures with its captions, beside sound that exists already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.compose.chunks import plan_chunks
from nvpipe.compose.reel import Film, Tools, shoot
from nvpipe.media.mux import Mp4Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nvpipe.types import Timeline

REPORT_EVERY = 10
"""Frames between two progress reports."""


def burn(timeline: Timeline, path: Path, tools: Tools, sound: Path, *, on_progress: Callable[[float], None]) -> int:
    """Write a timeline's pictures and captions as an MP4 with the sound of another file.

    Args:
        timeline: what to show.
        path: the file to write.
        tools: the backends, and what draws the captions.
        sound: an MP4 with AAC alone, on the timeline's clock; its packets are copied.
        on_progress: told how many seconds are done.

    Returns:
        How many pictures were held because the footage ended early.

    Raises:
        MediaError: footage cannot be decoded.
        OutputError: the file cannot be written.
        UsageError: the output's encoder parameters are wrong.
    """
    film = Film(path, timeline.output, tools.painter, tools.overlays)

    def on_frame(done: int) -> None:
        if done % REPORT_EVERY == 0:
            on_progress(float(done / timeline.output.fps))

    with Mp4Writer(path, timeline.output, tools.encoder) as writer:
        writer.attach(sound)
        chunks = plan_chunks(timeline, divisible=tools.encoder.in_chunks)
        return shoot(timeline, tools, [film], chunks, [writer.write], on_frame)

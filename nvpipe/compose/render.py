"""A timeline into a finished file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.compose.cpu import Pictures, frame_count
from nvpipe.compose.overlay import CaptionOverlay
from nvpipe.errors import OutputError
from nvpipe.media import loudness
from nvpipe.media.mux import Mp4Writer, write_sound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nvpipe.compose import Layout
    from nvpipe.compose.overlay import Painter
    from nvpipe.media.decode import Decoder
    from nvpipe.media.encode import Encoder
    from nvpipe.types import Timeline

LOUDEST_DBTP = -1.0
REPORT_EVERY = 10
"""Frames between two progress reports."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The backends that a render uses."""

    decoder: Decoder
    encoder: Encoder
    layout: Layout
    painter: Painter | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of a render."""

    frames: int
    held: int
    """Pictures shown again because the footage ended early."""
    integrated_lufs: float
    true_peak_dbtp: float


def render_sound(timeline: Timeline, path: Path) -> loudness.Loudness:
    """Mix and encode the sound; encoding can raise peaks, so what was encoded is measured and, if need be, redone.

    Raises:
        OutputError: the file cannot be written.
        MediaError: footage or narration cannot be read.
    """
    from nvpipe.compose.mix import CEILING_DBTP, mix

    ceiling = CEILING_DBTP
    while True:
        write_sound(mix(timeline, ceiling_dbtp=ceiling), path)
        measured = loudness.measure_file(path)
        if measured.true_peak_dbtp <= LOUDEST_DBTP or ceiling < CEILING_DBTP - 6:
            return measured
        ceiling -= measured.true_peak_dbtp - LOUDEST_DBTP + 0.1


def render(
    timeline: Timeline, path: Path, tools: Tools, *, on_progress: Callable[[float], None] | None = None
) -> Rendered:
    """Write a timeline's pictures and sound as an MP4.

    Args:
        timeline: what to show and say.
        path: the file to write; a `.m4a` of the same name is written beside it first and removed.
        tools: the backends to use.
        on_progress: told how many seconds of the result are done.

    Raises:
        MediaError: footage cannot be decoded.
        OutputError: the file cannot be written.
        UsageError: the output's encoder parameters are wrong.
    """
    sound = path.with_suffix(".m4a")
    try:
        overlay = CaptionOverlay(timeline.captions, tools.painter) if tools.painter else None
        fps = timeline.output.fps
        pictures = Pictures(timeline, tools.decoder, tools.layout)
        # The sound needs one core for a while, which the pictures leave free; it joins them when it is done.
        with (
            ThreadPoolExecutor(1) as pool,
            Mp4Writer(path, timeline.output, tools.encoder) as writer,
            pictures as stream,
        ):
            mixing = pool.submit(render_sound, timeline, sound)
            for picture in stream:
                if overlay is not None:
                    overlay.draw(picture, float(writer.frames / fps))
                writer.write(picture)
                if on_progress is not None and writer.frames % REPORT_EVERY == 0:
                    on_progress(float(writer.frames / fps))
                if mixing.done() and not writer.has_sound:
                    mixing.result()
                    writer.attach(sound)
            measured = mixing.result()
            if not writer.has_sound:
                writer.attach(sound)
        if writer.frames != frame_count(timeline):
            raise OutputError(f"{path.name} got {writer.frames} frames instead of {frame_count(timeline)}")
    finally:
        sound.unlink(missing_ok=True)
    return Rendered(writer.frames, pictures.held, measured.integrated_lufs, measured.true_peak_dbtp)

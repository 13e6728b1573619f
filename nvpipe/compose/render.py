"""A timeline into a finished file."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.compose.frames import frame_count
from nvpipe.compose.overlay import CaptionOverlay
from nvpipe.compose.sound import LOUDEST_DBTP, render_sound
from nvpipe.errors import OutputError
from nvpipe.media.heap import give_back_freed_memory
from nvpipe.media.mux import Mp4Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import av

    from nvpipe.compose import Composer, Layout
    from nvpipe.compose.extras import Overlay
    from nvpipe.compose.overlay import Painter
    from nvpipe.media.decode import Decoder
    from nvpipe.media.encode import Encoder
    from nvpipe.types import OutputFormat, Timeline

VERSION = 2
"""Part of the key of finished files; a change of what is rendered from the same timeline changes it."""
LOUDNESS_TOLERANCE_LU = 1.0
REPORT_EVERY = 10
"""Frames between two progress reports."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The backends that a render uses."""

    decoder: Decoder
    encoder: Encoder
    composer: Composer
    layout: Layout
    painter: Painter | None
    overlays: tuple[Overlay, ...] = ()
    """Drawn below the captions, in this order."""


@dataclass(frozen=True, slots=True)
class Film:
    """One more file of a render, from the same decode and with the same sound."""

    path: Path
    output: OutputFormat
    """At the frame rate of the timeline's own."""
    painter: Painter | None
    overlays: tuple[Overlay, ...] = ()
    """As in `Tools`, for this size."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of a render."""

    frames: int
    integrated_lufs: float
    true_peak_dbtp: float
    warnings: tuple[str, ...] = ()


class _StoppedError(Exception):
    """The pictures failed or the user asked to stop, so the sound is not wanted any more."""


class _Reel:
    """A file being written: what is drawn on each of its pictures, and its encoder."""

    def __init__(self, stack: ExitStack, film: Film, timeline: Timeline, encoder: Encoder) -> None:
        captions = (CaptionOverlay(timeline.captions, film.painter),) if film.painter else ()
        self._overlays: tuple[Overlay, ...] = (*film.overlays, *captions)
        self._fps = film.output.fps
        self.writer = stack.enter_context(Mp4Writer(film.path, film.output, encoder))

    @property
    def frames(self) -> int:
        return self.writer.frames

    def take(self, picture: av.VideoFrame) -> None:
        for overlay in self._overlays:
            overlay.draw(picture, float(self.frames / self._fps))
        self.writer.write(picture)


def _attach(reels: Sequence[_Reel], sound: Path) -> None:
    for reel in reels:
        if not reel.writer.has_sound:
            reel.writer.attach(sound)


def render(
    timeline: Timeline,
    path: Path,
    tools: Tools,
    *,
    also: Sequence[Film] = (),
    on_progress: Callable[[float], None] | None = None,
) -> Rendered:
    """Write a timeline's pictures and sound as an MP4, and as others of other sizes in the same pass.

    Args:
        timeline: what to show and say.
        path: the file to write; a `.m4a` of the same name is written beside it first and removed.
        tools: the backends to use, and what is drawn on the pictures of this file.
        also: further files.
        on_progress: told how many seconds of the result are done.

    Raises:
        MediaError: footage cannot be decoded.
        OutputError: the file cannot be written.
        UsageError: the output's encoder parameters are wrong.
    """
    give_back_freed_memory()
    sound = path.with_suffix(".m4a")
    stop = threading.Event()
    warnings: list[str] = []

    def go_on() -> None:
        if stop.is_set():
            raise _StoppedError

    films = (Film(path, timeline.output, tools.painter, tools.overlays), *also)
    composition = tools.composer.open(timeline, tools.decoder, tools.layout, [film.output for film in also])
    # The sound needs one core for a while, which the pictures leave free; it joins them when it is done.
    with ThreadPoolExecutor(1) as pool:
        mixing = pool.submit(render_sound, timeline, sound, go_on=go_on, warn=warnings.append)
        try:
            with ExitStack() as stack:
                reels = [_Reel(stack, film, timeline, tools.encoder) for film in films]
                pictures = stack.enter_context(composition)
                for reel, picture in zip(itertools.cycle(reels), pictures, strict=False):
                    reel.take(picture)
                    if reel is not reels[-1]:
                        continue
                    if on_progress is not None and reel.frames % REPORT_EVERY == 0:
                        on_progress(float(reel.frames / timeline.output.fps))
                    if mixing.done():
                        mixing.result()
                        _attach(reels, sound)
                measured = mixing.result()
                _attach(reels, sound)
        finally:
            stop.set()
    sound.unlink(missing_ok=True)
    for film, reel in zip(films, reels, strict=True):
        if reel.frames != frame_count(timeline):
            raise OutputError(f"{film.path.name} got {reel.frames} frames instead of {frame_count(timeline)}")
    if composition.held:
        warnings.append(f"{composition.held} pictures were held because footage ended early")
    if abs(measured.integrated_lufs - timeline.output.lufs) > LOUDNESS_TOLERANCE_LU:
        warnings.append(f"the sound came out at {measured.integrated_lufs:.1f} LUFS")
    if measured.true_peak_dbtp > LOUDEST_DBTP:
        warnings.append(f"the sound's true peak came out at {measured.true_peak_dbtp:.1f} dBTP")
    return Rendered(reels[0].frames, measured.integrated_lufs, measured.true_peak_dbtp, tuple(warnings))

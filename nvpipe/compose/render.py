"""A timeline into a finished file."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.compose.frames import frame_count
from nvpipe.compose.overlay import CaptionOverlay
from nvpipe.errors import OutputError
from nvpipe.media import loudness
from nvpipe.media.mux import AUDIO_BIT_RATE, AUDIO_RATE_HZ, Mp4Writer, write_sound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nvpipe.compose import Composer, Layout
    from nvpipe.compose.overlay import Painter
    from nvpipe.media.decode import Decoder
    from nvpipe.media.encode import Encoder
    from nvpipe.types import Timeline

VERSION = 1
"""Part of the key of finished files; a change of what is rendered from the same timeline changes it."""
LOUDEST_DBTP = -1.0
LOUDNESS_TOLERANCE_LU = 1.0
HIGHEST_BIT_RATE = 1.03 * AUDIO_BIT_RATE
"""Of the sound: the platforms take 128 kbit/s, and the encoder can go over."""
FIRST_BIT_RATE = round(0.9 * AUDIO_BIT_RATE)
"""Asked for first: speech over gameplay then comes out at about the rate that is wanted."""
SOUND_ROUNDS = 5
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


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of a render."""

    frames: int
    integrated_lufs: float
    true_peak_dbtp: float
    warnings: tuple[str, ...] = ()


class _StoppedError(Exception):
    """The pictures failed or the user asked to stop, so the sound is not wanted any more."""


def render_sound(
    timeline: Timeline,
    path: Path,
    *,
    go_on: Callable[[], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> loudness.Loudness:
    """Mix and encode the sound; encoding can raise peaks, so what was encoded is measured and, if need be, redone.

    Args:
        timeline: what is said and shown.
        path: where to write, an MP4 with sound alone.
        go_on: called between steps; what it raises ends the work.
        warn: told of footage whose sound is left out.

    Raises:
        OutputError: the file cannot be written.
        MediaError: the narration cannot be read.
    """
    from nvpipe.compose.mix import CEILING_DBTP, balance

    balanced = balance(timeline, warn=warn)
    ceiling, bit_rate = CEILING_DBTP, FIRST_BIT_RATE
    for _ in range(SOUND_ROUNDS):
        if go_on is not None:
            go_on()
        mixed = loudness.level(balanced, AUDIO_RATE_HZ, lufs=timeline.output.lufs, ceiling_dbtp=ceiling)
        written = write_sound(mixed, path, bit_rate=bit_rate, on_block=go_on)
        if written > HIGHEST_BIT_RATE:
            bit_rate = round(bit_rate * AUDIO_BIT_RATE / written)
            continue
        measured = loudness.measure_file(path)
        if measured.true_peak_dbtp <= LOUDEST_DBTP:
            return measured
        ceiling -= measured.true_peak_dbtp - LOUDEST_DBTP + 0.1
    return loudness.measure_file(path)


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
    stop = threading.Event()
    warnings: list[str] = []

    def go_on() -> None:
        if stop.is_set():
            raise _StoppedError

    composition = tools.composer.open(timeline, tools.decoder, tools.layout)
    overlay = CaptionOverlay(timeline.captions, tools.painter) if tools.painter else None
    fps = timeline.output.fps
    # The sound needs one core for a while, which the pictures leave free; it joins them when it is done.
    with ThreadPoolExecutor(1) as pool:
        mixing = pool.submit(render_sound, timeline, sound, go_on=go_on, warn=warnings.append)
        try:
            with Mp4Writer(path, timeline.output, tools.encoder) as writer, composition as pictures:
                for picture in pictures:
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
        finally:
            stop.set()
    sound.unlink(missing_ok=True)
    if writer.frames != frame_count(timeline):
        raise OutputError(f"{path.name} got {writer.frames} frames instead of {frame_count(timeline)}")
    if composition.held:
        warnings.append(f"{composition.held} pictures were held because footage ended early")
    if abs(measured.integrated_lufs - timeline.output.lufs) > LOUDNESS_TOLERANCE_LU:
        warnings.append(f"the sound came out at {measured.integrated_lufs:.1f} LUFS")
    if measured.true_peak_dbtp > LOUDEST_DBTP:
        warnings.append(f"the sound's true peak came out at {measured.true_peak_dbtp:.1f} dBTP")
    return Rendered(writer.frames, measured.integrated_lufs, measured.true_peak_dbtp, tuple(warnings))

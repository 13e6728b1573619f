"""A timeline into a finished file."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nvpipe.compose.chunks import plan_chunks
from nvpipe.compose.frames import frame_count
from nvpipe.compose.reel import Film, Tools, shoot
from nvpipe.compose.sound import LOUDEST_DBTP, render_sound
from nvpipe.errors import OutputError
from nvpipe.media.heap import give_back_freed_memory
from nvpipe.media.mux import Mp4Writer
from nvpipe.media.waiting import PacketList, WaitingPackets

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from nvpipe.compose.chunks import Chunk
    from nvpipe.media.loudness import Loudness
    from nvpipe.types import Timeline

__all__ = ["VERSION", "Crew", "Film", "Rendered", "Shot", "Tools", "render", "shoot_chunk"]

VERSION = 3
"""Part of the key of finished files; a change of what is rendered from the same timeline changes it."""
LOUDNESS_TOLERANCE_LU = 1.0
REPORT_EVERY = 10
"""Frames between two progress reports."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of a render."""

    frames: int
    integrated_lufs: float
    true_peak_dbtp: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shot:
    """A chunk that was encoded elsewhere."""

    packets: tuple[PacketList, ...]
    """Of each file."""
    held: int
    """Pictures held because footage ended before its cut did."""


class Crew(Protocol):
    """Processes that compose and encode chunks side by side."""

    def count(self, chunks: int) -> int:
        """How many work at once on as many chunks; with one the render does without them."""
        ...

    def shoot(
        self, chunks: Sequence[Chunk], folder: Path, on_frames: Callable[[int], None]
    ) -> Generator[Shot, None, None]:
        """Encode chunks, which come in their order.

        Args:
            chunks: of the render's timeline.
            folder: where packets are kept until they are taken.
            on_frames: told how many frames are done in all.
        """
        ...


class _StoppedError(Exception):
    """The pictures failed or the user asked to stop, so the sound is not wanted any more."""


class _Joint:
    """The files being written, which the sound joins as soon as it is done."""

    def __init__(self, writers: Sequence[Mp4Writer], mixing: Future[Loudness], sound: Path) -> None:
        self.writers = writers
        self._mixing = mixing
        self._sound = sound

    def look(self) -> None:
        """Take the sound if it is there."""
        if self._mixing.done():
            self.wait()

    def wait(self) -> Loudness:
        """Take the sound."""
        measured = self._mixing.result()
        for writer in self.writers:
            if not writer.has_sound:
                writer.attach(self._sound)
        return measured


def render(
    timeline: Timeline,
    path: Path,
    tools: Tools,
    *,
    also: Sequence[Film] = (),
    on_progress: Callable[[float], None] | None = None,
    crew: Crew | None = None,
) -> Rendered:
    """Write a timeline's pictures and sound as an MP4, and as others of other sizes in the same pass.

    Args:
        timeline: what to show and say.
        path: the file to write; a `.m4a` of the same name is written beside it first and removed.
        tools: the backends to use, and what is drawn on the pictures of this file.
        also: further files.
        on_progress: told how many seconds of the result are done.
        crew: processes to share the pictures among; the files are the same with and without.

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
    # The sound needs one core for a while, which the pictures leave free; it joins them when it is done.
    with ThreadPoolExecutor(1) as pool:
        mixing = pool.submit(render_sound, timeline, sound, go_on=go_on, warn=warnings.append)
        try:
            with ExitStack() as stack:
                chunks = plan_chunks(timeline, divisible=tools.encoder.in_chunks)
                writers = [stack.enter_context(Mp4Writer(film.path, film.output, tools.encoder)) for film in films]
                joint = _Joint(writers, mixing, sound)

                def on_frames(done: int) -> None:
                    if on_progress is not None:
                        on_progress(float(done / timeline.output.fps))

                if crew is not None and crew.count(len(chunks)) > 1:
                    held = _with_crew(crew, chunks, joint, path.absolute().parent, on_frames)
                else:
                    held = _alone(timeline, tools, films, chunks, joint, on_frames)
                measured = joint.wait()
        finally:
            stop.set()
    sound.unlink(missing_ok=True)
    if held:
        warnings.append(f"{held} pictures were held because footage ended early")
    if abs(measured.integrated_lufs - timeline.output.lufs) > LOUDNESS_TOLERANCE_LU:
        warnings.append(f"the sound came out at {measured.integrated_lufs:.1f} LUFS")
    if measured.true_peak_dbtp > LOUDEST_DBTP:
        warnings.append(f"the sound's true peak came out at {measured.true_peak_dbtp:.1f} dBTP")
    return Rendered(frame_count(timeline), measured.integrated_lufs, measured.true_peak_dbtp, tuple(warnings))


def _alone(
    timeline: Timeline,
    tools: Tools,
    films: Sequence[Film],
    chunks: Sequence[Chunk],
    joint: _Joint,
    on_frames: Callable[[int], None],
) -> int:
    def on_frame(done: int) -> None:
        if done % REPORT_EVERY == 0:
            on_frames(done)
        joint.look()

    return shoot(timeline, tools, films, chunks, [writer.write for writer in joint.writers], on_frame)


def _with_crew(
    crew: Crew, chunks: Sequence[Chunk], joint: _Joint, folder: Path, on_frames: Callable[[int], None]
) -> int:
    held = 0
    shooting = crew.shoot(chunks, folder, on_frames)
    try:
        for shot in shooting:
            joint.look()
            held += shot.held
            for writer, packets in zip(joint.writers, shot.packets, strict=True):
                writer.append(packets)
    finally:
        shooting.close()
    return held


def shoot_chunk(
    timeline: Timeline,
    tools: Tools,
    films: Sequence[Film],
    chunk: Chunk,
    files: Sequence[Path],
    on_frame: Callable[[int], None],
) -> Shot:
    """Compose and encode one chunk into files of packets, one for each film.

    Raises:
        MediaError: footage cannot be decoded.
        OutputError: a file cannot be written.
    """
    give_back_freed_memory()
    with ExitStack() as stack:
        try:
            kept = [WaitingPackets(path.parent, stack.enter_context(path.open("wb"))) for path in files]
            held = shoot(timeline, tools, films, [chunk], [packets.add for packets in kept], on_frame)
            return Shot(tuple(one.listed(path) for one, path in zip(kept, files, strict=True)), held)
        except OSError as error:
            raise OutputError(
                f"cannot write {films[0].path}: {error.strerror or error}", hint="free some disk space"
            ) from error

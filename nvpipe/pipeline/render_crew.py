"""A render's pictures shared among processes: each composes and encodes one chunk after another."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.pipeline.workers import side_by_side
from nvpipe.scheduler.device import CpuDevice, cores

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.compose.chunks import Chunk
    from nvpipe.compose.cover import Chosen
    from nvpipe.compose.render import Film, Shot, Tools
    from nvpipe.pipeline.extras import Drawn
    from nvpipe.types import Timeline

    Draw = Callable[[Timeline], tuple[CaptionPainter | None, Drawn]]

CORES_EACH = 2
"""What a render keeps busy: it decodes and composes in one thread while x264 encodes in others."""
MAX_WORKERS = 16
WORKER_BYTES = 400 << 20
"""What one process may need at 1080p."""
REPORT_EVERY = 10
"""Frames between two progress reports."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a process has made of a chunk."""

    shot: Shot
    missing: frozenset[str]
    """Characters of captions that no font has."""
    cover: Chosen | None
    """The chunk's best picture for the cover."""


@dataclass(slots=True)
class _Studio:
    """What a process is sent once: all that pictures follow from, by name."""

    timelines: tuple[Timeline, ...]
    paths: tuple[Path, ...]
    backends: tuple[str, str, str, str]
    """Decoder, encoder, composer, layout."""
    draw: Draw
    opened: tuple[Tools, tuple[Film, ...], Sequence[tuple[CaptionPainter | None, Drawn]]] | None = None

    def __call__(self, piece: tuple[Chunk, tuple[Path, ...]], on_progress: Callable[[float], None]) -> Found:
        from nvpipe.compose.render import shoot_chunk

        chunk, files = piece
        tools, films, drawn = self.opened = self.opened or self._open()
        picker, timeline = drawn[0][1].picker, self.timelines[0]
        if picker is not None:
            picker.begin(chunk.first, timeline.output.fps)

        def on_frame(done: int) -> None:
            if done % REPORT_EVERY == 0:
                on_progress(float(done))

        shot = shoot_chunk(timeline, tools, films, chunk, files, on_frame)
        missing = frozenset(char for painter, _ in drawn if painter for char in painter.missing)
        return Found(shot, missing, picker.chosen if picker else None)

    def _open(self) -> tuple[Tools, tuple[Film, ...], Sequence[tuple[CaptionPainter | None, Drawn]]]:
        from nvpipe.compose import COMPOSERS, LAYOUTS
        from nvpipe.compose.render import Film, Tools
        from nvpipe.media.decode import DECODERS
        from nvpipe.media.encode import ENCODERS

        drawn = [self.draw(timeline) for timeline in self.timelines]
        films = tuple(
            Film(path, timeline.output, painter, extras.overlays)
            for path, timeline, (painter, extras) in zip(self.paths, self.timelines, drawn, strict=True)
        )
        decoder, encoder, composer, layout = self.backends
        tools = Tools(
            DECODERS.load(decoder), ENCODERS.load(encoder), COMPOSERS.load(composer), LAYOUTS.load(layout), None
        )
        return tools, films, drawn


class RenderCrew:
    """Processes for one render; see `nvpipe.compose.render.Crew`.

    Args:
        timelines: of every file, the render's own first.
        paths: the files.
        backends: names of decoder, encoder, composer and layout.
        draw: gives what is drawn on the pictures of a timeline; a function that processes can import.
        drawn: the same of the first file, for the parent: it is told of the cover.
        wanted: how many processes the user asks for; None is as cores and memory allow.
    """

    def __init__(
        self,
        timelines: Sequence[Timeline],
        paths: Sequence[Path],
        backends: tuple[str, str, str, str],
        draw: Draw,
        drawn: Drawn,
        wanted: int | None,
    ) -> None:
        self._studio = _Studio(tuple(timelines), tuple(paths), backends, draw)
        self._drawn = drawn
        self._wanted = wanted
        self.missing: set[str] = set()
        """Characters that the processes met and no font has."""
        self.peak_bytes = 0
        """At most what the processes took together at once; 0 when there were none."""

    def count(self, chunks: int) -> int:
        return worker_count(chunks, self._wanted)

    def shoot(
        self, chunks: Sequence[Chunk], folder: Path, on_frames: Callable[[int], None]
    ) -> Generator[Shot, None, None]:
        names = [path.name for path in self._studio.paths]
        pieces = [
            (chunk, tuple(folder / f"{name}.{number}.packets" for name in names))
            for number, chunk in enumerate(chunks)
        ]
        done = [0] * len(chunks)
        peaks: list[int] = []

        def on_progress(index: int, frames: float) -> None:
            done[index] = round(frames)
            on_frames(sum(done))

        workers, waiting = self.count(len(chunks)), {}
        finishing = side_by_side(
            pieces,
            self._studio,
            workers,
            on_progress,
            order=range(len(pieces)),
            died=lambda piece: f"pictures {piece[0].first} to {piece[0].end} are not rendered",
            hint="if memory is short, try --workers 1",
        )
        coming = 0
        with ExitStack() as ending:
            ending.callback(_remove, [file for _, files in pieces for file in files])
            ending.enter_context(closing(finishing))
            for one in finishing:
                if one.error is not None:
                    raise one.error
                assert one.result is not None
                on_progress(one.index, chunks[one.index].end - chunks[one.index].first)
                peaks.append(one.peak_memory_bytes)
                waiting[one.index] = self._heard(one.result)
                while coming in waiting:
                    yield waiting.pop(coming)
                    coming += 1
        self.peak_bytes = sum(sorted(peaks)[-workers:])

    def _heard(self, found: Found) -> Shot:
        self.missing |= found.missing
        if found.cover is not None and self._drawn.picker is not None:
            self._drawn.picker.offer(found.cover)
        return found.shot


def _remove(files: Sequence[Path]) -> None:
    """Remove what is left of files that nobody takes any more."""
    for file in files:
        file.unlink(missing_ok=True)


def worker_count(chunks: int, wanted: int | None) -> int:
    """How many processes share a render: what was asked for, or else what cores and free memory allow."""
    if wanted is not None:
        return min(chunks, wanted)
    return max(1, min(chunks, MAX_WORKERS, cores() // CORES_EACH, CpuDevice().memory().free_bytes // WORKER_BYTES))

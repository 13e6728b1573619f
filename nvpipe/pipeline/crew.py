"""Several videos analysed side by side, each in a process of its own.

A process holds the decoder and the scorer for one video after another. One that dies takes down its video alone, and
all of them end with the parent: they hear nothing of Ctrl-C, the parent ends them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import MediaError, NvpipeError
from nvpipe.types import BackendChoice, Footage, MotionTrack

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from multiprocessing.connection import Connection

    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings

MAX_WORKERS = 8
WORKER_BYTES = 600 << 20
"""What one process may need: libraries, and the decoder's pictures at the usual sizes."""
_END_S = 2.0


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of one video."""

    index: int
    track: MotionTrack | None
    error: NvpipeError | None
    seconds: float
    peak_memory_bytes: int = 0
    choices: dict[str, BackendChoice] = field(default_factory=dict)


def worker_count(videos: int, jobs: int | None) -> int:
    """How many videos to analyse at once: what was asked for, or else what cores and free memory allow."""
    if jobs is not None:
        return min(videos, jobs)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(videos, cores, MAX_WORKERS, _free_bytes() // WORKER_BYTES))


def side_by_side(
    videos: Sequence[Footage], settings: Settings, workers: int, on_progress: Callable[[int, float], None]
) -> Generator[Finished, None, None]:
    """Analyse videos; each result comes as soon as it is there.

    Args:
        videos: what to analyse; each is named by its index.
        settings: with the decoder to use, and whether coarse tracks will do.
        workers: how many at once.
        on_progress: told of a video's index how many of its seconds are done.
    """
    # The longest first: a long one begun last would be at work alone.
    waiting = deque(sorted(range(len(videos)), key=lambda index: -videos[index].duration_s))
    crew: dict[Connection, _Worker] = {}
    try:
        while waiting or any(worker.index is not None for worker in crew.values()):
            while waiting and len(crew) < workers:
                worker = _Worker(settings)
                crew[worker.connection] = worker
                worker.give(waiting.popleft(), videos)
                on_progress(worker.index or 0, 0.0)
            for connection in wait(list(crew)):
                worker = crew[connection]  # type: ignore[index]
                message = worker.receive()
                if message is None:
                    del crew[worker.connection]
                    if worker.index is not None:
                        yield Finished(worker.index, None, worker.death(videos), worker.seconds)
                    worker.end()
                elif isinstance(message, float):
                    on_progress(worker.index or 0, message)
                else:
                    yield message
                    worker.index = None
                    if waiting:
                        worker.give(waiting.popleft(), videos)
                        on_progress(worker.index or 0, 0.0)
    finally:
        for worker in crew.values():
            worker.process.terminate()
        for worker in crew.values():
            worker.end()


class _Worker:
    """A process, and what it is doing."""

    def __init__(self, settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, settings), daemon=True, name="nvpipe-analysis")
        self.index: int | None = None
        self._start = time.perf_counter()
        # Ctrl-C goes to every process of the terminal; a blocked signal stays blocked in what is started.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    def give(self, index: int, videos: Sequence[Footage]) -> None:
        """Hand over a video; a process that is dead already is noticed when its answer is awaited."""
        self.index = index
        self._start = time.perf_counter()
        with suppress(OSError):
            self.connection.send((index, videos[index]))

    def receive(self) -> Any:
        """Seconds done, a result, or None when the process is gone."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            return None

    @property
    def seconds(self) -> float:
        return round(time.perf_counter() - self._start, 3)

    def death(self, videos: Sequence[Footage]) -> NvpipeError:
        """The error for the video that the process was at when it died."""
        self.process.join(_END_S)
        code = self.process.exitcode or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return MediaError(
            f"{videos[self.index or 0].path.name} is not analysed: the process at work on it {how}",
            hint="if memory is short, try --jobs 1",
        )

    def end(self) -> None:
        """See to it that the process is gone."""
        self.process.join(_END_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


def _work(connection: Connection, settings: Settings) -> None:
    """The life of a process: videos in, tracks out, until the parent has no more or is gone."""
    from nvpipe.pipeline.tools import Toolbox

    tools = Toolbox(settings, {}, lambda _: None)
    with suppress(EOFError, _ParentGoneError):
        while True:
            index, footage = connection.recv()
            _tell(connection, _finished(index, footage, tools, connection))


def _finished(index: int, footage: Footage, tools: Toolbox, connection: Connection) -> Finished:
    from nvpipe.pipeline.analyse import score
    from nvpipe.pipeline.stages import peak_memory_bytes, reset_peak_memory

    start = time.perf_counter()
    reset_peak_memory()
    track: MotionTrack | None = None
    failure: NvpipeError | None = None
    try:
        track = score(footage, tools, lambda done_s: _tell(connection, float(done_s)))
    except _ParentGoneError:
        raise
    except NvpipeError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 - the process's boundary: one video must not end the others
        failure = NvpipeError(
            f"unexpected {type(error).__name__}: {error}", hint="this is a fault of nvpipe, please report it"
        )
    seconds = round(time.perf_counter() - start, 3)
    return Finished(index, track, failure, seconds, peak_memory_bytes(), tools.choices)


class _ParentGoneError(Exception):
    """Nobody is left to be told."""


def _tell(connection: Connection, message: object) -> None:
    try:
        connection.send(message)
    except OSError as error:
        raise _ParentGoneError from error


def _free_bytes() -> int:
    """Memory that can be had without swapping; plenty where the system does not say."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 1024
    return MAX_WORKERS * WORKER_BYTES

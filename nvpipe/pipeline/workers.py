"""Several pieces of work side by side, each in a process of its own.

A process does one piece after another. One that dies takes down its piece alone, and all of them end with the parent:
they hear nothing of Ctrl-C, the parent ends them.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from nvpipe.errors import MediaError, NvpipeError
from nvpipe.scheduler.device import CpuDevice, cores

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from multiprocessing.connection import Connection

T = TypeVar("T")
R = TypeVar("R")
T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

MAX_WORKERS = 8
WORKER_BYTES = 600 << 20
"""What one process may need: libraries, and the decoder's pictures at the usual sizes."""
_END_S = 2.0


class Work(Protocol[T_contra, R_co]):
    """What the processes do; sent to each of them once, so what it prepares serves all of that process's pieces."""

    def __call__(self, piece: T_contra, on_progress: Callable[[float], None]) -> R_co:
        """Do a piece of work, telling now and then how many of its seconds are done."""
        ...


@dataclass(frozen=True, slots=True)
class Finished(Generic[R]):
    """What became of one piece of work."""

    index: int
    result: R | None
    error: NvpipeError | None
    seconds: float
    peak_memory_bytes: int = 0


def worker_count(pieces: int, jobs: int | None) -> int:
    """How many to do at once: what was asked for, or else what cores and free memory allow."""
    if jobs is not None:
        return min(pieces, jobs)
    return max(1, min(pieces, cores(), MAX_WORKERS, CpuDevice().memory().free_bytes // WORKER_BYTES))


def side_by_side(
    pieces: Sequence[T],
    work: Work[T, R],
    workers: int,
    on_progress: Callable[[int, float], None],
    *,
    order: Sequence[int],
    died: Callable[[T], str],
    hint: str = "if memory is short, try --jobs 1",
) -> Generator[Finished[R], None, None]:
    """Do pieces of work; each result comes as soon as it is there.

    Args:
        pieces: what to do; each is named by its index.
        work: does one of them.
        workers: how many at once.
        on_progress: told of a piece's index how many of its seconds are done.
        order: in which the pieces are begun.
        died: says of a piece what is not done because its process died.
        hint: what to do then.
    """
    waiting = deque(order)
    crew: dict[Connection, _Worker] = {}
    try:
        while waiting or any(worker.index is not None for worker in crew.values()):
            while waiting and len(crew) < workers:
                worker = _Worker(work)
                crew[worker.connection] = worker
                worker.give(waiting.popleft(), pieces)
                on_progress(worker.index or 0, 0.0)
            for connection in wait(list(crew)):
                worker = crew[connection]  # type: ignore[index]
                message = worker.receive()
                if message is None:
                    del crew[worker.connection]
                    if worker.index is not None:
                        error = worker.death(died(pieces[worker.index]), hint)
                        yield Finished(worker.index, None, error, worker.seconds)
                    worker.end()
                elif isinstance(message, float):
                    on_progress(worker.index or 0, message)
                else:
                    yield message
                    worker.index = None
                    if waiting:
                        worker.give(waiting.popleft(), pieces)
                        on_progress(worker.index or 0, 0.0)
    finally:
        for worker in crew.values():
            worker.process.terminate()
        for worker in crew.values():
            worker.end()


class _Worker:
    """A process, and what it is doing."""

    def __init__(self, work: Work[Any, Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, work), daemon=True, name="nvpipe-worker")
        self.index: int | None = None
        self._start = time.perf_counter()
        # Ctrl-C goes to every process of the terminal; a blocked signal stays blocked in what is started.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    def give(self, index: int, pieces: Sequence[Any]) -> None:
        """Hand over a piece; a process that is dead already is noticed when its answer is awaited."""
        self.index = index
        self._start = time.perf_counter()
        with suppress(OSError):
            self.connection.send((index, pieces[index]))

    def receive(self) -> Any:
        """Seconds done, a result, or None when the process is gone."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            return None

    @property
    def seconds(self) -> float:
        return round(time.perf_counter() - self._start, 3)

    def death(self, what: str, hint: str) -> NvpipeError:
        """The error for the piece that the process was at when it died."""
        self.process.join(_END_S)
        code = self.process.exitcode or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        error = MediaError(f"{what}: the process at work on it {how}", hint=hint)
        error.retry_helps = True
        return error

    def end(self) -> None:
        """See to it that the process is gone."""
        self.process.join(_END_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


def _work(connection: Connection, work: Work[Any, Any]) -> None:
    """The life of a process: pieces in, results out, until the parent has no more or is gone."""
    with suppress(EOFError, _ParentGoneError):
        while True:
            index, piece = connection.recv()
            _tell(connection, _finished(index, piece, work, connection))


def _finished(index: int, piece: Any, work: Work[Any, Any], connection: Connection) -> Finished[Any]:
    from nvpipe.pipeline.stages import peak_memory_bytes, reset_peak_memory

    start = time.perf_counter()
    reset_peak_memory()
    result: Any = None
    failure: NvpipeError | None = None
    try:
        result = work(piece, lambda done_s: _tell(connection, float(done_s)))
    except _ParentGoneError:
        raise
    except NvpipeError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 - the process's boundary: one piece must not end the others
        failure = NvpipeError(
            f"unexpected {type(error).__name__}: {error}", hint="this is a fault of nvpipe, please report it"
        )
    return Finished(index, result, failure, round(time.perf_counter() - start, 3), peak_memory_bytes())


class _ParentGoneError(Exception):
    """Nobody is left to be told."""


def _tell(connection: Connection, message: object) -> None:
    try:
        connection.send(message)
    except OSError as error:
        raise _ParentGoneError from error

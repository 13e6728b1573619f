"""Checks of decode rate: frames a second by number of decoders, in threads and in processes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probe import Context

DECODERS = range(1, 9)
ROUNDS = 3
BATCH = 8


class Pynv:
    """A decoder that has given its first frames; torch is not needed to count the others."""

    def __init__(self, video: Path) -> None:
        from sources import pynv

        self.decoder = pynv().SimpleDecoder(str(video), gpu_id=0, use_device_memory=True)
        self.left = len(self.decoder) - len(self.decoder.get_batch_frames(BATCH))

    def rest(self) -> int:
        count = 0
        while count < self.left and (frames := self.decoder.get_batch_frames(min(BATCH, self.left - count))):
            count += len(frames)
        return count


class Pyav:
    """The same through PyAV."""

    def __init__(self, video: Path) -> None:
        from av.codec.hwaccel import HWAccel
        from sources import libav

        self.source = libav().open(str(video), hwaccel=HWAccel("cuda", device=0, allow_software_fallback=False))
        self.frames = self.source.decode(self.source.streams.video[0])
        next(self.frames)

    def rest(self) -> int:
        count = sum(1 for _ in self.frames)
        self.source.close()
        return count


def in_threads(make: Callable[[Path], Any], video: Path, count: int) -> float:
    """Frames a second of `count` decoders that start together, each in a thread of its own."""
    decoders = [make(video) for _ in range(count)]
    frames, failures = [0] * count, [""] * count

    def work(index: int) -> None:
        try:
            frames[index] = decoders[index].rest()
        except Exception as error:  # noqa: BLE001 - carried out of the thread
            failures[index] = f"{type(error).__name__}: {error}"

    workers = [threading.Thread(target=work, args=(index,)) for index in range(count)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    elapsed_s = time.perf_counter() - started
    if any(failures):
        raise RuntimeError(f"{count} decoders: {'; '.join(filter(None, failures))[:400]}")
    return sum(frames) / elapsed_s


def by_number(context: Context, measure: Callable[[int], float]) -> None:
    """Median and single rates for 1 to 8 decoders; what was measured before a failure stays."""
    rates: dict[str, dict[str, Any]] = {}
    for count in DECODERS:
        single = [round(measure(count), 1) for _ in range(ROUNDS)]
        rates[str(count)] = {"fps": statistics.median(single), "rounds": single}
        context.note(fps_by_decoders=rates)


def threads(context: Context) -> None:
    by_number(context, lambda count: in_threads(Pynv, context.video, count))


def pyav_threads(context: Context) -> None:
    by_number(context, lambda count: in_threads(Pyav, context.video, count))


def processes(context: Context) -> None:
    """Decoders in processes that are started once; in each round the first `count` of them decode."""
    command = [sys.executable, __file__, str(context.video)]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in DECODERS]
    try:
        by_number(context, lambda count: in_processes(workers[:count]))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def in_processes(workers: list[subprocess.Popen[str]]) -> float:
    for worker in workers:
        tell(worker, "open")
    for worker in workers:
        hear(worker)
    started = time.perf_counter()
    for worker in workers:
        tell(worker, "decode")
    frames = sum(hear(worker) for worker in workers)
    return frames / (time.perf_counter() - started)


def tell(worker: subprocess.Popen[str], word: str) -> None:
    assert worker.stdin
    worker.stdin.write(f"{word}\n")
    worker.stdin.flush()


def hear(worker: subprocess.Popen[str]) -> int:
    assert worker.stdout
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError(f"a decoder process ended with status {worker.wait()}; its message is in the output")
    return int(line)


def serve(video: Path) -> None:
    """Be one decoder process: `open` and `decode` on standard input, a number of frames for each on output."""
    decoder: Pynv | None = None
    for word in sys.stdin:
        if word.strip() == "open":
            decoder = None
            decoder = Pynv(video)
            print(decoder.left, flush=True)
        elif decoder:
            print(decoder.rest(), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))

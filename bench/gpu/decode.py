"""Which way to decoded pictures is faster, and how many readers fill a card's engines; prints one JSON document.

    python bench/gpu/decode.py > decode.json
    python bench/gpu/decode.py --video FILE.mp4 --decoder nvdec --decoder nvdec-threaded --limit-s 300

For each decoder: pictures a second with 1 to N readers of the same file, in threads of one process and in processes
of their own, the median of the rounds; how long the first picture of a part in mid-file takes; and the rate with
every picture copied to host memory. A round decodes the whole file in every reader. Exit status: 0 when every decoder
that is usable here was measured, 1 when one failed, 2 for wrong usage, 4 when none is usable.

State: on NVDEC it has never run on hardware.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import video as test_video

if TYPE_CHECKING:
    from nvpipe.media.decode import Decoder

READERS = (1, 2, 4, 7, 8)
ROUNDS = 3
PARTS = 8
DECODERS = ("nvdec", "nvdec-threaded", "pyav")
NONE_USABLE = 4


class TimeUpError(Exception):
    """What is left does not fit into the limit."""


def decoded(decoder: Decoder, path: Path, *, to_host: bool = False) -> int:
    """Decode a file and return how many pictures it has; what is queued on a card is done when this returns."""
    count, plane = 0, None
    with decoder.open(path) as reader:
        for frame in reader.frames():
            if to_host:
                frame.to_av()
            else:
                plane = frame.planes()[0]
            count += 1
        if plane is not None and plane.is_cuda:
            import torch

            torch.cuda.synchronize(plane.device)
    return count


def in_threads(decoder: Decoder, path: Path, readers: int) -> float:
    """Pictures a second of readers that start together."""
    counts: list[int] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            counts.append(decoded(decoder, path))
        except Exception as error:  # noqa: BLE001 - carried out of the thread
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(readers)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]
    return sum(counts) / (time.perf_counter() - started)


def serve(name: str, path: Path, line: Any) -> None:
    """Be one process: decode the file whenever asked to."""
    from nvpipe.media.decode import DECODERS as REGISTRY

    decoder = REGISTRY.load(name)
    line.send(decoded(decoder, path))
    with contextlib.suppress(EOFError):
        while line.recv():
            line.send(decoded(decoder, path))


class Processes:
    """Processes that have decoded the file once and wait to do it again."""

    def __init__(self, name: str, path: Path, most: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._lines = []
        self._processes = []
        for _ in range(most):
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(name, path, theirs), daemon=True)
            process.start()
            theirs.close()
            self._lines.append(ours)
            self._processes.append(process)
        for line in self._lines:
            line.recv()

    def rate(self, readers: int) -> float:
        """Pictures a second of so many of them."""
        started = time.perf_counter()
        for line in self._lines[:readers]:
            line.send(True)
        count = sum(line.recv() for line in self._lines[:readers])
        return float(count / (time.perf_counter() - started))

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.join()


def first_picture_s(decoder: Decoder, path: Path) -> list[float]:
    """Seconds until the first picture of parts spread over the file."""
    waits = []
    with decoder.open(path) as reader:
        for number in range(PARTS):
            started = time.perf_counter()
            next(iter(reader.frames(reader.info.duration_s * (number + 0.5) / PARTS))).planes()
            waits.append(time.perf_counter() - started)
    return waits


def measured(name: str, path: Path, readers: list[int], end_s: float) -> dict[str, Any]:
    """Everything of one decoder; what was measured before a failure or the limit stays."""
    from nvpipe.media.decode import DECODERS as REGISTRY

    probe = REGISTRY.probe(name)
    found: dict[str, Any] = {"usable": probe.usable, "reason": probe.reason}
    if not probe.usable:
        return found
    decoder = REGISTRY.load(name)

    def rounds(measure: Callable[[], float]) -> dict[str, Any]:
        if time.monotonic() > end_s:
            raise TimeUpError("the time limit was reached")
        single = [round(measure(), 1) for _ in range(ROUNDS)]
        return {"fps": statistics.median(single), "rounds": single}

    processes = None
    try:
        found["pictures"] = decoded(decoder, path)
        found["threads"] = {}
        for count in readers:
            found["threads"][str(count)] = rounds(lambda count=count: in_threads(decoder, path, count))  # type: ignore[misc]
        waits = first_picture_s(decoder, path)
        found["first_picture_ms"] = {"median": 1e3 * statistics.median(waits), "worst": 1e3 * max(waits)}
        started = time.perf_counter()
        found["to_host_fps"] = decoded(decoder, path, to_host=True) / (time.perf_counter() - started)
        processes = Processes(name, path, max(readers))
        found["processes"] = {}
        for count in readers:
            found["processes"][str(count)] = rounds(lambda count=count: processes.rate(count))  # type: ignore[misc]
    except Exception as error:  # noqa: BLE001 - the text is an answer
        found["error"] = f"{type(error).__name__}: {error}"
    finally:
        if processes is not None:
            processes.close()
    return found


def parse(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--video", type=Path, help="what is decoded (default: one made here, 1920x1080, H.264)")
    parser.add_argument("--video-seconds", type=float, default=20, help="length of the video made here (default 20)")
    parser.add_argument(
        "--decoder", action="append", choices=[*DECODERS, "decord"], help="these only; may be repeated"
    )
    parser.add_argument("--readers", type=int, action="append", help=f"how many at once (default: {READERS})")
    parser.add_argument("--limit-s", type=float, default=420, help="start nothing new after this (default 420)")
    arguments = parser.parse_args(words)
    if arguments.video and not arguments.video.is_file():
        parser.error(f"no such file: {arguments.video}")
    if not 1 < arguments.video_seconds <= 120:
        parser.error("--video-seconds must be above 1 and at most 120")
    if min(arguments.readers or READERS) < 1:
        parser.error("--readers must be at least 1")
    return arguments


def main(words: list[str] | None = None) -> int:
    arguments = parse(words)
    end_s = time.monotonic() + arguments.limit_s
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="nvpipe-bench-") as folder:
        path = arguments.video or Path(folder) / "test.mp4"
        if not arguments.video:
            test_video.write(path, arguments.video_seconds)
        for name in arguments.decoder or DECODERS:
            print(f"decode: {name}", file=sys.stderr, flush=True)
            found[name] = measured(name, path, arguments.readers or list(READERS), end_s)
    print(json.dumps({"format": "nvpipe-gpu-decode", "version": 1, "decoders": found}, indent=1))
    if not any(one["usable"] for one in found.values()):
        return NONE_USABLE
    return 1 if any("error" in one for one in found.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())

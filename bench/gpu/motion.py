"""Times scoring on a card, and prints one JSON document.

    python bench/gpu/motion.py > motion.json
    python bench/gpu/motion.py --video FILE.mp4 --limit-s 300

The kernel against the bandwidth of a plain copy; a decoder with each scorer against the decoder alone; and several
files at once, to fill all NVDEC engines. Aims: 80 % of the copy's bandwidth; 95 % of the plain decode rate. Of a
picture the kernel reads only some rows, so that two figures are given: `sectors` counts the 32-byte sectors that it
touches, `whole` all bytes of the pictures, as if each had been read once. Exit status: 0 when nothing failed, 1 when
something did, 2 for wrong usage, 4 when torch sees no NVIDIA GPU. What the limit leaves no time for is named.

State: it has never run on hardware.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import video as test_video

if TYPE_CHECKING:
    from nvpipe.kernels.motion_plan import Plan

    from nvpipe.media.decode import Decoder

HEIGHT_PX, WIDTH_PX, PITCH_BYTES = 1080, 1920, 2048
BATCHES = (1, 8, 32, 256)
FPS = 30
SECTOR_BYTES = 32
COPY_BYTES = 512 * 2**20
REPEATS, LAUNCHES = 9, 20
PASSES = 3
FILES = (1, 2, 4, 7, 8)
NO_GPU = 4


class TimeUpError(Exception):
    """What is left does not fit into the limit."""


class Clock:
    """The time that may be spent.

    Args:
        limit_s: of all of it.
    """

    def __init__(self, limit_s: float) -> None:
        self._end_s = time.monotonic() + limit_s

    def check(self) -> None:
        """Raises TimeUpError when it is spent."""
        if time.monotonic() > self._end_s:
            raise TimeUpError("the time limit was reached")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def sectors(offsets: Sequence[int], column_bytes: int, count: int, start: int) -> int:
    """How many sectors are read of rows that begin at `offsets`, of `count` samples each.

    Args:
        offsets: of the rows, in bytes.
        column_bytes: from one sample to the next that is read.
        count: of samples in a row.
        start: of the first of them, in bytes.
    """
    columns = [start + index * column_bytes for index in range(count)]
    return sum(len({(row + column) // SECTOR_BYTES for column in columns}) for row in offsets)


def sector_bytes(plan: Plan, pitch: int, pictures: int, frames: int) -> int:
    """Bytes in all sectors that a batch of NV12 surfaces touches."""
    total = 0
    for grid, width, times in ((plan.luma, 1, frames), (plan.chroma, 2, frames), (plan.picture, 1, pictures)):
        rows = [(grid.start + index * grid.step) * pitch for index in range(grid.height)]
        total += times * sectors(rows, grid.step * width, grid.width, grid.start * width)
    return total * SECTOR_BYTES


def seconds_of(work: Callable[[], object], launches: int = LAUNCHES) -> float:
    """Median time of one call on the card, of several in a row, so that the host keeps ahead of it."""
    import torch

    times: list[float] = []
    for repeat in range(REPEATS + 2):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        for _ in range(launches):
            work()
        end.record()
        torch.cuda.synchronize()
        if repeat >= 2:
            times.append(start.elapsed_time(end) / 1000 / launches)
    return statistics.median(times)


def copy_bytes_per_s() -> float:
    """Bytes read and written by a copy within the card's memory."""
    import torch

    source = torch.empty(COPY_BYTES, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2 * COPY_BYTES / seconds_of(lambda: target.copy_(source), 4)


def kernel(clock: Clock, found: dict[str, Any]) -> None:
    """The kernel alone, by the number of pictures in a launch; all of them together exceed any cache."""
    import torch
    from nvpipe.kernels import motion

    from nvpipe.footage.motion.card_gather import plan_of

    copied = copy_bytes_per_s()
    rows = HEIGHT_PX * 3 // 2
    whole = torch.randint(0, 256, (max(BATCHES), rows, PITCH_BYTES), dtype=torch.uint8, device="cuda")
    pairs = whole[:, HEIGHT_PX:, :WIDTH_PX]
    frames = list(zip(whole[:, :HEIGHT_PX, :WIDTH_PX], pairs[..., 0::2], pairs[..., 1::2], strict=True))
    plan = plan_of(frames[0])
    found |= {"copy_gb_per_s": gb(copied), "by_pictures_in_a_launch": {}}
    for count in BATCHES:
        clock.check()
        # Other pictures in every launch: those of the one before are still in the cache.
        parts = [frames[at : at + count] for at in range(0, len(frames) - count + 1, count)]
        due = list(range(0, count, FPS // 5))
        tables = [motion.table_of(part, due, plan) for part in parts]
        packed = torch.empty(plan.packed_bytes(count, len(due)), dtype=torch.uint8, device="cuda")
        turns = iter(range(sys.maxsize))

        def once(tables: list[Any] = tables, packed: Any = packed, due: list[int] = due, turns: Any = turns) -> None:
            motion.launch(tables[next(turns) % len(tables)], packed, len(due), plan)

        seconds = seconds_of(once)
        touched = sector_bytes(plan, PITCH_BYTES, len(due), count)
        all_bytes = count * rows * WIDTH_PX
        found["by_pictures_in_a_launch"][str(count)] = {
            "microseconds": round(seconds * 1e6, 2),
            "sectors_mb": round(touched / 1e6, 2),
            "sectors_gb_per_s": gb(touched / seconds),
            "sectors_share_of_copy": round(touched / seconds / copied, 3),
            "whole_gb_per_s": gb(all_bytes / seconds),
            "whole_share_of_copy": round(all_bytes / seconds / copied, 3),
        }


def gb(bytes_per_s: float) -> float:
    return round(bytes_per_s / 1e9, 1)


def decoders() -> Iterator[tuple[str, Decoder | None, str]]:
    """Every decoder that leaves pictures on a card, and why it does not work here."""
    from nvpipe.errors import BackendUnavailableError
    from nvpipe.media.decode import DECODERS, ON_CARD

    for name in ON_CARD:
        try:
            yield name, DECODERS.choose(name)[0], ""
        except BackendUnavailableError as error:
            yield name, None, error.line()


def gathers() -> dict[str, Any]:
    """What gathers from planes, by scorer; None for no scoring."""
    from nvpipe.footage.motion.gather import StoringGatherer
    from nvpipe.footage.motion.triton_diff import gatherer

    return {"decode": None, "decode and triton-diff": gatherer, "decode and torch-diff": StoringGatherer}


def run_once(decoder: Decoder, path: Path, gather: Any) -> int:
    """Decode a whole video, and read of it what a scorer reads; how many pictures it has."""
    import torch

    from nvpipe.footage.motion.sampling import Sampler

    count = 0
    with decoder.open(path) as reader:
        sampler = Sampler(0, WIDTH_PX / HEIGHT_PX, gather=gather) if gather else None
        for frame in reader.frames(draft=True):
            count += 1
            if sampler is not None:
                sampler.add(frame)
        if sampler is not None:
            sampler.finish()
    torch.cuda.current_stream().synchronize()
    return count


def in_threads(decoder: Decoder, paths: Sequence[Path], gather: Any) -> float:
    """Pictures a second of several videos at once, each in a thread of its own."""
    counts, failures = [0] * len(paths), [""] * len(paths)

    def work(index: int) -> None:
        try:
            counts[index] = run_once(decoder, paths[index], gather)
        except Exception as error:  # noqa: BLE001 - carried out of the thread
            failures[index] = f"{type(error).__name__}: {error}"

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(paths))]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed_s = time.perf_counter() - started
    if any(failures):
        raise RuntimeError("; ".join(filter(None, failures))[:400])
    return sum(counts) / elapsed_s


def decoding(decoder: Decoder, path: Path, clock: Clock, found: dict[str, Any]) -> None:
    """Pictures a second by how many files are at work, alone and with each scorer, taken in turns."""
    found["pictures_per_s_by_files"] = {}
    for files in FILES:
        rates: dict[str, list[float]] = {name: [] for name in gathers()}
        for _ in range(PASSES + (files == FILES[0])):
            for name, gather in gathers().items():
                clock.check()
                rates[name].append(round(in_threads(decoder, [path] * files, gather), 1))
        # The first pass compiles, and fills pools.
        middle = {name: statistics.median(values[files == FILES[0] :]) for name, values in rates.items()}
        shares = {f"{name}: share": round(value / middle["decode"], 3) for name, value in middle.items()}
        found["pictures_per_s_by_files"][str(files)] = {**middle, **shares, "passes": rates}


def measure(path: Path, clock: Clock) -> dict[str, Any]:
    """Everything, each part by itself: one that fails says why."""
    document: dict[str, Any] = {"kernel": tried("kernel", partial(kernel, clock)), "decoders": {}}
    for name, decoder, reason in decoders():
        if decoder is None:
            document["decoders"][name] = {"not_run": reason}
        else:
            document["decoders"][name] = tried(name, partial(decoding, decoder, path, clock))
    return document


def tried(name: str, work: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """What a part has found, and why it has not found more."""
    say(f"motion: {name}")
    found: dict[str, Any] = {}
    try:
        work(found)
    except TimeUpError as error:
        found["not_run"] = str(error)
    except Exception as error:  # noqa: BLE001 - the text is the answer
        found["failed"] = f"{type(error).__name__}: {error}"
    return found


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--video", type=Path, help="H.264 video to decode (default: one made here, 1920x1080)")
    parser.add_argument("--seconds", type=float, default=12, help="length of the video made here (default 12)")
    parser.add_argument("--limit-s", type=float, default=140, help="begin nothing after so long (default 140)")
    arguments = parser.parse_args(words)
    if arguments.video and not arguments.video.is_file():
        parser.error(f"no such file: {arguments.video}")
    if not 0 < arguments.seconds <= 120:
        parser.error("--seconds must be above 0 and at most 120")
    import torch

    if not torch.cuda.is_available():
        say(f"motion: torch {torch.__version__} sees no NVIDIA GPU")
        return NO_GPU
    clock = Clock(arguments.limit_s)
    with tempfile.TemporaryDirectory(prefix="nvpipe-motion-") as name:
        path = arguments.video
        if path is None:
            say("motion: making the test video")
            path = Path(name, "test.mp4")
            test_video.write(path, arguments.seconds)
        document = {"card": torch.cuda.get_device_name(), "torch": torch.__version__, **measure(path, clock)}
    print(json.dumps(document, indent=1))
    parts = [document["kernel"], *document["decoders"].values()]
    return 1 if any("failed" in part for part in parts) else 0


if __name__ == "__main__":
    raise SystemExit(main())

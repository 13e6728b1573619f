"""Loads and makespan of a batch: one job after the other as the original does it, in waves, and with all resident.

    python bench/schedule.py [--jobs 2 100] [--random 200]

Everything is simulated. Sizes follow from the model's published shape by nvpipe's own estimate; how long stages and
loads take is assumed, given by options, and nothing here was measured. What the table shows is how loads and times
follow from the order of the work.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Iterator, Mapping, Sequence

from schedule_optimum import optimum

from nvpipe.pipeline.models import ON_CARD_BYTES
from nvpipe.scheduler.device import RESERVE_BYTES
from nvpipe.scheduler.waves import LONGEST_WAIT_S, Need, Step, Wave, longest_wait_s, plan_waves
from nvpipe.story.llama.gguf import Header
from nvpipe.story.llama.memory import needed_bytes
from nvpipe.voice.kokoro.speaker import MEMORY_BYTES

GIB = 1 << 30
CARD_BYTES = 8 * GIB
CONTEXT = 4096
LLAMA, KOKORO, VISION = "llama", "kokoro", "vision"
PARAMETERS = 3_212_749_824
"""Of Llama 3.2 3B."""
WEIGHTS = {"16 bits": 16.0, "Q8_0": 8.5, "Q4_K_M": 5.03}
"""Bits of a weight, on average; of Q4_K_M as the published file has it, 2.02 GB."""


def llama_bytes(bits: float) -> int:
    """What Llama 3.2 3B needs, by its published shape."""
    layers, width = 28, 3072
    weights = round(PARAMETERS * bits / 8)
    other = round(weights * 128_256 * width / PARAMETERS)
    each = (weights - other) // layers
    shape = Header(
        "llama", "", 131_072, width, 8192, 24, (8,) * layers, 128, 128, 128_256, (each,) * layers, other, weights
    )
    return needed_bytes(shape, CONTEXT)


def batch(count: int, seconds: Sequence[float]) -> list[list[Step]]:
    """Jobs that are all alike."""
    stages = zip(("script", "narration", "render"), (LLAMA, KOKORO, VISION), seconds, strict=True)
    listed = list(stages)
    return [[Step(job, stage, model, lasts) for stage, model, lasts in listed] for job in range(count)]


def one_by_one(jobs: Sequence[Sequence[Step]], needs: Mapping[str, Need]) -> tuple[int, float]:
    """Loads and seconds when each job loads what it needs and lets it go."""
    loads = sum(len(steps) for steps in jobs)
    return loads, sum(step.seconds + needs[step.model].load_s for steps in jobs for step in steps)


def counted(waves: Sequence[Wave]) -> tuple[int, float]:
    return sum(len(wave.loads) for wave in waves), waves[-1].end_s if waves else 0.0


def rows(counts: Sequence[int], seconds: Sequence[float], load_s: Mapping[str, float]) -> Iterator[str]:
    """The table's lines."""
    for kind, bits in WEIGHTS.items():
        sizes = {LLAMA: llama_bytes(bits), KOKORO: MEMORY_BYTES, VISION: ON_CARD_BYTES}
        needs = {model: Need(size, load_s[model]) for model, size in sizes.items()}
        total = sum(sizes.values())
        for count in counts:
            jobs = batch(count, seconds)
            ways: list[tuple[str, int, float, str]] = [("one after the other", *one_by_one(jobs, needs), "")]
            for limit_s in (LONGEST_WAIT_S, 600.0, 120.0):
                waves = plan_waves(jobs, needs, CARD_BYTES - RESERVE_BYTES, longest_wait_s=limit_s)
                longest = f"{len(waves)} waves, none waits over {longest_wait_s(waves, needs):.0f} s"
                ways.append((f"waves, at most {limit_s:.0f} s", *counted(waves), longest))
            waves = plan_waves(jobs, needs, total, longest_wait_s=1e12)
            ways.append(("all resident", *counted(waves), f"needs {total / 1e9:.1f} GB"))
            for name, loads, lasts, note in ways:
                size = f"{sizes[LLAMA] / 1e9:.1f} GB"
                yield f"| {kind}, {size} | {count} | {name} | {loads} | {lasts:.0f} | {note} |"


def small_cases(count: int, seed: int) -> Iterator[tuple[float, float]]:
    """Waves and one after the other against the shortest schedule, on random small batches."""
    rng = random.Random(seed)
    for _ in range(count):
        names = (LLAMA, KOKORO, VISION)
        needs = {name: Need(rng.randint(1, 6), rng.randint(1, 6)) for name in names}
        room = rng.randint(max(need.bytes for need in needs.values()), 12)
        jobs = [
            [Step(job, name, name, rng.randint(1, 6)) for name in names if rng.random() < 0.9]
            for job in range(rng.randint(1, 3))
        ]
        jobs = [steps for steps in jobs if steps]
        if jobs:
            best = optimum(jobs, needs, room)
            planned = counted(plan_waves(jobs, needs, room, longest_wait_s=1e12))[1]
            assert planned >= best, "a plan that is shorter than the shortest"
            yield planned / best, one_by_one(jobs, needs)[1] / best


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=[2, 100])
    parser.add_argument(
        "--seconds", type=float, nargs=3, default=[12.0, 4.0, 20.0], metavar=("SCRIPT", "VOICE", "RENDER")
    )
    parser.add_argument("--load", type=float, nargs=3, default=[8.0, 6.0, 3.0], metavar=("LLAMA", "KOKORO", "VISION"))
    parser.add_argument("--random", type=int, default=200, help="small batches that are solved exactly")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    load_s = dict(zip((LLAMA, KOKORO, VISION), args.load, strict=True))
    print(
        f"Assumed: script {args.seconds[0]:g} s, narration {args.seconds[1]:g} s, render {args.seconds[2]:g} s; ",
        end="",
    )
    print(
        "loads, with the memory of what leaves: " + ", ".join(f"{name} {lasts:g} s" for name, lasts in load_s.items())
    )
    print(f"\nCard of {CARD_BYTES / GIB:g} GiB, {RESERVE_BYTES / GIB:g} GiB of it left free.\n")
    print("| Llama 3.2 3B | jobs | order | loads | makespan in s | |\n|---|--:|---|--:|--:|---|")
    for line in rows(args.jobs, args.seconds, load_s):
        print(line)
    pairs = list(small_cases(args.random, args.seed))
    if pairs:
        for name, ratios in (
            ("waves", [one for one, _ in pairs]),
            ("one after the other", [two for _, two in pairs]),
        ):
            exact = sum(ratio < 1 + 1e-9 for ratio in ratios)
            print(
                f"\n{name} against the optimum on {len(ratios)} random batches of 1 to 3 jobs: median "
                f"{statistics.median(ratios):.3f}, mean {statistics.mean(ratios):.3f}, worst {max(ratios):.3f}, "
                f"optimal in {exact}"
            )


if __name__ == "__main__":
    main()

"""What loading and letting go of a GGUF file costs; `bench/models.py llama` calls it."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from nvpipe.scheduler import CpuDevice, Estimate, ModelSpec, Scheduler
from nvpipe.story.llama.gguf import read_header
from nvpipe.story.llama.memory import needed_bytes, threads_for

PROMPT = [("system", "You tell stories."), ("user", "Tell one of a lighthouse that walked. " * 40)]
TOKENS = 16


class Round(NamedTuple):
    """What one load, piece of work and release took."""

    load_s: float
    work_s: float
    release_s: float
    peak_bytes: int


def llama(model: Path, rounds: int, context: int) -> None:
    """Load, read a prompt of a few hundred tokens, write sixteen, release; each time in a new process.

    The release is over when the memory is free again. `estimate` is what the scheduler admits the model with before
    anything was measured.
    """
    spec = llama_spec(model, context)
    took = [one_round(spec) for _ in range(rounds)]
    print(f"llama {model.name}, {model.stat().st_size / 1e6:.1f} MB, median of {rounds} (least-most)")
    for name, values in (
        ("load", [one.load_s for one in took]),
        ("work", [one.work_s for one in took]),
        ("release", [one.release_s for one in took]),
    ):
        print(f"  {name:<9}{statistics.median(values):8.3f} s  ({min(values):.3f}-{max(values):.3f})")
    print(f"  {'peak':<9}{max(one.peak_bytes for one in took) / 1e6:8.1f} MB")
    print(f"  {'estimate':<9}{spec.estimate.bytes / 1e6:8.1f} MB")


def llama_spec(model: Path, context: int) -> ModelSpec:
    """A GGUF file as the writer opens it."""
    header = read_header(model)
    context = min(context, header.context_length)
    cores = len(os.sched_getaffinity(0))
    threads = threads_for(header, cores)
    arguments = {
        "path": str(model.absolute()),
        "n_ctx": context,
        "threads": threads,
        "batch_threads": 1 if threads == 1 else cores,
    }
    estimate = Estimate(needed_bytes(header, context))
    return ModelSpec("llama", "nvpipe.story.llama.model:open_llama", arguments, estimate)


def one_round(spec: ModelSpec) -> Round:
    with Scheduler(CpuDevice()) as scheduler:
        with scheduler.lease(spec) as worker:
            start_s = time.perf_counter()
            worker.call("reply", PROMPT, grammar="", max_tokens=TOKENS, seed=0)
            work_s = time.perf_counter() - start_s
        start_s = time.perf_counter()
        scheduler.close()
        release_s = time.perf_counter() - start_s
        stats = scheduler.stats[spec.key]
    return Round(stats.load_s, work_s, release_s, stats.peak_memory_bytes)

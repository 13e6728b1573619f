"""The scheduler on a real card: models are processes that take its memory, and NVML says whether it comes back."""

from __future__ import annotations

import os
import signal
import time

import pytest

from nvpipe.errors import BackendFailedError, OutOfMemoryError
from nvpipe.scheduler import Estimate, ModelSpec, Scheduler
from nvpipe.scheduler.gpu import GpuDevice

pytestmark = pytest.mark.gpu

MIB = 1 << 20
CONTEXT_BYTES = 1500 * MIB
"""More than a CUDA context takes beside what is asked for."""


def spec_of(name: str, mib: int) -> ModelSpec:
    estimate = Estimate(mib * MIB + CONTEXT_BYTES)
    return ModelSpec(name, "fakes.card_models:CardModel", {"size_mib": mib}, estimate, device="cuda:0")


def wait_until_free(device: GpuDevice, free_bytes: int, limit_s: float = 15.0) -> int:
    until_s = time.monotonic() + limit_s
    while device.memory().free_bytes < free_bytes and time.monotonic() < until_s:
        time.sleep(0.1)
    return device.memory().free_bytes


def test_a_load_is_seen_and_its_memory_comes_back_when_the_model_leaves() -> None:
    device = GpuDevice.open()
    before = device.memory().free_bytes
    with Scheduler(device) as scheduler:
        with scheduler.lease(spec_of("one", 1024)) as worker:
            assert before - device.memory().free_bytes >= 1024 * MIB
            if device.tells_processes:
                assert device.used_bytes(worker.pid) >= 1024 * MIB
        (stats,) = scheduler.stats.values()
    assert stats.peak_memory_bytes >= 1024 * MIB
    assert wait_until_free(device, before - 64 * MIB) >= before - 64 * MIB


def die(scheduler: Scheduler, end: str) -> None:
    """A model dies at work."""
    with scheduler.lease(spec_of("one", 1024)) as worker:
        if end == "kill":
            os.kill(worker.pid, signal.SIGKILL)
        worker.call("size" if end == "kill" else end)


@pytest.mark.parametrize("end", ["kill", "crash", "abort"])
def test_memory_comes_back_however_a_process_ends(end: str) -> None:
    device = GpuDevice.open()
    before = device.memory().free_bytes
    with Scheduler(device) as scheduler:
        with pytest.raises(BackendFailedError):
            die(scheduler, end)
        assert wait_until_free(device, before - 64 * MIB) >= before - 64 * MIB
        with scheduler.lease(spec_of("one", 1024)) as worker:
            assert worker.call("size") >= 1024 * MIB


def test_a_limit_below_the_card_makes_models_take_turns() -> None:
    device = GpuDevice.open(limit_bytes=2048 * MIB + 2 * CONTEXT_BYTES)
    with Scheduler(device) as scheduler:
        for name in ("one", "other", "one"):
            with scheduler.lease(spec_of(name, 1500)) as worker:
                assert worker.call("size") >= 1500 * MIB
        assert sum(one.evictions for one in scheduler.stats.values()) == 2
    with Scheduler(device) as scheduler, pytest.raises(OutOfMemoryError), scheduler.lease(spec_of("large", 8192)):
        pass


def test_the_parent_makes_no_context() -> None:
    device = GpuDevice.open()
    with Scheduler(device) as scheduler, scheduler.lease(spec_of("one", 64)):
        assert device.used_bytes(os.getpid()) == 0

"""Memory for work that is no model: models leave for it, it is measured, and two pieces share what is held."""

from __future__ import annotations

import threading
import time

import pytest

from nvpipe.errors import OutOfMemoryError
from nvpipe.scheduler import CpuDevice, Estimate, ModelSpec, Scheduler

MIB = 1 << 20


def work_of(mib: int, name: str = "vision render") -> ModelSpec:
    return ModelSpec(name, "", {}, Estimate(mib * MIB))


class RememberedPeaks:
    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def get(self, key: str) -> int | None:
        return self.known.get(key)

    def put(self, key: str, peak_bytes: int) -> None:
        self.known[key] = peak_bytes


def test_an_idle_model_leaves_for_pictures(spec, is_gone):
    with Scheduler(CpuDevice(limit_bytes=300 * MIB)) as scheduler:
        with scheduler.lease(spec("llama")) as worker:
            pid = worker.pid
        with scheduler.hold(work_of(200)):
            assert is_gone(pid)
        assert scheduler.stats[spec("llama").key].evictions == 1


def test_a_leased_model_is_waited_for(spec):
    order: list[str] = []

    def pictures() -> None:
        with scheduler.hold(work_of(200)):
            order.append("pictures")

    with Scheduler(CpuDevice(limit_bytes=300 * MIB)) as scheduler:
        with scheduler.lease(spec("llama")):
            thread = threading.Thread(target=pictures)
            thread.start()
            while not scheduler.waiting:
                time.sleep(0.01)
            order.append("script")
        thread.join(20)
    assert order == ["script", "pictures"]


def test_what_does_not_fit_is_refused_with_numbers():
    with (
        Scheduler(CpuDevice(limit_bytes=100 * MIB)) as scheduler,
        pytest.raises(OutOfMemoryError, match=r"vision render needs 0\.2 GB, 0\.1 GB of 0\.1 GB are free") as caught,
        scheduler.hold(work_of(200)),
    ):
        pass
    assert "--vram" in caught.value.hint


def test_two_pieces_are_at_work_at_once_where_both_fit():
    with Scheduler(CpuDevice()) as scheduler:
        inside = threading.Barrier(2, timeout=20)

        def pictures() -> None:
            with scheduler.hold(work_of(50)):
                inside.wait()

        threads = [threading.Thread(target=pictures) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not inside.broken


def test_a_piece_within_a_piece_is_a_part_of_it_and_models_come_neither_within_nor_around(spec):
    with Scheduler(CpuDevice()) as scheduler:
        with scheduler.hold(work_of(50)) as outer, scheduler.hold(work_of(70, "vision analysis")) as inner:
            assert inner is outer
        with (
            scheduler.hold(work_of(50)),
            pytest.raises(RuntimeError, match="end the lease of vision render before llama"),
            scheduler.lease(spec("llama")),
        ):
            pass
        with (
            scheduler.lease(spec("llama")),
            pytest.raises(RuntimeError, match="end the lease of llama before vision render"),
            scheduler.hold(work_of(50)),
        ):
            pass


def test_what_it_held_is_measured_and_kept_for_the_next_run():
    peaks = RememberedPeaks()
    with Scheduler(CpuDevice(), peaks=peaks) as scheduler:
        with scheduler.hold(work_of(50)) as work:
            kept = b"\1" * (90 * MIB)
            until_s = time.monotonic() + 20
            while not work.is_measured and time.monotonic() < until_s:
                time.sleep(0.05)
        assert kept
        (stats,) = scheduler.held.values()
    assert 80 * MIB < stats.peak_memory_bytes < 200 * MIB
    assert peaks.known == {work_of(50).key: stats.peak_memory_bytes}


def test_a_short_look_is_not_kept():
    peaks = RememberedPeaks()
    with Scheduler(CpuDevice(), peaks=peaks) as scheduler, scheduler.hold(work_of(50)):
        pass
    assert peaks.known == {}


def test_a_spec_can_name_another_device(spec):
    class Card(CpuDevice):
        name = "cuda:0"
        label = "Card, driver 1"

    peaks = RememberedPeaks()
    with Scheduler(CpuDevice(limit_bytes=100 * MIB), beside=[Card(limit_bytes=300 * MIB)], peaks=peaks) as scheduler:
        llama = ModelSpec("llama", "fakes.models:Model", {}, Estimate(200 * MIB), device="cuda:0")
        with scheduler.lease(llama) as worker:
            worker.call("take", 96)
        assert list(peaks.known) == [f"{llama.key}@Card, driver 1"]
        with pytest.raises(OutOfMemoryError), scheduler.lease(spec("kokoro")):
            pass

"""Leases: who gets a model when, who leaves, and that memory comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import models

from nvpipe.errors import ArticleError, BackendFailedError, InterruptedRunError, OutOfMemoryError
from nvpipe.scheduler import CpuDevice, Scheduler

MIB = 1 << 20


class RememberedPeaks:
    def __init__(self, **known: int) -> None:
        self.known = known

    def get(self, key: str) -> int | None:
        return self.known.get(key)

    def put(self, key: str, peak_bytes: int) -> None:
        self.known[key] = peak_bytes


def leased_pid(scheduler: Scheduler, spec) -> int:
    with scheduler.lease(spec) as worker:
        return worker.call("whoami")


def test_a_second_lease_finds_the_model_loaded(spec):
    with Scheduler(CpuDevice()) as scheduler:
        assert leased_pid(scheduler, spec()) == leased_pid(scheduler, spec())
        (stats,) = scheduler.stats.values()
    assert (stats.loads, stats.evictions, stats.leases) == (1, 0, 2)


def test_other_arguments_are_another_model(spec):
    with Scheduler(CpuDevice()) as scheduler:
        assert leased_pid(scheduler, spec(label="a")) != leased_pid(scheduler, spec(label="b"))
        assert len(scheduler.stats) == 2


def test_models_that_fit_stay_beside_each_other(spec):
    with Scheduler(CpuDevice(limit_bytes=600 * MIB)) as scheduler:
        first = leased_pid(scheduler, spec("llama"))
        leased_pid(scheduler, spec("kokoro"))
        assert leased_pid(scheduler, spec("llama")) == first
        assert sum(stats.evictions for stats in scheduler.stats.values()) == 0


def test_an_idle_model_leaves_for_another(spec, is_gone):
    with Scheduler(CpuDevice(limit_bytes=300 * MIB)) as scheduler:
        first = leased_pid(scheduler, spec("llama"))
        leased_pid(scheduler, spec("kokoro"))
        assert is_gone(first)
        assert leased_pid(scheduler, spec("llama")) != first
        stats = scheduler.stats[spec("llama").key]
    assert (stats.loads, stats.evictions) == (2, 1)
    assert stats.release_s >= 0


def test_the_model_whose_use_is_announced_stays(spec):
    with Scheduler(CpuDevice(limit_bytes=500 * MIB)) as scheduler:
        first = leased_pid(scheduler, spec("llama"))
        leased_pid(scheduler, spec("kokoro"))
        scheduler.announce([spec("vision"), spec("llama")])
        leased_pid(scheduler, spec("vision"))
        assert leased_pid(scheduler, spec("llama")) == first


def test_what_never_fits_is_refused_with_numbers(spec):
    with (
        Scheduler(CpuDevice(limit_bytes=8_000_000_000)) as scheduler,
        pytest.raises(OutOfMemoryError, match=r"llama needs 104\.9 GB, \d\.\d GB of 8\.0 GB are free") as caught,
        scheduler.lease(spec("llama", mib=100_000)),
    ):
        pass
    assert caught.value.exit_code == 4
    assert scheduler.stats[spec("llama").key].loads == 0


def test_a_measured_peak_takes_the_place_of_what_is_declared(spec):
    peaks = RememberedPeaks(**{spec("llama", mib=100_000).key: 300 * MIB})
    with Scheduler(CpuDevice(limit_bytes=400 * MIB), peaks=peaks) as scheduler:
        leased_pid(scheduler, spec("llama", mib=100_000))
        assert scheduler.stats[spec("llama").key].estimate.source == "measured"


def test_peaks_are_remembered_once_the_model_has_worked(spec):
    peaks = RememberedPeaks()
    with Scheduler(CpuDevice(), peaks=peaks) as scheduler:
        with scheduler.lease(spec()):
            pass
        assert peaks.known == {}
        with scheduler.lease(spec()) as worker:
            worker.call("take", 96)
        assert peaks.known[spec().key] > 96 * MIB


def test_the_peak_of_a_proof_is_not_that_of_work(spec):
    peaks = RememberedPeaks()
    with Scheduler(CpuDevice(), peaks=peaks) as scheduler:
        with scheduler.lease(spec(), proof=True) as worker:
            worker.call("take", 96)
        assert peaks.known == {}
        # Work that takes less than the proof did is remembered nevertheless.
        with scheduler.lease(spec()) as worker:
            worker.call("add", 1)
        assert peaks.known[spec().key] > 96 * MIB


def test_a_changed_file_at_the_same_place_is_another_model(spec):
    one, other = (replace(spec(label="a.gguf"), content=content) for content in ("1", "2"))
    assert one.key != other.key
    assert one.key == replace(spec(label="a.gguf"), content="1").key


def test_a_leased_model_is_waited_for_and_the_first_in_line_is_the_first_served(spec):
    order = []

    def use(name: str) -> None:
        with scheduler.lease(spec(name)):
            order.append(name)

    with Scheduler(CpuDevice(limit_bytes=300 * MIB)) as scheduler:
        threads = []
        with scheduler.lease(spec("llama")):
            for name in ("vision", "llama", "kokoro"):
                threads.append(threading.Thread(target=use, args=(name,)))
                threads[-1].start()
                while scheduler.waiting < len(threads):
                    time.sleep(0.01)
            assert order == []
        for thread in threads:
            thread.join()
    assert order == ["vision", "llama", "kokoro"]


def test_one_thread_leases_one_model_as_often_as_it_likes(spec):
    with Scheduler(CpuDevice()) as scheduler:
        with scheduler.lease(spec("llama")) as outer:
            with scheduler.lease(spec("llama")) as inner:
                assert inner is outer
            with pytest.raises(RuntimeError, match="end the lease of llama"), scheduler.lease(spec("kokoro")):
                pass
            assert outer.call("add", 1) == 1
        leased_pid(scheduler, spec("kokoro"))


@pytest.mark.parametrize(
    ("how", "error", "says"),
    [
        ("refuse", ArticleError, "this is no model"),
        ("crash", BackendFailedError, "llama crashed with SIGABRT: error loading model: bad magic"),
        ("fail", BackendFailedError, "llama failed at load: OSError: cannot read it"),
    ],
)
def test_a_model_that_cannot_be_loaded(spec, how, error, says):
    with Scheduler(CpuDevice()) as scheduler:
        bad = spec("llama", opener="open_badly", how=how)
        for _ in range(2):
            with pytest.raises(error, match=says), scheduler.lease(bad):
                pass
        assert scheduler.stats[bad.key].failures == 2
        leased_pid(scheduler, spec())


@pytest.mark.parametrize("opener", ["fakes.models:nothing", "fakes.nowhere:Model", "fakes.models", ""])
def test_an_opener_that_is_not_there(spec, opener):
    from dataclasses import replace

    with (
        Scheduler(CpuDevice()) as scheduler,
        pytest.raises(BackendFailedError, match="tiny failed at load"),
        scheduler.lease(replace(spec(), opener=opener)),
    ):
        pass


def test_a_load_that_takes_too_long_is_given_up(spec):
    from dataclasses import replace

    slow = replace(spec("llama", opener="open_slowly", pause_s=60), load_limit_s=0.3)
    with (
        Scheduler(CpuDevice()) as scheduler,
        pytest.raises(BackendFailedError, match="did not finish load within"),
        scheduler.lease(slow),
    ):
        pass


def test_a_load_can_be_cancelled(spec):
    slow = spec("llama", opener="open_slowly", pause_s=60)
    start = time.monotonic()
    with (
        Scheduler(CpuDevice()) as scheduler,
        pytest.raises(InterruptedRunError),
        scheduler.lease(slow, cancelled=lambda: time.monotonic() > start + 0.3),
    ):
        pass


def test_an_idle_model_that_died_is_loaded_again(spec):
    with Scheduler(CpuDevice()) as scheduler:
        pid = leased_pid(scheduler, spec())
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        assert leased_pid(scheduler, spec()) != pid


def test_closing_wakes_who_waits_and_ends_who_works(spec, is_gone, tmp_path):
    errors: dict[str, BaseException] = {}
    note = tmp_path / "pid"

    def use(name: str) -> None:
        try:
            with scheduler.lease(spec(name)) as worker:
                worker.call("hang", str(note))
        except (BackendFailedError, InterruptedRunError) as error:
            errors[name] = error

    scheduler = Scheduler(CpuDevice(limit_bytes=300 * MIB))
    threads = [threading.Thread(target=use, args=(name,)) for name in ("llama", "kokoro")]
    threads[0].start()
    while not note.is_file() or not note.read_text("utf-8"):
        time.sleep(0.01)
    threads[1].start()
    while not scheduler.waiting:
        time.sleep(0.01)
    scheduler.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert isinstance(errors["llama"], BackendFailedError)
    assert isinstance(errors["kokoro"], InterruptedRunError)
    assert is_gone(int(note.read_text("utf-8")))
    with pytest.raises(InterruptedRunError), scheduler.lease(spec()):
        pass
    scheduler.close()


@pytest.mark.parametrize("end", ["close", "kill", "crash"])
def test_memory_comes_back_however_a_process_ends(spec, end, is_gone):
    device = CpuDevice()
    with Scheduler(device) as scheduler:
        with scheduler.lease(spec(mib=700, size_mib=600)) as worker:
            pid = worker.pid
            assert device.used_bytes(pid) > 600 * MIB
            if end == "kill":
                os.kill(pid, signal.SIGKILL)
            if end == "crash":
                with pytest.raises(BackendFailedError):
                    worker.call("crash")
        if end == "close":
            scheduler.close()
        assert is_gone(pid)
        assert device.used_bytes(pid) == 0
        assert worker.peak_memory_bytes > 600 * MIB


PARENT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
sys.path.insert(0, {tests!r})
from nvpipe.scheduler import CpuDevice, Estimate, ModelSpec, Scheduler
import threading
spec = ModelSpec("tiny", "fakes.models:Model", {{}}, Estimate(1 << 20))
scheduler = Scheduler(CpuDevice())
def load():
    with scheduler.lease(spec) as worker:
        pass
thread = threading.Thread(target=load)
thread.start()
thread.join()
with scheduler.lease(spec) as worker:
    print(worker.pid, flush=True)
    worker.call({method!r}, {note!r})
"""


def parent(method: str, note: Path) -> subprocess.Popen[str]:
    """A process that leases a model in a thread that ends, and then calls it."""
    code = PARENT.format(tests=str(Path(models.__file__).parents[1]), method=method, note=str(note))
    started = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until_s = time.monotonic() + 30
    while not note.is_file() and time.monotonic() < until_s:
        time.sleep(0.02)
    return started


@pytest.mark.parametrize("method", ["hang", "hang_natively"])
def test_a_process_outlives_the_thread_that_started_it_but_not_the_parent(method, tmp_path, is_gone):
    note = tmp_path / "pid"
    started = parent(method, note)
    started.kill()
    out, _ = started.communicate()
    assert is_gone(json.loads(out))


def test_ctrl_c_ends_the_call_and_the_process(tmp_path, is_gone):
    note = tmp_path / "pid"
    started = parent("hang", note)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=20)
    assert "KeyboardInterrupt" in err
    assert is_gone(json.loads(out))

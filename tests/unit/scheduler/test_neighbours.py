"""Several processes of nvpipe on one device: what they tell each other, and that they never take too much."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nvpipe.errors import OutOfMemoryError
from nvpipe.scheduler import CpuDevice, Device, Scheduler
from nvpipe.scheduler.neighbours import FileNeighbours, Promise, Want, folder_of

MIB = 1 << 20
TESTS = Path(__file__).resolve().parents[2]
HOLDER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from nvpipe.scheduler import CpuDevice, Estimate, ModelSpec, Scheduler
from nvpipe.scheduler.neighbours import FileNeighbours
device = CpuDevice(proc=Path(sys.argv[2]), reserve_bytes=0)
spec = ModelSpec("llama", "fakes.models:Model", {}, Estimate(600 << 20))
with Scheduler(device, neighbours=lambda _: FileNeighbours(Path(sys.argv[3]))) as scheduler:
    with scheduler.lease(spec) as worker:
        print(worker.pid, flush=True)
        time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "of-this-user" / "cpu"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A machine with 1000 MiB of memory that is always free, whatever real processes take."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text(f"MemTotal: {2000 * 1024} kB\nMemAvailable: {1000 * 1024} kB\n")
    return tmp_path / "proc"


@contextmanager
def broker(proc: Path, folder: Path) -> Iterator[Scheduler]:
    def neighbours(_: Device) -> FileNeighbours:
        return FileNeighbours(folder)

    with Scheduler(CpuDevice(proc=proc, reserve_bytes=0), neighbours=neighbours) as scheduler:
        yield scheduler


@contextmanager
def another_run(proc: Path, folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that holds a lease of 600 MiB until it is ended."""
    command = [sys.executable, "-c", HOLDER, str(TESTS), str(proc), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        try:
            yield run, int(run.stdout.readline())
        finally:
            run.kill()


def test_promises_and_wants_are_seen_until_they_are_taken_back(folder):
    one, other = FileNeighbours(folder), FileNeighbours(folder)
    one.post([Promise(7, 600, 200), Promise(0, 50, loading=True)], [Want(1.5, 300)])
    (seen,) = other.others()
    assert (seen.promises, seen.wants, seen.awake) == (
        (Promise(7, 600, 200), Promise(0, 50, loading=True)),
        (Want(1.5, 300),),
        True,
    )
    assert one.others() == []
    one.post([Promise(7, 5, 2)], [])
    assert other.others()[0].promises == (Promise(7, 5, 2),)
    one.post([], [])
    assert other.others() == []
    assert [path.name for path in folder.iterdir() if path.suffix == ".json"] == []


def test_who_was_killed_has_promised_nothing(folder):
    code = (
        "import sys, time; from pathlib import Path; from nvpipe.scheduler.neighbours import *;"
        "one = FileNeighbours(Path(sys.argv[1])); one.post([Promise(0, 500)], []); print('told', flush=True);"
        "time.sleep(600)"
    )
    other = FileNeighbours(folder)
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        run.stdout.readline()
        assert [one.promises for one in other.others()] == [(Promise(0, 500),)]
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert other.others() == []
    assert list(folder.glob("*.json")) == []


def test_a_stopped_process_counts_and_gives_nothing(folder, proc):
    with another_run(proc, folder) as (run, _), broker(proc, folder) as scheduler:
        run.send_signal(signal.SIGSTOP)
        (told,) = folder.glob("*.json")
        os.utime(told, (time.time() - 60, time.time() - 60))
        from nvpipe.scheduler import Estimate, ModelSpec

        spec = ModelSpec("kokoro", "fakes.models:Model", {}, Estimate(600 * MIB))
        with pytest.raises(OutOfMemoryError, match=r"kokoro needs 0\.6 GB, 0\.4 GB of"), scheduler.lease(spec):
            pass
        run.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("raw", [b"", b"[", b"[]", b'{"promises": [[1]], "wants": 3}', b"\xff" * 99, b"[" * 100_000])
def test_what_nobody_understands_is_nothing(folder, raw):
    one, other = FileNeighbours(folder), FileNeighbours(folder)
    one.post([Promise(0, 500)], [])
    (told,) = folder.glob("*.json")
    told.write_bytes(raw)
    (seen,) = other.others()
    assert (seen.promises, seen.wants) == ((), ())


def test_only_one_promises_at_a_time(folder):
    one, other = FileNeighbours(folder), FileNeighbours(folder)
    order = []

    def second() -> None:
        with other.exclusive() as mine:
            order.append(("second", mine))

    with one.exclusive() as mine:
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append(("first", mine))
    thread.join()
    assert order == [("first", True), ("second", True)]


def test_a_folder_that_cannot_be_used_is_one_warning(tmp_path):
    (tmp_path / "file").touch()
    warnings: list[str] = []
    one = FileNeighbours(tmp_path / "file" / "cpu", warnings.append)
    for _ in range(2):
        one.post([Promise(0, 5)], [])
        with one.exclusive() as mine:
            assert mine
    assert one.others() == ()
    assert len(warnings) == 1
    assert "other runs on this machine are not seen" in warnings[0]


def test_devices_have_folders_of_their_own_whatever_their_names():
    assert folder_of("GPU-12ab").name == "GPU-12ab"
    assert folder_of("../../etc").parent == folder_of("cpu").parent


def test_an_idle_model_leaves_for_another_run(folder, proc, spec):
    with broker(proc, folder) as first, broker(proc, folder) as second:
        with first.lease(spec("llama", mib=600)):
            pass
        with second.lease(spec("kokoro", mib=600)):
            pass
        assert [one.evictions for one in first.stats.values()] == [1]


def test_a_leased_model_of_another_run_is_waited_for(folder, proc, spec):
    waits: list[str] = []

    def lease(scheduler: Scheduler) -> None:
        with scheduler.lease(spec("kokoro", mib=600)):
            waits.append("served")

    with broker(proc, folder) as first, broker(proc, folder) as second:
        with first.lease(spec("llama", mib=600)):
            thread = threading.Thread(target=lease, args=(second,))
            thread.start()
            time.sleep(1.5)
            assert waits == []
        thread.join(20)
        assert waits == ["served"]


def test_memory_of_a_run_that_was_killed_is_there_for_the_next(folder, proc, spec, is_gone: Callable[[int], bool]):
    waits: list[float] = []

    def lease(scheduler: Scheduler) -> None:
        with scheduler.lease(spec("kokoro", mib=600)):
            waits.append(time.monotonic())

    with another_run(proc, folder) as (run, model), broker(proc, folder) as scheduler:
        thread = threading.Thread(target=lease, args=(scheduler,))
        thread.start()
        time.sleep(1.0)
        assert waits == []
        run.send_signal(signal.SIGKILL)
        thread.join(20)
        assert len(waits) == 1
        assert is_gone(model)

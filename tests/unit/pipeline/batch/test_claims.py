"""A job of an output folder is done by one run at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

from fakes.lock_holders import hold_and_wait

from nvpipe.pipeline.batch.claims import JobLock, names_in_use, remove_stale_locks
from nvpipe.pipeline.batch.events import open_events
from nvpipe.pipeline.batch.housekeeping import clean


def unheard(text: str) -> None:
    raise AssertionError(text)


def test_a_job_is_held_once_and_its_file_goes_with_it(tmp_path: Path) -> None:
    first, second = JobLock(tmp_path, "a"), JobLock(tmp_path, "a")
    assert first.take()
    assert not second.take()
    assert JobLock(tmp_path, "b").take()
    first.release()
    assert second.take()
    second.release()
    assert not second.path.exists()


def test_names_too_long_for_a_file_can_be_held(tmp_path: Path) -> None:
    lock = JobLock(tmp_path, "ä" * 300)
    assert lock.take()
    lock.release()


def test_a_holder_that_dies_lets_go(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    holder = context.Process(target=hold_and_wait, args=(tmp_path, "a", theirs))
    holder.start()
    assert ours.recv() == "held"
    lock = JobLock(tmp_path, "a")
    assert not lock.take()
    assert remove_stale_locks(tmp_path) == 0
    os.kill(holder.pid or 0, signal.SIGKILL)
    holder.join(10)
    assert lock.path.exists()
    assert lock.take()
    lock.release()


def test_names_of_runs_at_work_are_taken_and_those_of_others_are_free(tmp_path: Path) -> None:
    with open_events(tmp_path, unheard) as log:
        log.write("names", jobs=[{"slug": "a", "digest": "1"}, {"slug": 3}, "x"])
        assert names_in_use(tmp_path, "another") == {"a": "1"}
        assert names_in_use(tmp_path, log.run) == {}
    assert names_in_use(tmp_path, "another") == {}


def test_cleaning_takes_what_nobody_uses_and_says_so(tmp_path: Path) -> None:
    out, storage = tmp_path / "out", tmp_path / "cache"
    left = out / ".nvpipe-1-abc.part"
    left.mkdir(parents=True)
    (left / "half.mp4").write_bytes(b"x" * 1000)
    (out / "short.mp4").touch()
    storage.mkdir()
    (storage / ".999999999-abcdefabcdef.nvpipe-tmp").touch()
    stale = JobLock(out, "old")
    stale.path.parent.mkdir(parents=True)
    stale.path.touch()
    held = JobLock(out, "new")
    assert held.take()
    removed = {one.what: (one.count, one.bytes) for one in clean(out, storage)}
    assert removed == {"unfinished files": (1, 1000), "locks": (1, 0), "temporary files": (1, 0)}
    assert held.path.exists()
    assert (out / "short.mp4").exists()
    held.release()
    assert clean(out, storage) == []
    assert clean(tmp_path / "nowhere", tmp_path / "nowhere") == []

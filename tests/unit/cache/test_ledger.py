"""Which short shows what: reserved once, kept for good, shared by processes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fakes.reservations import next_free, span
from filelock import FileLock

from nvpipe.cache import ledger as ledger_module
from nvpipe.cache.ledger import Ledger, Reservation
from nvpipe.cache.locks import LEDGER_LOCK_NAME, BusyError
from nvpipe.cache.naming import ledger_path


def reservation(key: str, start_s: float, demand: str = "d", note: str = "") -> Reservation:
    return Reservation(key, demand, (span(start_s),), ("content",), note)


def refuse(others: Sequence[Reservation]) -> Reservation:
    raise AssertionError(f"asked to choose again beside {others}")


def test_each_job_is_told_what_others_have_and_keeps_its_own(tmp_path: Path) -> None:
    warnings: list[str] = []
    for _ in range(2):
        ledger = Ledger(tmp_path, warnings.append)
        for index, key in enumerate(("a", "b", "c")):
            assert ledger.reserve(key, "d", next_free(key))[0].segments == (span(10.0 * index),)
    assert ledger.reserve("b", "d", refuse) == (reservation("b", 10.0), False)
    assert warnings == []


def test_another_demand_of_the_same_job_takes_the_place_of_the_first(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, print)
    for key in ("a", "b"):
        ledger.reserve(key, "d", next_free(key))
    heard: list[list[str]] = []

    def choose(others: Sequence[Reservation]) -> Reservation:
        heard.append([other.key for other in others])
        return reservation("a", 70.0, "longer", "shown again")

    assert ledger.reserve("a", "longer", choose) == (reservation("a", 70.0, "longer", "shown again"), True)
    assert heard == [["b"]]
    ledger.reserve("c", "d", choose)
    assert heard[1] == ["b", "a"]


def test_the_file_is_plain_json(tmp_path: Path) -> None:
    Ledger(tmp_path, print).reserve("a", "d", next_free("a"))
    data = json.loads(ledger_path(tmp_path).read_text())["data"]
    (job,) = data["jobs"]
    assert job["key"] == "a"
    assert job["contents"] == ["content"]
    assert job["segments"] == [
        {"video_id": "v", "start_s": 0.0, "end_s": 10.0, "score": 1.0, "peak_s": 5.0},
    ]


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": "nvpipe-ledger"}', b"\x00" * 400, b"[1, 2]"])
def test_a_damaged_ledger_is_set_aside_with_one_warning(tmp_path: Path, content: bytes) -> None:
    ledger_path(tmp_path).write_bytes(content)
    warnings: list[str] = []
    ledger = Ledger(tmp_path, warnings.append)
    ledger.reserve("a", "d", next_free("a"))
    ledger.reserve("b", "d", next_free("b"))
    assert len(warnings) == 1
    assert [item.read_bytes() for item in tmp_path.iterdir() if ".json." in item.name] == [content]
    assert Ledger(tmp_path, warnings.append).reserve("b", "d", refuse)[0].segments == (span(10.0),)


def test_a_folder_that_cannot_be_written_is_one_warning_and_the_run_goes_on(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    warnings: list[str] = []
    ledger = Ledger(blocked / "storage", warnings.append)
    assert [ledger.reserve(key, "d", next_free(key))[0].segments for key in "aba"] == [
        (span(0.0),),
        (span(10.0),),
        (span(0.0),),
    ]
    assert len(warnings) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_ledger_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    Ledger(tmp_path, print).reserve("a", "d", next_free("a"))
    before = ledger_path(tmp_path).read_bytes()
    ledger_path(tmp_path).chmod(0)
    warnings: list[str] = []
    Ledger(tmp_path, warnings.append).reserve("b", "d", next_free("b"))
    ledger_path(tmp_path).chmod(0o600)
    assert ledger_path(tmp_path).read_bytes() == before
    assert warnings


def test_a_busy_ledger_fails_the_job_instead_of_sharing_footage(tmp_path: Path) -> None:
    with FileLock(str(tmp_path / LEDGER_LOCK_NAME)), pytest.raises(BusyError):
        Ledger(tmp_path, print, patience_s=0.1).reserve("a", "d", refuse)
    assert Ledger(tmp_path, print).reserve("a", "d", next_free("a"))[1]


def test_the_oldest_jobs_are_forgotten(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, print)
    ledger.reserve("a", "d", next_free("a"))
    whole = json.loads(ledger_path(tmp_path).read_text())
    (job,) = whole["data"]["jobs"]
    jobs = [{**job, "key": str(index)} for index in range(ledger_module.MAX_JOBS)]
    ledger_module.write(ledger_path(tmp_path), ledger_module.LEDGER, "", {"jobs": jobs})
    Ledger(tmp_path, print).reserve("new", "d", next_free("new"))
    keys = [job["key"] for job in json.loads(ledger_path(tmp_path).read_text())["data"]["jobs"]]
    assert len(keys) == ledger_module.MAX_JOBS
    assert keys[0] == "1"
    assert keys[-1] == "new"


def test_processes_never_reserve_the_same(tmp_path: Path, start: Callable[..., subprocess.Popen[str]]) -> None:
    code = "import sys, pathlib; from fakes.reservations import reserve_many; "
    code += "reserve_many(pathlib.Path(sys.argv[1]), sys.argv[2])"
    children = [start("-c", code, str(tmp_path), str(index)) for index in range(4)]
    assert [child.communicate(timeout=60)[1] for child in children] == [""] * 4
    jobs = json.loads(ledger_path(tmp_path).read_text())["data"]["jobs"]
    starts = [job["segments"][0]["start_s"] for job in jobs]
    assert starts == [10.0 * index for index in range(24)]

"""The events of runs: written whole, read whatever is there."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from nvpipe.errors import UsageError
from nvpipe.pipeline.batch.events import (
    EVENTS,
    EventFile,
    EventLog,
    forget_old_runs,
    is_alive,
    open_events,
    read_events,
    run_folders,
)


def unheard(text: str) -> None:
    raise AssertionError(text)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with open_events(tmp_path, unheard, tmp_path / "log.jsonl") as log:
        log.write("stage", stage="render", seconds=1.5)
        (folder,) = run_folders(tmp_path)
        assert is_alive(folder)
        (event,) = read_events(folder / EVENTS)
    assert (event["event"], event["stage"], event["seconds"], event["run"]) == ("stage", "render", 1.5, folder.name)
    assert list(read_events(tmp_path / "log.jsonl")) == [event]
    assert not is_alive(folder)


@pytest.mark.parametrize(
    "torn", [b'{"v": 1, "event": "a', b"\xff\xfe\n", b"[]\n", b'{"v": 2, "event": "b"}\n', b"\n\n"]
)
def test_torn_and_foreign_lines_are_passed_over(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"v": 1, "event": "first"}\n' + torn)
    file = EventFile(path)
    file.write(b'{"v": 1, "event": "last"}')
    file.close()
    assert [event["event"] for event in read_events(path)] == ["first", "last"]


def test_a_line_longer_than_any_event_swallows_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"x" * (3 << 20) + b'\n{"v": 1, "event": "last"}\n')
    assert [event["event"] for event in read_events(path)] == ["last"]


def test_lines_of_several_threads_stay_whole(tmp_path: Path) -> None:
    with open_events(tmp_path, unheard) as log:
        threads = [
            threading.Thread(target=lambda: [log.write("notice", text="x" * 500) for _ in range(100)])
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (folder,) = run_folders(tmp_path)
        assert len(list(read_events(folder / EVENTS))) == 800


def test_a_full_disk_is_one_warning_and_no_end(tmp_path: Path) -> None:
    heard: list[str] = []
    log = EventLog("run", [EventFile(Path("/dev/full"))], heard.append)
    log.write("notice", text="a")
    log.write("notice", text="b")
    assert len(heard) == 1
    assert "/dev/full cannot be written" in heard[0]


def test_a_log_file_that_cannot_be_opened_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="log file"), open_events(tmp_path, unheard, tmp_path / "no" / "log"):
        pass


def test_only_runs_that_are_over_are_forgotten(tmp_path: Path) -> None:
    with open_events(tmp_path, unheard), open_events(tmp_path, unheard):
        pass
    with open_events(tmp_path, unheard) as alive:
        assert forget_old_runs(tmp_path, kept=0) == 2
        assert [folder.name for folder in run_folders(tmp_path)] == [alive.run]


def test_bytes_that_are_no_text_can_be_told(tmp_path: Path) -> None:
    with open_events(tmp_path, unheard) as log:
        log.write("warning", text="name \udcff.mp4")
        (folder,) = run_folders(tmp_path)
        line = (folder / EVENTS).read_bytes()
    assert json.loads(line)["event"] == "warning"

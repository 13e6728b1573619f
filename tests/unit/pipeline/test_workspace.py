"""The folder for unfinished files."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

import pytest
from fakes.workspaces import open_and_close

from nvpipe.errors import UsageError
from nvpipe.pipeline.workspace import workspace

if TYPE_CHECKING:
    from pathlib import Path


def fail_inside(out: Path) -> None:
    with workspace(out) as work:
        (work / "half.mp4").touch()
        (work / "missing").read_bytes()


def test_it_is_gone_afterwards_whatever_happened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fail_inside(tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_what_a_dead_run_left_is_removed_and_a_live_run_is_not(tmp_path: Path) -> None:
    (tmp_path / ".nvpipe-1-abc.part").mkdir()
    with workspace(tmp_path) as first:
        assert not (tmp_path / ".nvpipe-1-abc.part").exists()
        with workspace(tmp_path) as second:
            assert first.is_dir()
            assert second != first
        assert first.is_dir()


def test_a_folder_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"), workspace(tmp_path / "file" / "out"):
        pass


def test_runs_that_start_and_end_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=open_and_close, args=(tmp_path, 60)) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0] * 4
    assert not list(tmp_path.iterdir())

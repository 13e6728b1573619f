"""Analysis of several videos at once, as a process: order, damage, Ctrl-C and killed workers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from fakes.cli import Cli
from fakes.media import make_video, truncated

pytestmark = pytest.mark.e2e
SECONDS = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three videos of different content, and one that is cut off in the middle of its name order."""
    folder = tmp_path / "library"
    folder.mkdir()
    first = make_video(folder / "a.mp4", seconds=SECONDS, fps=10)
    truncated(folder / "b.mp4", first, keep=0.3)
    make_video(folder / "c.mp4", seconds=SECONDS, fps=10, tags={"title": "c"})
    make_video(folder / "d.mp4", seconds=SECONDS, fps=10, audio=None)
    return folder


def children(pid: int) -> list[int]:
    """Analysing processes that another one has started."""
    found = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found += [int(word) for word in listed.read_text().split()]
    return [one for one in found if b"spawn_main" in command_of(one)]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def alive(pids: list[int]) -> list[int]:
    """Those that still run; a zombie has no command line."""
    return [pid for pid in pids if command_of(pid)]


def wait_for_workers(process: subprocess.Popen[str], count: int) -> list[int]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if len(found := children(process.pid)) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError("no workers were started")


def test_results_come_in_the_order_of_the_videos_and_are_those_of_one_at_a_time(cli: Cli, folder: Path) -> None:
    together = cli("analyze", folder, "--jobs", "3", "--json")
    assert together.code == 1
    (line,) = together.error_lines
    assert "b.mp4" in line
    shutil.rmtree(cli.storage)
    alone = cli("analyze", folder, "--jobs", "1", "--json")
    names = [Path(one["path"]).name for one in together.json["footage"]]
    assert names == ["a.mp4", "c.mp4", "d.mp4"]
    results = [[one["scores"] for one in result.json["footage"]] for result in (together, alone)]
    assert results[0] == results[1]
    headings = [line for line in together.err.splitlines() if line.startswith("[")]
    assert headings == ["[1/3] a.mp4", "[2/3] c.mp4", "[3/3] d.mp4"]
    assert all(one["cached"] for one in cli("analyze", folder, "--json").json["footage"])


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_ctrl_c_ends_everything_at_once(cli: Cli, folder: Path) -> None:
    process = cli.start("analyze", folder, "--jobs", "2")
    workers = wait_for_workers(process, 2)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "nvpipe: error: interrupted"
    assert "Traceback" not in err
    assert alive(workers) == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_workers_do_not_outlive_a_killed_parent(cli: Cli, folder: Path) -> None:
    process = cli.start("analyze", folder, "--jobs", "2")
    workers = wait_for_workers(process, 2)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while alive(workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive(workers) == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_a_killed_worker_costs_one_video(cli: Cli, folder: Path) -> None:
    process = cli.start("analyze", folder, "--jobs", "2", "--json")
    os.kill(wait_for_workers(process, 2)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if "killed by signal 9" in line]
    assert line.startswith("nvpipe: error: ")
    assert out.count('"video_id"') == 2


def test_fast_is_coarse_and_a_full_analysis_serves_it_too(cli: Cli, tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", seconds=24, fps=10)
    (coarse,) = cli("analyze", path, "--fast", "--json").json["footage"]
    (full,) = cli("analyze", path, "--json").json["footage"]
    (again,) = cli("analyze", path, "--fast", "--json").json["footage"]
    assert (coarse["cached"], full["cached"], again["cached"]) == (False, False, True)
    assert again["scores"] == full["scores"] != coarse["scores"]
    assert cli("segments", path, "--duration", "5", "--fast", "--json").json["segments"]

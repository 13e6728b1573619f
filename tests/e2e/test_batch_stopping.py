"""Batches that are asked to end, and two runs on one output folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from fakes.cli import ARTICLE, Cli, make_clip
from fakes.crashes import done_records

pytestmark = pytest.mark.e2e
JOBS = 4


class Batch:
    """A batch of four jobs on small footage."""

    def __init__(self, folder: Path) -> None:
        self.cli = Cli(folder)
        self.out = folder / "out"
        make_clip(folder / "clip.mp4")
        lines = []
        for number in range(1, JOBS + 1):
            (folder / f"{number}.md").write_text(ARTICLE.replace("# The", f"# {number} The"))
            lines.append(json.dumps({"article": f"{number}.md"}))
        (folder / "jobs.jsonl").write_text("\n".join(lines))

    def arguments(self, *more: str) -> tuple[str, ...]:
        short = ("--seconds", "6", "--size", "720x1280", "--fast")
        return ("run", "jobs.jsonl", "--footage", "clip.mp4", "--out", "out", *short, *more)

    def start(self, *more: str) -> subprocess.Popen[str]:
        return self.cli.start(*self.arguments(*more))

    def done(self) -> int:
        return len(done_records(self.out))

    def until(self, event: str, number: int, process: subprocess.Popen[str], **what: Any) -> None:
        """Wait until a run has told of something."""
        for _ in range(1200):
            for path in (self.out / ".nvpipe" / "runs").glob("*/events.jsonl"):
                for line in path.read_text().splitlines():
                    one = json.loads(line) if line.endswith("}") else {}
                    wanted = {"event": event, "number": number, **what}
                    if all(one.get(key) == value for key, value in wanted.items()):
                        return
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        raise AssertionError(f"{event} of {number} never came")

    def is_clean(self) -> bool:
        return not list(self.out.glob(".nvpipe-*"))


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    return Batch(tmp_path)


@pytest.mark.parametrize("at_once", ["1", "2"])
def test_the_first_interrupt_finishes_what_is_at_work(batch: Batch, at_once: str) -> None:
    process = batch.start("--jobs", at_once, "--json")
    batch.until("stage_started", 1, process, stage="render")
    assert batch.cli("status", "out", "--json").json["phase"] == "running"
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "asked to end" in err
    told = json.loads(out)
    assert 1 <= len(told["jobs"]) < JOBS
    assert all(job["status"] == "done" for job in told["jobs"])
    assert len(told["jobs"]) + len(told["not_begun"]) == JOBS
    assert f"{len(told['not_begun'])} of {JOBS} jobs are not begun" in err
    assert batch.is_clean()
    assert batch.cli("status", "out", "--json").json["phase"] == "interrupted"


@pytest.mark.parametrize("at_once", ["1", "2"])
def test_the_second_interrupt_stops_at_once(batch: Batch, at_once: str) -> None:
    process = batch.start("--jobs", at_once)
    batch.until("stage_started", 1, process, stage="render")
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.splitlines()[-1].startswith("nvpipe: error: interrupted")
    assert batch.is_clean()
    done = batch.done()
    assert done < JOBS
    again = batch.cli(*batch.arguments("--json"))
    assert sum(job["cached"] for job in again.json["jobs"]) == done


@pytest.mark.parametrize(("grace", "all_finish"), [("0", False), ("100", True)])
def test_sigterm_drains_for_a_grace_period(batch: Batch, grace: str, *, all_finish: bool) -> None:
    process = batch.start("--jobs", "2", "--grace", grace)
    batch.until("stage_started", 1, process, stage="render")
    os.kill(process.pid, signal.SIGTERM)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert bool(batch.done()) == all_finish, err
    assert batch.is_clean()


def test_two_runs_at_once_do_every_job_once(batch: Batch) -> None:
    first, second = batch.start("--jobs", "1"), batch.start("--jobs", "2")
    told = [process.communicate(timeout=300)[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), told
    assert sorted(record["slug"] for record in done_records(batch.out)) == sorted(
        f"{number}-the-lighthouse-that-moved" for number in range(1, JOBS + 1)
    )
    assert batch.is_clean()
    assert not list((batch.out / ".nvpipe" / "locks").iterdir())


def test_a_run_takes_over_when_the_other_one_dies(batch: Batch) -> None:
    first = batch.start("--jobs", "1")
    batch.until("stage_started", 1, first, stage="render")
    second = batch.start("--jobs", "1")
    time.sleep(3)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    _, err = second.communicate(timeout=300)
    assert second.returncode == 0, err
    assert batch.done() == JOBS
    assert batch.is_clean()


def test_what_a_killed_run_left_is_cleaned_and_said(batch: Batch) -> None:
    process = batch.start("--jobs", "1")
    batch.until("stage_started", 1, process, stage="render")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not batch.is_clean()
    assert batch.cli("status", "out", "--json").json["phase"] == "killed"
    told = batch.cli("clean", "out")
    assert told.code == 0
    assert "unfinished files" in told.out
    assert "locks" in told.out
    assert batch.is_clean()
    assert "nothing was left behind" in batch.cli("clean", "out").out

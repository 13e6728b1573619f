"""Batches through the real command: jobs at once, failures, retries, and what tells of them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from fakes.cli import ARTICLE, Cli, make_clip
from fakes.crashes import without_the_run

pytestmark = pytest.mark.e2e
SHORT = ("--seconds", "4", "--size", "180x320", "--fast")
JOBS = 3


def write_jobs(folder: Path, *more: str) -> None:
    """Three jobs and whatever else the lines say."""
    lines = []
    for number in range(1, JOBS + 1):
        name = f"article{number}.md"
        (folder / name).write_text(ARTICLE.replace("# The lighthouse that", f"# Lighthouse {number} that"))
        lines.append(json.dumps({"article": name, "captions": "none" if number == 2 else "default"}))
    (folder / "jobs.jsonl").write_text("\n".join([*lines, *more]) + "\n")


def contents(out: Path) -> dict[str, Any]:
    """The finished files, manifests without what tells of the run."""
    return {
        path.name: without_the_run(json.loads(path.read_text()), out.parent)
        if path.suffix == ".json"
        else path.read_bytes()
        for path in out.iterdir()
        if path.suffix in (".mp4", ".srt", ".jpg", ".json")
    }


def events_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A batch done two at a time, with a job that fails in the middle."""
    cli = Cli(tmp_path_factory.mktemp("batch"))
    make_clip(cli.folder / "clip.mp4")
    write_jobs(cli.folder, '{"article": "nowhere.md"}')
    more = ("--jobs", "2", "--log", "log.jsonl", "--metrics", "metrics.prom", "--json")
    result = cli("run", "jobs.jsonl", "--footage", "clip.mp4", "--out", "out", *SHORT, *more)
    (cli.folder / "result.json").write_text(result.out)
    (cli.folder / "told.txt").write_text(result.err)
    assert result.code == 1, result.err
    return cli


def test_a_failed_job_does_not_stop_the_rest(batch: Cli) -> None:
    jobs = json.loads((batch.folder / "result.json").read_text())["jobs"]
    assert [job["status"] for job in jobs] == ["done"] * JOBS + ["failed"]
    assert "nowhere.md" in jobs[-1]["error"]
    for job in jobs[:JOBS]:
        assert Path(job["output"]).is_file()


def test_a_table_ends_the_batch(batch: Cli) -> None:
    *_, head, one, two, three, four, last = (batch.folder / "told.txt").read_text().splitlines()
    assert head.split() == ["#", "job", "status", "time", "result"]
    assert [line.split()[2] for line in (one, two, three, four)] == ["done", "done", "done", "failed"]
    assert last.startswith("4 jobs: 3 done, 1 failed")


def test_the_files_are_those_of_one_job_after_the_other(batch: Cli, tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    shutil.copy2(batch.folder / "clip.mp4", tmp_path)
    write_jobs(tmp_path)
    assert cli("run", "jobs.jsonl", "--footage", "clip.mp4", "--out", "out", *SHORT, "--jobs", "1").code == 0
    assert contents(tmp_path / "out") == contents(batch.folder / "out")


def test_every_stage_is_an_event(batch: Cli) -> None:
    events = events_of(batch.folder / "log.jsonl")
    stages = [event for event in events if event["event"] == "stage"]
    assert {"job", "stage", "key", "backend", "seconds", "bytes", "outcome", "start_s", "end_s"} <= set(stages[0])
    by_job = {job: [one["stage"] for one in stages if one["number"] == job] for job in (1, 2, 3)}
    assert by_job == {job: ["script", "narration", "analysis", "render"] for job in (1, 2, 3)}
    render = next(one for one in stages if one["stage"] == "render" and one["number"] == 1)
    assert render["bytes"] == (batch.folder / "out" / "lighthouse-1-that-moved.mp4").stat().st_size
    (own,) = (batch.folder / "out" / ".nvpipe" / "runs").glob("*/events.jsonl")
    assert events_of(own) == events
    assert events[0]["event"] == "run_started"
    assert (events[-1]["event"], events[-1]["exit_code"]) == ("run_ended", 1)


def test_the_metrics_are_what_prometheus_reads(batch: Cli) -> None:
    text = (batch.folder / "metrics.prom").read_text()
    for line in text.splitlines():
        pattern = r'# (HELP|TYPE) nvpipe_\w+ .+|nvpipe_\w+(\{(\w+="[^"]*",?)+\})? -?[0-9.e+-]+'
        assert re.fullmatch(pattern, line), line
    assert 'nvpipe_jobs{status="done"} 3' in text
    assert 'nvpipe_jobs{status="failed"} 1' in text
    assert 'nvpipe_stages_total{stage="render",backend="x264",outcome="ran"} 3' in text
    assert "nvpipe_run_active 0" in text


def test_status_tells_how_a_run_ended(batch: Cli) -> None:
    told = batch("status", "out", "--json").json
    assert (told["phase"], told["exit_code"], told["at_once"]) == ("finished", 1, 2)
    assert told["counts"] == {"waiting": 0, "running": 0, "done": 3, "failed": 1}
    assert batch("status", told["folder"], "--json").json == told
    assert "finished after" in batch("status", "out").out
    assert batch("status", "nowhere").code == 3


def test_a_second_run_has_nothing_to_do_but_what_failed(batch: Cli) -> None:
    options = ("--jobs", "2", "--json")
    result = batch("run", "jobs.jsonl", "--footage", "clip.mp4", "--out", "out", *SHORT, *options)
    assert [job["cached"] for job in result.json["jobs"]] == [True] * JOBS + [False]


def test_a_job_is_tried_again_where_that_helps(cli: Cli, article: Path, clip: Path) -> None:
    out = cli.folder / "out"
    out.mkdir()
    # A folder stands where the short is to be written: that may be cleared away, so it is worth another try.
    (out / "the-lighthouse-that-moved.mp4").mkdir()
    (out / "the-lighthouse-that-moved.mp4" / "in the way").touch()
    result = cli("run", article, "--footage", clip, "--out", out, *SHORT, "--retry", "1", "--json")
    (job,) = result.json["jobs"]
    assert (result.code, job["status"], job["attempts"]) == (1, "failed", 2)
    assert "trying again (1 of 1)" in result.err
    again = cli("run", cli.folder / "nowhere.md", "--footage", clip, "--out", out, "--retry", "3", "--json")
    assert again.json["jobs"][0]["attempts"] == 1


def test_no_room_on_the_disk_is_told_before_anything_is_made(cli: Cli, article: Path, clip: Path) -> None:
    sizes = "9:16,4:5,1:1,16:9,720x1280,540x960,360x640,180x320"
    if shutil.disk_usage(cli.folder).free > 8 * 3 * 600 * 100e6 / 8:
        pytest.skip("this disk has room for eight ten-minute videos of 100 Mbit/s")
    huge = ("--seconds", "600", "--bitrate", "100M", "--size", sizes)
    result = cli("run", article, "--footage", clip, "--out", "out", *huge)
    assert result.code == 1
    (line,) = result.error_lines
    assert "free some space" in line
    assert "script" not in result.err

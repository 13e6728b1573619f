"""Batches that are killed at random moments and begun again until they are done."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakes.cli import ARTICLE, Cli, make_clip

JOBS = 3
SECONDS = "3"
SIZE = "180x320"
FOLLOWS_FROM_THE_RUN = ("stages", "models", "options", "predicted")
"""Of a manifest: what was found and what was made, and how many at once."""
_ATTEMPTS = 200


@dataclass
class Figures:
    """What the killing came to."""

    kills: int = 0
    batches: int = 0
    """That were killed and ended as if they had not been."""
    at: Counter[str] = field(default_factory=Counter)
    """The last event before each kill."""
    jobs_at_kill: Counter[int] = field(default_factory=Counter)
    """How many jobs were done then."""

    def __str__(self) -> str:
        moments = ", ".join(f"{count} {name}" for name, count in self.at.most_common())
        done = ", ".join(f"{count} with {jobs}" for jobs, count in sorted(self.jobs_at_kill.items()))
        return f"{self.kills} kills in {self.batches} batches; after: {moments}; jobs done: {done}"


class Yard:
    """A place for batches, all of the same articles and footage.

    Args:
        folder: where everything lies.
        seed: of the random moments.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.clip = make_clip(folder / "clip.mp4", seconds=16)
        lines = []
        for number in range(1, JOBS + 1):
            name = f"article{number}.md"
            (folder / name).write_text(ARTICLE.replace("# The lighthouse that", f"# Lighthouse {number} that"))
            lines.append(json.dumps({"article": name, "layout": "fill" if number % 2 else "blur"}))
        (folder / "jobs.jsonl").write_text("\n".join(lines) + "\n")
        self.figures = Figures()
        self._numbers = itertools.count(1)
        start = time.monotonic()
        self.expected = self._finished(self._cli("undisturbed"), "1")
        self.usual_s = time.monotonic() - start

    def kill_and_resume(self, kills: int) -> Figures:
        """Kill so often, in as many batches as that takes; every one must end like the undisturbed one."""
        while self.figures.kills < kills:
            before = self.figures.kills
            name = f"batch{next(self._numbers)}"
            cli = self._cli(name)
            at_once = str(self.random.choice((1, 2)))
            for _ in range(_ATTEMPTS):
                if self.figures.kills >= kills or not self._killed(cli, at_once):
                    break
            assert self._finished(cli, at_once) == self.expected, f"{name} came out otherwise"
            self._look_around(cli, at_once)
            self.figures.batches += self.figures.kills > before
            shutil.rmtree(cli.folder)
        return self.figures

    def _cli(self, name: str) -> Cli:
        (self.folder / name).mkdir()
        return Cli(self.folder / name)

    def _arguments(self, at_once: str) -> tuple[str, ...]:
        options = ("--seconds", SECONDS, "--size", SIZE, "--fast", "--jobs", at_once)
        return ("run", "../jobs.jsonl", "--footage", "../clip.mp4", "--out", "out", *options)

    def _killed(self, cli: Cli, at_once: str) -> bool:
        """Whether a run was killed before it was done."""
        process = cli.start(*self._arguments(at_once))
        start = time.monotonic()
        moment_s = self.random.uniform(0.2, self.usual_s)
        try:
            process.communicate(timeout=moment_s)
        except subprocess.TimeoutExpired:
            pass
        else:
            assert process.returncode == 0
            # The machine has become less busy: aim nearer.
            self.usual_s = min(self.usual_s, time.monotonic() - start)
            return False
        children = descendants(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        if self.random.random() < 0.7:
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        process.communicate()
        self.figures.kills += 1
        self.figures.at[last_event(cli.folder / "out")] += 1
        self.figures.jobs_at_kill[len(done_records(cli.folder / "out"))] += 1
        return True

    def _finished(self, cli: Cli, at_once: str) -> dict[str, Any]:
        """What lies in the output folder when the run is done, by name."""
        result = cli(*self._arguments(at_once))
        assert result.code == 0, result.err
        found: dict[str, Any] = {}
        for path in (cli.folder / "out").iterdir():
            if path.suffix == ".json":
                found[path.name] = without_the_run(json.loads(path.read_text()), cli.folder)
            elif path.is_file() and path.name != "nvpipe-journal.jsonl":
                found[path.name] = path.read_bytes()
        assert len(found) == 4 * JOBS
        return found

    def _look_around(self, cli: Cli, at_once: str) -> None:
        """Nothing is left behind, nothing was done twice, and nothing is left to do."""
        out = cli.folder / "out"
        assert not list(out.glob(".nvpipe-*"))
        assert not list(cli.storage.rglob("*.nvpipe-tmp"))
        counts = Counter(record["slug"] for record in done_records(out))
        assert sorted(counts.values()) == [1] * JOBS, counts
        assert cli("cache", "verify").code == 0
        result = cli(*self._arguments(at_once), "--json")
        assert [job["cached"] for job in result.json["jobs"]] == [True] * JOBS


def without_the_run(manifest: dict[str, Any], folder: Path) -> Any:
    """A manifest without what tells of the run and the place rather than of the short."""
    kept = {key: value for key, value in manifest.items() if key not in FOLLOWS_FROM_THE_RUN}
    kept["backends"] = {stage: choice["used"] for stage, choice in manifest["backends"].items()}
    return json.loads(json.dumps(kept).replace(str(folder), "FOLDER"))


def done_records(out: Path) -> list[dict[str, Any]]:
    """The `done` lines of a journal; a torn line is none."""
    found = []
    with suppress(FileNotFoundError):
        for line in (out / "nvpipe-journal.jsonl").read_text().splitlines():
            with suppress(ValueError):
                event = json.loads(line)
                if event["event"] == "done":
                    found.append(event)
    return found


def last_event(out: Path) -> str:
    """Of the newest run, with its stage."""
    runs = sorted((out / ".nvpipe" / "runs").glob("*/events.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    lines = runs[-1].read_text().splitlines() if runs else []
    for line in reversed(lines):
        with suppress(ValueError):
            event = json.loads(line)
            if event["event"] != "memory":
                return " ".join(filter(None, (event["event"], event.get("stage"))))
    return "nothing"


def descendants(pid: int) -> list[int]:
    """Processes that came from one."""
    found: list[int] = []
    todo = [pid]
    while todo:
        with suppress(OSError):
            for thread in Path(f"/proc/{todo.pop()}/task").iterdir():
                with suppress(OSError):
                    children = [int(child) for child in (thread / "children").read_text().split()]
                    found += children
                    todo += children
    return found

"""A batch against as many single runs one after the other: wall time and memory.

    python bench/batch.py FOOTAGE... [--count 20] [--seconds 6] [--jobs 1,2] [--workers 2]

Prints one JSON document. Every way starts with an empty cache and an empty output folder; the files of all must be
the same. Memory is the most that all processes took together (PSS), looked at every two seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STORY = (
    "In {year} engineers moved a lighthouse of {tons} tons without cracking a single brick. The sea had come within "
    "forty metres of its door. They lifted it onto steel rails and pushed it inland. The journey was {metres} metres "
    "long and took 23 days. The old tower still turns its light every night, and visitors can walk the whole way."
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("footage", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--jobs", default="1,2", help="numbers of jobs at once, by commas")
    parser.add_argument("--workers", help="the same for processes that share a render, with one job at once")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nvpipe-bench-") as folder:
        place = Path(folder)
        articles = [_article(place, number) for number in range(1, asked.count + 1)]
        options = ["--footage", *_named(asked.footage), "--seconds", str(asked.seconds)]
        measured = {"single runs": _singles(place, articles, options)}
        for count in asked.jobs.split(","):
            name = f"batch, --jobs {count}"
            measured[name] = _batch(place, articles, [*options, "--jobs", count], name)
        for count in asked.workers.split(",") if asked.workers else ():
            name = f"batch, --jobs 1 --workers {count}"
            measured[name] = _batch(place, articles, [*options, "--jobs", "1", "--workers", count], name)
    same = len({one.pop("files") for one in measured.values()}) == 1
    machine = {"cores": os.cpu_count(), "load": os.getloadavg()[0]}
    document = {"count": asked.count, "seconds": asked.seconds, **machine, "same_files": same, "ways": measured}
    sys.stdout.write(json.dumps(document, indent=1) + "\n")
    return 0 if same else 1


def _named(footage: list[Path]) -> list[str]:
    first, *others = (str(path.absolute()) for path in footage)
    return [first, *(word for path in others for word in ("--footage", path))]


def _article(folder: Path, number: int) -> str:
    path = folder / f"article{number}.md"
    story = STORY.format(year=1900 + number, tons=4000 + number, metres=800 + number)
    path.write_text(f"# The lighthouse number {number}\n\n{story}\n")
    return str(path)


def _singles(place: Path, articles: list[str], options: list[str]) -> dict[str, Any]:
    out = place / "singles"
    start, cpu_s, peaks = time.perf_counter(), 0.0, []
    for article in articles:
        spent, peak = _run(place / "cache-singles", out, [article, *options])
        cpu_s += spent
        peaks.append(peak)
    return _result(start, cpu_s, max(peaks), out)


def _batch(place: Path, articles: list[str], options: list[str], name: str) -> dict[str, Any]:
    slug = name.replace(" ", "")
    out = place / slug
    start = time.perf_counter()
    spent, peak = _run(place / f"cache-{slug}", out, [*articles, *options])
    return _result(start, spent, peak, out)


def _result(start: float, cpu_s: float, peak_bytes: int, out: Path) -> dict[str, Any]:
    files = hashlib.blake2b()
    for path in sorted(out.glob("*.mp4")):
        files.update(path.name.encode() + hashlib.blake2b(path.read_bytes()).digest())
    wall_s = round(time.perf_counter() - start, 1)
    return {"wall_s": wall_s, "cpu_s": round(cpu_s, 1), "peak_bytes": peak_bytes, "files": files.hexdigest()}


def _run(storage: Path, out: Path, arguments: list[str]) -> tuple[float, int]:
    """Seconds of the processors, and the peak that the run itself noted."""
    before = os.times()
    log = out.with_suffix(".log")
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "nvpipe", "run", *arguments, "--out", str(out), "--log", str(log), "-q"]
    subprocess.run(command, env={**os.environ, "NVPIPE_STORAGE": str(storage)}, check=True)
    after = os.times()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    peak = max((event["bytes"] for event in events if event["event"] == "memory"), default=0)
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return spent, peak


if __name__ == "__main__":
    raise SystemExit(main())

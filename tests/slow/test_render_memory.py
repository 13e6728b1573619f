"""Memory of a whole render does not grow with its length, and stays small: pictures, captions and sound in 1080p."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.cli import Cli
from fakes.media import make_video, numbered
from fakes.retouch import looped

pytestmark = pytest.mark.slow
MINUTE_S, TEN_MINUTES_S = 60, 600
GROWTH = 1.1
MOST_BYTES = 400 << 20
THINGS = ("lamp", "harbour", "bridge", "engine", "river", "garden", "market", "tower", "letter", "winter")
DEEDS = ("was found by", "was older than", "stood beside", "was named after", "was paid for by", "was drawn by")

# A child's peak counts from the fork on: from here it would begin with all of pytest.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.stdout.buffer.write(done.stdout)
sys.exit(done.returncode)
"""


def long_article(path: Path) -> Path:
    """Some two thousand words in sentences that are all different."""
    sentences = [
        f"In the year {1500 + 2 * number} the {THINGS[number % 10]} of the {THINGS[number // 10 % 10]} "
        f"{DEEDS[number % 6]} {number + 3} people from the {THINGS[(number + 3) % 10]} in the north."
        for number in range(160)
    ]
    path.write_text("# What was found\n\n" + "\n\n".join(" ".join(sentences[at : at + 5]) for at in range(0, 160, 5)))
    return path


def render(cli: Cli, article: Path, clip: Path, seconds: int) -> tuple[int, float]:
    """Peak of the largest process of a run in bytes, and the length of what it made."""
    arguments = ("run", article, "--footage", clip, "--out", cli.folder / str(seconds), "--seconds", str(seconds))
    command = [sys.executable, "-c", MEASURE, *cli.command(*arguments, "--fast", "--json", "-q")]
    done = subprocess.run(command, capture_output=True, text=True, env=cli.environ, check=False)
    assert done.returncode == 0, done.stderr
    peak, _, document = done.stdout.partition("\n")
    manifest = json.loads(Path(json.loads(document)["jobs"][0]["manifest"]).read_text())
    return int(peak) * (1 if sys.platform == "darwin" else 1024), manifest["output"]["duration_s"]


def test_ten_minutes_take_no_more_memory_than_one(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    article = long_article(tmp_path / "article.md")
    part = make_video(tmp_path / "part.mp4", seconds=20, size=(1920, 1080), picture=numbered)
    clip = looped(tmp_path / "clip.mp4", part, 40)
    # Analysing loads torch; a render with known tracks does not.
    assert cli("analyze", clip, "--fast", timeout=3600).code == 0
    small, minute_s = render(cli, article, clip, MINUTE_S)
    large, ten_s = render(cli, article, clip, TEN_MINUTES_S)
    sys.stdout.write(
        f"{minute_s:.0f} s {small >> 20} MiB, {ten_s:.0f} s {large >> 20} MiB, ratio {large / small:.3f}\n"
    )
    assert minute_s == pytest.approx(MINUTE_S, abs=2)
    assert ten_s >= 0.9 * TEN_MINUTES_S
    assert large <= GROWTH * small
    assert large <= MOST_BYTES

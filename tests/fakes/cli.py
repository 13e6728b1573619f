"""The real command in a process of its own, on real video that the tests make."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes.media import make_video

ARTICLE = """# The lighthouse that moved

In 1999 engineers moved a lighthouse of 4,830 tons without cracking a single brick. The sea had come within
forty metres of its door. For $11.8 million they lifted it onto steel rails and pushed it inland.

The journey was 884 metres long and took 23 days. Dr. Obi, who watched it from the beach, said that
"nobody breathed until it stopped." The old tower still turns its light every night. The U.S. Park Service
keeps the path open, and visitors can walk the whole way in ten minutes.

Bricks are strong under weight but weak when they bend. That is why sixty jacks held the tower level all the
way. The rails were greased with bars of soap. When the tower arrived, its new foundation was ready, and the
light was lit again after 4 months.
"""


@dataclass(frozen=True)
class Result:
    """What a finished command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error_lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("nvpipe: error: ")]


class Cli:
    """Calls nvpipe with a cache and settings of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = folder / "cache"
        self.environ = {name: text for name, text in os.environ.items() if not name.startswith("NVPIPE_")}
        self.environ |= {"NVPIPE_STORAGE": str(self.storage), "PYTHONPATH": ""}

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "nvpipe", *map(str, arguments)]

    def __call__(self, *arguments: str | Path, stdin: str | None = None, timeout: float = 300) -> Result:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A shell in the background starts its children deaf to it.
            preexec_fn=hear_interrupts,
        )


def hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def make_clip(path: Path, seconds: float = 12) -> Path:
    flashes = [7 + step / 5 for step in range(15) if 7 + step / 5 < seconds]
    return make_video(path, seconds=seconds, size=(320, 180), flashes_s=flashes, tags={"copyright": "CC0, by nobody"})

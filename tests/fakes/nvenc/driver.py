"""NVIDIA's driver libraries without a card, compiled from the C beside this file, for a child process to load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCES = {"libcuda.so.1": "cuda.c", "libnvidia-encode.so.1": "encode.c"}
HERE = Path(__file__).parent
TESTS = HERE.parents[1]
ROOT = TESTS.parent


def compiler() -> str | None:
    """The C compiler here."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


@dataclass(frozen=True)
class Ran:
    """What came of a child process."""

    code: int
    out: str
    err: str
    calls: list[dict[str, Any]]
    """What was asked of the encoder, in order."""

    def asked(self, call: str) -> list[dict[str, Any]]:
        return [one for one in self.calls if one["call"] == call]


class Driver:
    """The libraries in a folder.

    Args:
        folder: where to; it is made.
        without: libraries that this driver lacks.
    """

    def __init__(self, folder: Path, without: tuple[str, ...] = ()) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        command = compiler()
        assert command is not None
        for library, source in SOURCES.items():
            if library not in without:
                build = [command, "-O1", "-w", "-shared", "-fPIC", str(HERE / source), "-o", str(folder / library)]
                subprocess.run(build, check=True)

    def run(self, *arguments: str, tmp_path: Path, timeout_s: float = 300, **settings: str | int) -> Ran:
        """Run Python with this driver; settings are the libraries' own variables."""
        calls = tmp_path / "calls.jsonl"
        calls.unlink(missing_ok=True)
        environment = {
            **os.environ,
            "LD_LIBRARY_PATH": str(self.folder),
            "PYTHONPATH": os.pathsep.join((str(TESTS), str(ROOT))),
            "FAKE_NVENC_CALLS": str(calls),
            **{name: str(value) for name, value in settings.items()},
        }
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=timeout_s,
        )  # fmt: skip
        lines = calls.read_text("utf-8").splitlines() if calls.exists() else []
        return Ran(done.returncode, done.stdout, done.stderr, [json.loads(line) for line in lines])

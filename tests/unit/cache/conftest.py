"""What the cache's tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from fakes.cached_tracks import DIGEST, KEY, TRACK
from fakes.kinds import Kind, one_of_each

import nvpipe
from nvpipe.cache.action import KeptTrack, save_track
from nvpipe.types import Footage

TESTS = Path(__file__).parents[2]


@pytest.fixture
def said() -> list[str]:
    """Warnings in the order in which they were given; its `append` is the sink."""
    return []


@pytest.fixture
def footage() -> Callable[..., Footage]:
    """Makes the facts of a video without any."""

    def make(path: Path, digest: str, **changes: object) -> Footage:
        facts: dict[str, object] = {
            "video_id": "",
            "path": path,
            "digest": digest,
            "width_px": 1920,
            "height_px": 1080,
            "fps": Fraction(30000, 1001),
            "duration_s": 12.5,
            "codec": "h264",
            "rotation_deg": 0,
            "has_audio": True,
            "colour_matrix": "bt709",
            "colour_assumed": False,
        }
        return Footage(**{**facts, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """Starts Python on a piece of code, with nvpipe and the fakes importable."""

    def run(*arguments: str) -> subprocess.Popen[str]:
        roots = os.pathsep.join((str(TESTS), str(Path(nvpipe.__file__).parents[1])))
        return subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": roots},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run


@pytest.fixture
def kept(tmp_path: Path, said: list[str]) -> KeptTrack:
    """The track, in a storage folder."""
    return KeptTrack(TRACK, KEY, save_track(tmp_path, DIGEST, KEY, TRACK, said.append))


@pytest.fixture
def kinds(tmp_path: Path, footage: Callable[..., Footage]) -> dict[str, Kind]:
    """A storage folder with one small file of every kind."""
    return one_of_each(tmp_path, footage)

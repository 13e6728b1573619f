"""`bench/action.py` on a clip of a few seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fakes.media import make_video

pytestmark = pytest.mark.e2e
SCRIPT = Path(__file__).parents[2] / "bench" / "action.py"
SECONDS, FIGHT = 12, (7, 10)


def flicker(index: int, time_s: float, width: int, height: int) -> np.ndarray:
    """A slow ramp; from second 7 to 10 the whole picture flashes and jumps."""
    picture = np.broadcast_to(np.linspace(40, 120, width, dtype=np.uint8)[None, :, None], (height, width, 3)).copy()
    picture[:, index % width] = 200
    if FIGHT[0] <= time_s < FIGHT[1]:
        picture = np.roll(picture, index * 37 % width, axis=1) // (1 + index % 3)
    return picture


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    make_video(folder / "fight.mp4", seconds=SECONDS, fps=12, picture=flicker, size=(96, 54))
    truth = [{"combat": int(FIGHT[0] <= second < FIGHT[1]), "t": second} for second in range(SECONDS)]
    (folder / "fight.truth.json").write_text(json.dumps({"per_second": truth, "game": "none"}))
    (folder / "lonely.truth.json").write_text(json.dumps({"per_second": truth}))
    return folder


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_the_fight_is_found_in_every_variant(clips: Path) -> None:
    done = run(str(clips), "--durations", "4,20", "--mute", "--encode", "60k", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    rows = {row["variant"]: row for row in report["rows"]}
    assert list(rows) == ["as is", "mute", "60k"]
    for row in rows.values():
        assert row["duration_s"] == 4
        assert row["best_s"] == 3
        assert row["shares"]["nvpipe"] > row["shares"]["random"]
        assert row["shares"]["luma motion"] == pytest.approx(1.0)
        assert 0 < row["shares"]["random"] < 1
    assert rows["as is"]["shares"]["sound"] is not None
    assert rows["60k"]["shares"]["sound"] is not None
    assert rows["mute"]["shares"]["sound"] is None
    assert "fight.mp4 lasts 12 s and is left out of 20 s" in report["notes"]
    assert "lonely.truth.json has no video beside it" in done.stderr


@pytest.mark.parametrize(
    ("truth", "said"),
    [("{", "no per_second list"), ('{"per_second": [1]}', "no per_second list"), (None, "no clips with truth")],
)
def test_folders_without_usable_truth_are_refused_in_one_line(tmp_path: Path, truth: str | None, said: str) -> None:
    make_video(tmp_path / "x.mp4", seconds=0.2)
    if truth is not None:
        (tmp_path / "x.truth.json").write_text(truth)
    done = run(str(tmp_path))
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""

"""`nvpipe run --crop follow` on footage whose action is off the centre."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from fakes.cli import Cli
from fakes.media import make_video

pytestmark = pytest.mark.e2e


def off_centre(index: int, _time_s: float, width: int, height: int) -> np.ndarray:
    """A still background, and on the left a bright box that jumps about."""
    rgb = np.full((height, width, 3), 60, np.uint8)
    rgb[::8] = 70
    left, top = 20 + index * 7 % 24, 40 + index * 5 % 60
    rgb[top : top + 30, left : left + 24] = 250
    return rgb


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", seconds=9, size=(320, 180), picture=off_centre, matrix="bt709")


def brightest(video: Path) -> float:
    """Mean over time of the brightest luma."""
    with av.open(str(video)) as container:
        lumas = [frame.to_ndarray()[:1920].max() for frame in container.decode(video=0)][::10]
    return float(np.mean(lumas))


def test_the_followed_crop_shows_what_the_centred_one_cuts_off(cli: Cli, article: Path, clip: Path) -> None:
    shown = {}
    for crop in ("center", "follow"):
        out = cli.folder / crop
        result = cli(
            "run", article, "--footage", clip, "--out", out, "--seconds", "5", "--layout", "fill", "--captions",
            "none", "--crop", crop, "--json",
        )  # fmt: skip
        assert result.code == 0, result.err
        shown[crop] = brightest(Path(result.json["jobs"][0]["output"]))
    assert shown["center"] < 110
    assert shown["follow"] > 200


def test_another_crop_is_refused_with_the_choices(cli: Cli, article: Path, clip: Path) -> None:
    result = cli("run", article, "--footage", clip, "--crop", "left")
    assert result.code == 2
    assert "center, follow" in result.err

"""`nvpipe run` on footage that needs more than decoding: HDR, and a phone held any way round."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from fakes.cli import Cli
from fakes.colours import BT709, quantised, reference
from fakes.media import corners, make_video
from fakes.retouch import laid_down

pytestmark = pytest.mark.e2e

GREY = (130, 120, 110)


def short_of(cli: Cli, article: Path, clip: Path, *options: str) -> tuple[np.ndarray, av.VideoFrame]:
    """Luma of a picture in the middle of the short, and the picture itself."""
    result = cli(
        "run", article, "--footage", clip, "--out", cli.folder / "out", "--seconds", "5", "--captions", "none",
        "--json", *options,
    )  # fmt: skip
    assert result.code == 0, result.err
    with av.open(result.json["jobs"][0]["output"]) as container:
        frames = list(container.decode(video=0))
    frame = frames[len(frames) // 2]
    return frame.to_ndarray()[: frame.height], frame


def flickering(index: int, _time_s: float, width: int, height: int) -> np.ndarray:
    """A colour in the middle, something that moves at the edge."""
    rgb = np.full((height, width, 3), GREY, np.uint8)
    rgb[: height // 8, index * 11 % width :][:, :20] = 220
    return rgb


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_hdr_with_surround_sound_comes_out_as_sdr(cli: Cli, article: Path, tmp_path: Path, transfer: str) -> None:
    clip = make_video(
        tmp_path / "hdr.mp4", seconds=8, size=(320, 180), picture=flickering, codec="libx265", pix_fmt="yuv420p10le",
        transfer=transfer, matrix="bt2020", primaries="bt2020", layout="5.1",
    )  # fmt: skip
    luma, frame = short_of(cli, article, clip, "--layout", "fill")
    wanted = quantised(reference(np.array(GREY) / 255, transfer, "bt2020", 1000.0), BT709, 8)[0]
    assert float(np.median(luma[800:1100])) == pytest.approx(float(wanted), abs=4)
    assert (frame.format.name, frame.colorspace, frame.color_range) == ("yuv420p", 1, 1)
    assert frame.color_trc not in (16, 18)
    assert frame.color_primaries != 9
    assert not [item for item in frame.side_data if item.type.name in ("MASTERING_DISPLAY_METADATA", "DISPLAYMATRIX")]


@pytest.mark.parametrize("matrix", [(0, 1, 1, 0), (0, -1, -1, 0), (-1, 0, 0, 1)])
def test_a_mirrored_and_turned_video_is_laid_down_as_a_player_does(
    cli: Cli, article: Path, tmp_path: Path, matrix: tuple[int, int, int, int]
) -> None:
    coded = make_video(tmp_path / "a.mp4", seconds=8, size=(160, 120), picture=corners, matrix="bt709")
    luma, _ = short_of(cli, article, laid_down(tmp_path / "clip.mp4", coded, matrix), "--layout", "letterbox")
    a, b, c, d = matrix
    lit = np.nonzero(luma.max(axis=1) > 60)[0]
    middle, reach = (lit[0] + lit[-1]) // 2, (lit[-1] - lit[0]) // 4
    levels = {(-1, -1): 63, (1, -1): 173, (1, 1): 32, (-1, 1): 235}
    for (x, y), level in levels.items():
        place = luma[middle + reach * (b * x + d * y), 540 + 270 * (a * x + c * y)]
        assert int(place) == pytest.approx(level, abs=6)


def test_the_crop_follows_what_is_seen_in_a_mirrored_video(cli: Cli, article: Path, tmp_path: Path) -> None:
    def off_centre(index: int, _time_s: float, width: int, height: int) -> np.ndarray:
        rgb = np.full((height, width, 3), 60, np.uint8)
        rgb[::8] = 70
        left, top = 20 + index * 7 % 24, 40 + index * 5 % 60
        rgb[top : top + 30, left : left + 24] = 250
        return rgb

    coded = make_video(tmp_path / "a.mp4", seconds=9, size=(320, 180), picture=off_centre, matrix="bt709")
    clip = laid_down(tmp_path / "clip.mp4", coded, (-1, 0, 0, 1))
    luma, _ = short_of(cli, article, clip, "--layout", "fill", "--crop", "follow")
    assert int(luma.max()) > 200

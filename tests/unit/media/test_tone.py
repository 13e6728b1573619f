"""HDR and wide gamut against a conversion written out here in floating point, and at the levels of BT.2408."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from fakes.colours import BT709, BT2020, TO_709, nits_to_pq, quantised, reference

from nvpipe.media.graph import VideoGraph
from nvpipe.media.normalise import source_filters
from nvpipe.media.tone import table, to_bt709
from nvpipe.types import MediaInfo

SIZE = (256, 192)
INFO = MediaInfo(
    path=Path("a.mp4"),
    container="mp4",
    codec="hevc",
    width_px=SIZE[0],
    height_px=SIZE[1],
    fps=Fraction(30),
    duration_s=2.0,
    rotation_deg=0,
    sample_aspect=Fraction(1),
    pixel_format="yuv420p10le",
    colour_matrix="bt2020",
    colour_assumed=False,
    full_range=False,
    interlaced=False,
    has_audio=False,
    primaries="bt2020",
)


def palette() -> tuple[np.ndarray, np.ndarray]:
    """A grey ramp `[W, 3]`, and all hues at many levels and saturations `[8, 16, 3]`."""
    hues = np.array(
        [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1), (1, 0.6, 0.4), (0.3, 0.6, 0.4)]
    )
    colours = hues[:, None] * (np.arange(1, 17) / 17)[None, :, None]
    colours[:, 1::2] += (colours[:, 1::2].max(axis=2, keepdims=True) - colours[:, 1::2]) * 0.5
    return np.linspace(0, 1, SIZE[0])[:, None].repeat(3, axis=1), colours


def laid_out(ramp: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The ramp in the upper third, the colours as blocks of 16 x 16 below, `[H, W, 3]`."""
    return np.concatenate((ramp[None].repeat(64, axis=0), colours.repeat(16, axis=0).repeat(16, axis=1)))


def coded(rgb: np.ndarray, pix_fmt: str) -> av.VideoFrame:
    frame = av.VideoFrame(*SIZE, pix_fmt)
    for plane, values in zip(frame.planes, quantised(rgb, BT2020, 10), strict=True):
        down, across = SIZE[1] // plane.height, SIZE[0] // plane.width
        rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
        rows[:, : plane.width] = np.round(values[::down, ::across])
        plane.update(rows.tobytes())
    frame.colorspace, frame.color_range, frame.pts = 9, 1, 0
    return frame


def planes(frame: av.VideoFrame) -> list[np.ndarray]:
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width].astype(float)
        for plane in frame.planes
    ]


def psnr(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((found - wanted) ** 2)))


def converted(rgb: np.ndarray, transfer: str, pix_fmt: str = "yuv444p10le", peak: float = 1000.0) -> av.VideoFrame:
    info = replace(INFO, transfer=transfer, pixel_format=pix_fmt, peak_nits=peak)
    return VideoGraph(source_filters(info), coded(rgb, pix_fmt)).apply(coded(rgb, pix_fmt))


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "yuv422p10le", "yuv444p10le"])
@pytest.mark.parametrize(("transfer", "peak"), [("pq", 1000.0), ("pq", 4000.0), ("hlg", 1000.0), ("sdr", 0.0)])
def test_pictures_match_the_reference(transfer: str, peak: float, pix_fmt: str) -> None:
    ramp, colours = palette()
    out = converted(laid_out(ramp, colours), transfer, pix_fmt, peak)
    assert (out.format.name, out.color_trc, out.color_primaries, out.colorspace) == ("yuv420p", 1, 1, 1)
    found = planes(out)
    grey = quantised(reference(ramp, transfer, "bt2020", peak), BT709, 8)
    assert psnr(found[0][10], grey[0]) > 45
    wanted = quantised(reference(colours, transfer, "bt2020", peak), BT709, 8)
    assert psnr(found[0][72::16, 8::16], wanted[0]) > 40
    assert psnr(found[1][36::8, 4::8], wanted[1]) > 40
    assert psnr(found[2][36::8, 4::8], wanted[2]) > 40


@pytest.mark.parametrize("transfer", ["pq", "hlg", "sdr"])
def test_greys_stay_grey_and_in_order(transfer: str) -> None:
    y, u, v = planes(converted(np.tile(np.linspace(0, 1, SIZE[0])[None, :, None], (SIZE[1], 1, 3)), transfer))
    assert np.abs(np.stack((u, v)) - 128).max() <= 1
    # Dithered to 8 bits, hence one level of tolerance.
    assert (np.diff(y[0]) >= -1).all()
    assert (np.diff(y[0].reshape(-1, 8).mean(axis=1)) >= -0.5).all()
    assert (y[0, 0], y[0, -1]) == (16, pytest.approx(235, abs=1))


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_bt2408_levels_come_out_where_sdr_has_them(transfer: str) -> None:
    """BT.2408: a grey card is at 38 % of both signals, white at 58 % and 75 %; SDR has them at 42.5 % and 100 %."""
    for signal, low, high in ((0.0, 0.0, 0.0), (0.38, 0.41, 0.44), ({"pq": 0.58, "hlg": 0.75}[transfer], 0.88, 0.96)):
        found = to_bt709(np.full(3, signal), transfer, "bt2020", 1000.0)
        assert low <= found[0] <= high
        assert found.max() - found.min() < 1e-6


def test_a_brighter_source_keeps_its_highlights_apart() -> None:
    bright = nits_to_pq(np.array([600.0, 1000.0, 2000.0, 4000.0]))[:, None].repeat(3, axis=1)
    levels = to_bt709(bright, "pq", "bt2020", 4000.0)[:, 0]
    assert (np.diff(levels) > 0.002).all()
    assert levels[-1] == pytest.approx(1.0, abs=1e-6)


def test_the_tone_curve_moves_no_hue() -> None:
    """Within BT.709's gamut, light keeps the proportions of its primaries."""
    hues = np.array([(1.0, 0.2, 0.1), (0.2, 1.0, 0.3), (0.1, 0.2, 1.0), (1.0, 0.8, 0.1), (1.0, 0.5, 0.4)])
    for nits in (5.0, 50.0, 203.0, 900.0):
        light = nits * hues @ np.linalg.inv(TO_709["bt2020"]).T
        found = to_bt709(nits_to_pq(light), "pq", "bt2020", 1000.0) ** 2.4
        assert found / found.max(axis=1, keepdims=True) == pytest.approx(hues, abs=0.01)


@pytest.mark.parametrize("primaries", ["bt2020", "p3"])
def test_wide_gamut_matches_the_published_matrices(primaries: str) -> None:
    rgb = np.random.default_rng(4).random((200, 3))
    assert to_bt709(rgb, "sdr", primaries, 0.0) == pytest.approx(reference(rgb, "sdr", primaries, 0.0), abs=0.02)


def test_bt709_light_is_left_as_it_is() -> None:
    rgb = np.random.default_rng(5).random((50, 3))
    assert to_bt709(rgb, "sdr", "bt709", 0.0) == pytest.approx(rgb, abs=1e-6)


def test_a_table_is_made_once_and_again_when_it_was_swept_away() -> None:
    path = table("pq", "bt2020", 1000.0)
    assert table("pq", "bt2020", 1000.4) == path != table("pq", "bt2020", 4000.0)
    path.unlink()
    assert table("pq", "bt2020", 1000.0).is_file()


SCRIPT = """
from nvpipe.errors import NvpipeError
from nvpipe.media.tone import table
try:
    print(table("hlg", "bt2020", 0.0))
except NvpipeError as error:
    print("error:", error.message, "|", error.hint)
"""


def run_in(folder: Path) -> str:
    environment = {**os.environ, "TMPDIR": str(folder)}
    ran = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    path = Path(run_in(tmp_path))
    assert path.is_relative_to(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_temporary_folder_that_no_graph_can_name_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "a,b"
    folder.mkdir()
    assert "TMPDIR" in run_in(folder)

"""Colours against an independent conversion, and geometry by which corner lands where."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fakes import media, retouch

from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.graph import VideoGraph
from nvpipe.media.normalise import source_filters
from nvpipe.types import MediaInfo

LUMA = {"bt709": (0.2126, 0.0722), "bt601": (0.299, 0.114), "fcc": (0.30, 0.11), "smpte240m": (0.212, 0.087)}
CODES = {**media.MATRICES, "fcc": 4, "smpte240m": 7}
PATCHES = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 100, 50), (30, 180, 220)]
INFO = MediaInfo(
    path=Path("a.mp4"),
    container="mp4",
    codec="h264",
    width_px=64,
    height_px=48,
    fps=Fraction(30),
    duration_s=2.0,
    rotation_deg=0,
    sample_aspect=Fraction(1),
    pixel_format="yuv420p",
    colour_matrix="bt709",
    colour_assumed=False,
    full_range=False,
    interlaced=False,
    has_audio=False,
)


def yuv(rgb: tuple[int, int, int], matrix: str, full: bool, bits: int = 8) -> list[float]:
    """Quantisation as in ITU-T H.273, written out here so that libswscale does not check itself."""
    kr, kb = LUMA[matrix]
    red, green, blue = (value / 255 for value in rgb)
    y = kr * red + (1 - kr - kb) * green + kb * blue
    u, v = (blue - y) / (2 * (1 - kb)), (red - y) / (2 * (1 - kr))
    if full:
        top = 2**bits - 1
        return [min(max(value, 0), top) for value in (y * top, u * top + 2 ** (bits - 1), v * top + 2 ** (bits - 1))]
    scale = 2 ** (bits - 8)
    return [scale * (16 + 219 * y), scale * (128 + 224 * u), scale * (128 + 224 * v)]


def filtered(frame: av.VideoFrame, chain: str) -> av.VideoFrame:
    frame.pts, frame.time_base = 0, Fraction(1, 30)
    graph = av.filter.Graph()
    last: Any = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 30)
    )
    for item in filter(None, chain.split(",")):
        name, _, arguments = item.partition("=")
        step = graph.add(name, arguments or None)
        last.link_to(step)
        last = step
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    graph.push(frame)
    graph.push(None)
    out = graph.pull()
    assert isinstance(out, av.VideoFrame)
    return out


def flat(pix_fmt: str, values: list[float]) -> av.VideoFrame:
    frame = av.VideoFrame(64, 48, pix_fmt)
    dtype = np.dtype(np.uint16 if "10" in pix_fmt else np.uint8)
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(np.full(plane.buffer_size // dtype.itemsize, round(value), dtype).tobytes())
    return frame


@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize(
    ("pix_fmt", "matrix", "full"),
    [
        ("yuv420p", "bt601", False),
        ("yuv420p", "bt709", True),
        ("yuvj420p", "bt601", True),
        ("yuvj420p", "bt709", True),
        ("yuv420p10le", "bt709", False),
        ("yuv420p10le", "bt601", True),
        ("yuv422p", "bt709", False),
        ("yuv422p10le", "bt601", False),
        ("yuv444p", "bt709", False),
        ("yuv444p10le", "bt709", True),
        ("yuv444p", "bt601", True),
        ("yuv420p", "fcc", False),
        ("yuv420p", "smpte240m", False),
    ],
)
def test_colours_match_the_standard(pix_fmt: str, matrix: str, full: bool, tagged: bool) -> None:
    chain = source_filters(replace(INFO, pixel_format=pix_fmt, colour_matrix=matrix, full_range=full))
    for rgb in PATCHES:
        frame = flat(pix_fmt, yuv(rgb, matrix, full, 10 if "10" in pix_fmt else 8))
        if tagged:
            frame.colorspace, frame.color_range = CODES[matrix], 2 if full else 1
        out = filtered(frame, chain)
        assert out.format.name == "yuv420p"
        assert [float(np.frombuffer(plane, np.uint8)[8]) for plane in out.planes] == pytest.approx(
            yuv(rgb, "bt709", False), abs=2
        )


def test_nothing_to_do_is_an_empty_chain() -> None:
    assert source_filters(INFO) == ""


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_turned_video_comes_out_upright(tmp_path: Path, rotation: int) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=1, picture=media.corners, rotation=rotation, matrix="bt709")
    with PyAvDecoder().open(path) as reader:
        info = reader.info
        out = filtered(next(iter(reader.frames())).to_av(), source_filters(info))
    assert (out.width, out.height) == (info.width_px, info.height_px)
    rgb = out.to_ndarray(format="rgb24").astype(int)
    height, width = rgb.shape[:2]
    ring = [rgb[y, x] for y, x in ((8, 8), (8, width - 9), (height - 9, width - 9), (height - 9, 8))]
    names = ["white" if c.min() > 180 else "rgb"[int(c.argmax())] for c in ring]
    coded = ["r", "g", "b", "white"]
    turns = rotation // 90
    assert names == coded[-turns:] + coded[:-turns]


ORIENTATIONS = [(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)]
MIRRORED = [(-1, 0, 0, 1), (0, 1, 1, 0), (1, 0, 0, -1), (0, -1, -1, 0)]
"""Display matrices (a, b, c, d): a point is shown at `x' = ax + cy`, `y' = bx + dy`, with y downwards."""


@pytest.mark.parametrize("matrix", ORIENTATIONS + MIRRORED)
def test_each_way_to_lay_down_a_picture(tmp_path: Path, matrix: tuple[int, int, int, int]) -> None:
    source = media.make_video(tmp_path / "a.mp4", seconds=1, picture=media.corners, matrix="bt709")
    with PyAvDecoder().open(retouch.laid_down(tmp_path / "b.mp4", source, matrix)) as reader:
        info = reader.info
        out = filtered(next(iter(reader.frames())).to_av(), source_filters(info))
    assert info.mirrored == (matrix in MIRRORED)
    assert (out.width, out.height) == (info.width_px, info.height_px) == ((128, 72) if matrix[0] else (72, 128))
    rgb = out.to_ndarray(format="rgb24").astype(int)
    a, b, c, d = matrix
    for (x, y), name in {(-1, -1): "r", (1, -1): "g", (1, 1): "b", (-1, 1): "white"}.items():
        across, down = a * x + c * y, b * x + d * y
        colour = rgb[8 if down < 0 else -9, 8 if across < 0 else -9]
        assert ("white" if colour.min() > 180 else "rgb"[int(colour.argmax())]) == name


@pytest.mark.parametrize("aspect", [Fraction(4, 3), Fraction(3, 4)])
@pytest.mark.parametrize("rotation", [0, 90])
def test_pixels_come_out_square(tmp_path: Path, aspect: Fraction, rotation: int) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=1, sample_aspect=aspect, rotation=rotation)
    with PyAvDecoder().open(path) as reader:
        out = filtered(next(iter(reader.frames())).to_av(), source_filters(reader.info))
        assert (out.width, out.height) == (reader.info.width_px, reader.info.height_px)
        assert {out.width, out.height} == ({171, 72} if aspect > 1 else {128, 96})


def test_interlaced_video_comes_out_progressive(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=1, interlaced=True, b_frames=0)
    with PyAvDecoder().open(path) as reader:
        assert reader.info.interlaced
        frame = next(iter(reader.frames())).to_av()
        assert frame.interlaced_frame
        assert not filtered(frame, source_filters(reader.info)).interlaced_frame


@pytest.mark.parametrize("bottom_first", [False, True])
def test_a_field_order_that_only_the_header_tells_is_used(bottom_first: bool) -> None:
    """A bar moves by 4 pixels a field; the picture shown is that of the field that comes first."""

    def weave(index: int) -> av.VideoFrame:
        luma = np.full((48, 64), 16, np.uint8)
        for field in (0, 1):
            at = 8 + 8 * index + 4 * (field ^ bottom_first)
            luma[field::2, at : at + 4] = 235
        frame = av.VideoFrame.from_ndarray(np.vstack((luma, np.full((24, 64), 128, np.uint8))), format="yuv420p")
        frame.pts, frame.time_base = index, Fraction(1, 25)
        return frame

    frames = [weave(index) for index in range(5)]
    chain = source_filters(replace(INFO, interlaced=True, bottom_first=bottom_first))
    shown = [frame.to_ndarray()[:48].astype(float) for frame in VideoGraph(chain, frames[0]).stream(frames)]
    for index in (1, 2, 3):
        # Between two rows of the first field there is nothing else than what it shows.
        assert shown[index][8:40, 8 + 8 * index : 12 + 8 * index].mean() > 180
        assert shown[index][8:40, 12 + 8 * index : 16 + 8 * index].mean() < 100

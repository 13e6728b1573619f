"""Filter graphs: bands of the blurred backdrop computed alone look like the whole backdrop's."""

from __future__ import annotations

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from nvpipe.compose import LAYOUTS, Backdrop, Placement, Size
from nvpipe.compose.graphs import graph_of
from nvpipe.media.graph import VideoGraph

CASES = [((640, 360), (360, 640)), ((360, 640), (640, 360)), ((360, 480), (640, 360)), ((640, 360), (432, 540))]


def drifting(size: Size) -> av.VideoFrame:
    """Luma and chroma that change over the picture, with stripes, and much brighter where no band is."""
    frame = av.VideoFrame(*size, "yuv420p")
    for index, plane in enumerate(frame.planes):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        y, x = np.mgrid[: plane.height, : plane.width] / max(plane.width, plane.height)
        waves = 20 * np.sin(9 * x + index) + 20 * np.cos(7 * y - index) + 15 * (np.floor(x * 40) % 2)
        far = np.minimum(np.abs(x - x.mean()), np.abs(y - y.mean()))
        rows[:, : plane.width] = np.clip(90 + waves + 90 * (far < 0.15), 16, 235)
    return frame


def planes(frame: av.VideoFrame) -> list[NDArray[np.float64]]:
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:, : plane.width].astype(float)
        for plane in frame.planes
    ]


def whole_backdrop(backdrop: Backdrop, frame: av.VideoFrame, canvas: Size) -> av.VideoFrame:
    """All of the backdrop, blurred at its full size."""
    width, height = backdrop.part_px
    chroma = backdrop.opacity * (1 - backdrop.desaturation)
    dimmed = f"lutyuv=y=16+(val-16)*{backdrop.opacity}:u=128+(val-128)*{chroma}:v=128+(val-128)*{chroma}"
    size = f"scale={canvas[0]}:{canvas[1]}:flags=area"
    return VideoGraph(f"crop={width}:{height},{size},gblur=sigma={backdrop.sigma_px},{dimmed}", frame).apply(frame)


def free(placement: Placement, canvas: Size) -> NDArray[np.bool_]:
    """Where the canvas shows the backdrop, without the two pixels beside the sharp part."""
    found = np.ones((canvas[1], canvas[0]), bool)
    left, top = (canvas[0] - placement.size_px[0]) // 2, (canvas[1] - placement.size_px[1]) // 2
    found[max(0, top - 2) : canvas[1] - top + 2, max(0, left - 2) : canvas[0] - left + 2] = False
    return found


@pytest.mark.parametrize("sigma_px", [10.0, 24.0])
@pytest.mark.parametrize(("source", "canvas"), CASES)
def test_bands_look_like_the_whole_backdrop_blurred_at_full_size(source: Size, canvas: Size, sigma_px: float) -> None:
    frame = drifting(source)
    placement = LAYOUTS.load("blur").place(source, canvas)
    assert placement.backdrop is not None
    backdrop = Backdrop(placement.backdrop.part_px, sigma_px)
    out = VideoGraph(graph_of(Placement(placement.part_px, placement.size_px, backdrop), canvas), frame).apply(frame)
    assert (out.width, out.height) == canvas
    seen = free(placement, canvas)
    assert seen.mean() > 0.1
    for index, (band, wanted) in enumerate(
        zip(planes(out), planes(whole_backdrop(backdrop, frame, canvas)), strict=True)
    ):
        where = seen[::2, ::2] if index else seen
        assert np.abs(band - wanted)[where].max() <= 12, index


@pytest.mark.parametrize("canvas", [(108, 192), (192, 108), (270, 480), (400, 440), (440, 400)])
def test_narrow_canvases_and_bands_keep_their_colours(canvas: Size) -> None:
    """libavfilter's gblur gives garbage in planes of 16 columns or fewer."""
    rng = np.random.default_rng(1)
    source = (360, 640) if canvas[0] > canvas[1] else (640, 360)
    frame = av.VideoFrame(*source, "yuv420p")
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[:] = rng.integers(100, 140, rows.shape)
    placement = LAYOUTS.load("blur").place(source, canvas)
    assert placement.backdrop is not None
    placement = Placement(placement.part_px, placement.size_px, Backdrop(placement.backdrop.part_px, 30.0, 1.0, 0.0))
    out = VideoGraph(graph_of(placement, canvas), frame).apply(frame)
    seen = free(placement, canvas)
    for index, plane in enumerate(planes(out)):
        values = plane[seen[::2, ::2] if index else seen]
        assert values.min() >= 98, index
        assert values.max() <= 142, index

"""Layouts over footage of every shape."""

from __future__ import annotations

import av
import numpy as np
import pytest

from nvpipe.compose import LAYOUTS
from nvpipe.compose.graphs import graph_of
from nvpipe.compose.layout import crop_to, fit, foreground_part
from nvpipe.media.graph import VideoGraph

CANVAS = (108, 192)
SHAPES = [(320, 180), (240, 180), (108, 192), (72, 160), (213, 121), (100, 100), (16, 16), (400, 90), (108, 144)]


def composed(layout: str, frame: av.VideoFrame) -> np.ndarray:
    """Luma of a frame after a layout."""
    description = graph_of(LAYOUTS.load(layout).place((frame.width, frame.height), CANVAS), CANVAS)
    graph = VideoGraph(description, frame)
    out = graph.apply(frame)
    assert (out.width, out.height, out.format.name) == (*CANVAS, "yuv420p")
    return out.to_ndarray()[: CANVAS[1]]


def striped(size: tuple[int, int]) -> av.VideoFrame:
    """Black to the left, white to the right, grey in the middle fifth."""
    width, height = size
    frame = av.VideoFrame(width, height, "yuv420p")
    columns = np.full(width, 16, np.uint8)
    columns[int(width * 0.4) :] = 128
    columns[int(width * 0.6) :] = 235
    for index, plane in enumerate(frame.planes):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[:] = 128
        if index == 0:
            rows[:, :width] = columns
    return frame


@pytest.mark.parametrize("layout", LAYOUTS.names())
@pytest.mark.parametrize("size", SHAPES)
def test_every_shape_fills_the_canvas(layout: str, size: tuple[int, int]) -> None:
    composed(layout, striped(size))


@pytest.mark.parametrize("layout", LAYOUTS.names())
def test_the_middle_of_the_footage_is_in_the_middle(layout: str) -> None:
    luma = composed(layout, striped((320, 180)))
    row = luma[CANVAS[1] // 2]
    assert abs(int(row[CANVAS[0] // 2]) - 128) <= 2
    assert abs(int(row[2]) - 16) <= 4 or layout == "fill"
    assert np.all(np.diff(row.astype(int)) >= -12)  # bicubic scaling overshoots a little


def test_blur_shows_sixty_per_cent_of_the_width_undistorted() -> None:
    part = foreground_part((1920, 1080), (1080, 1920))
    assert part == (1152, 1080)
    width, height = fit(part, (1080, 1920))
    assert width == 1080
    assert abs(width / height - part[0] / part[1]) < 0.005


def test_blur_dims_the_bands_and_keeps_them_soft() -> None:
    luma = composed("blur", striped((320, 180))).astype(int)
    band, middle = luma[4], luma[CANVAS[1] // 2]
    assert band.max() <= 16 + (235 - 16) * 0.7 + 2
    assert np.abs(np.diff(band)).max() < np.abs(np.diff(middle)).max()


def test_letterbox_is_black_outside_and_whole_inside() -> None:
    luma = composed("letterbox", striped((320, 180)))
    assert luma[0].max() <= 16
    assert luma[CANVAS[1] // 2].max() >= 230


@pytest.mark.parametrize("size", SHAPES)
def test_crops_are_even_and_inside(size: tuple[int, int]) -> None:
    for part in (crop_to(size, 9 / 16), foreground_part(size, CANVAS)):
        assert 2 <= part[0] <= size[0]
        assert 2 <= part[1] <= size[1]
        assert part[0] % 2 == part[1] % 2 == 0

"""Layouts over footage of every shape."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.compose import LAYOUTS, Placement
from nvpipe.compose.graphs import graph_of
from nvpipe.compose.layout import crop_to, fit, foreground_part, styled
from nvpipe.compose.sizes import SHAPES as SHAPES_PX
from nvpipe.media.graph import VideoGraph
from nvpipe.types import OutputFormat

CANVAS = (108, 192)
SHAPES = [(320, 180), (240, 180), (108, 192), (72, 160), (213, 121), (100, 100), (16, 16), (400, 90), (108, 144)]


def composed(layout: str, frame: av.VideoFrame) -> np.ndarray:
    """Luma of a frame after a layout."""
    way = LAYOUTS.load(layout)
    size = way.areas(CANVAS)[0].size_px
    graph = VideoGraph(graph_of(way.place((frame.width, frame.height), size), size), frame)
    out = graph.apply(frame)
    assert (out.width, out.height, out.format.name) == (*size, "yuv420p")
    return out.to_ndarray()[: size[1]]


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
    row = luma[luma.shape[0] // 2]
    assert abs(int(row[CANVAS[0] // 2]) - 128) <= 2
    assert abs(int(row[2]) - 16) <= 4 or layout in ("fill", "split")
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


SIZES = [*SHAPES_PX.values(), (180, 180), (720, 1280), (3840, 180), (180, 3840), (3840, 3840)]
SOURCES = st.tuples(st.integers(2, 8192), st.integers(2, 8192))


@pytest.mark.parametrize("layout", LAYOUTS.names())
@given(canvas=st.sampled_from(SIZES), source=SOURCES)
def test_placements_fit_at_every_size(layout: str, canvas: tuple[int, int], source: tuple[int, int]) -> None:
    way = LAYOUTS.load(layout)
    for area in way.areas(canvas):
        placement = way.place(source, area.size_px)
        numbers = [*placement.part_px, *placement.size_px]
        if placement.backdrop is not None:
            numbers += placement.backdrop.part_px
            assert placement.backdrop.part_px[0] <= source[0]
            assert placement.backdrop.part_px[1] <= source[1]
        assert all(number >= 2 and number % 2 == 0 for number in numbers)
        assert placement.part_px[0] <= source[0]
        assert placement.part_px[1] <= source[1]
        assert placement.size_px[0] <= area.size_px[0]
        assert placement.size_px[1] <= area.size_px[1]


@given(canvas=st.sampled_from(SIZES), source=st.tuples(st.integers(64, 8192), st.integers(64, 8192)))
def test_nothing_is_stretched_visibly(canvas: tuple[int, int], source: tuple[int, int]) -> None:
    for layout in LAYOUTS.names():
        way = LAYOUTS.load(layout)
        for area in way.areas(canvas):
            placement = way.place(source, area.size_px)
            # Half of what rounding to even numbers and whole edges may cost, on either side.
            slack = 2 / min(placement.part_px) + 9 / min(placement.size_px)
            shape = placement.size_px[0] / placement.size_px[1]
            assert abs(placement.part_px[0] / placement.part_px[1] / shape - 1) <= slack


@pytest.mark.parametrize("layout", LAYOUTS.names())
@pytest.mark.parametrize("canvas", SIZES)
def test_areas_fill_the_canvas_once(layout: str, canvas: tuple[int, int]) -> None:
    covered = np.zeros((canvas[1], canvas[0]), np.uint8)
    for area in LAYOUTS.load(layout).areas(canvas):
        assert not any(number % 2 for number in (area.left_px, area.top_px, *area.size_px))
        covered[area.top_px : area.top_px + area.size_px[1], area.left_px : area.left_px + area.size_px[0]] += 1
    assert (covered == 1).all()


def test_split_puts_the_footage_below_and_on_wide_canvases_to_the_right() -> None:
    split = LAYOUTS.load("split")
    assert [(area.left_px, area.top_px) for area in split.areas((1080, 1920))] == [(0, 960), (0, 0)]
    assert [(area.left_px, area.top_px) for area in split.areas((1920, 1080))] == [(960, 0), (0, 0)]
    assert [area.size_px for area in split.areas((1080, 1350))] == [(1080, 674), (1080, 676)]


def test_fill_fills_and_letterbox_shows_all() -> None:
    for canvas in SIZES:
        assert LAYOUTS.load("fill").place((1920, 1080), canvas).size_px == canvas
        whole = LAYOUTS.load("letterbox").place((1920, 1080), canvas)
        assert whole.part_px == (1920, 1080)
        assert canvas[0] == whole.size_px[0] or canvas[1] == whole.size_px[1]


def test_blur_leaves_no_slivers() -> None:
    blur = LAYOUTS.load("blur")
    assert blur.place((1920, 1080), (1080, 1080)).size_px == (1080, 1080)
    assert blur.place((1920, 1080), (1080, 1080)).backdrop is None
    assert blur.place((1920, 1080), (1080, 1350)).size_px[1] < 1350
    assert blur.place((1920, 1080), (1920, 1080)) == Placement((1920, 1080), (1920, 1080), None)


def test_the_backdrop_looks_as_the_output_says_at_every_size() -> None:
    output = OutputFormat(540, 960, Fraction(30), "blur", "low", blur_px=12, blur_opacity=0.5, blur_desaturation=1)
    placement = LAYOUTS.load("blur").place((1920, 1080), (540, 960))
    backdrop = styled(placement, (540, 960), output).backdrop
    assert backdrop is not None
    assert (backdrop.sigma_px, backdrop.opacity, backdrop.desaturation) == (6, 0.5, 1)
    whole = LAYOUTS.load("fill").place((1920, 1080), (540, 960))
    assert styled(whole, (540, 960), output) is whole


def banded(sigma_px: float) -> np.ndarray:
    """Luma of a row through the upper band."""
    frame = striped((320, 180))
    placement = LAYOUTS.load("blur").place((320, 180), CANVAS)
    assert placement.backdrop is not None
    placement = replace(placement, backdrop=replace(placement.backdrop, sigma_px=sigma_px, opacity=1.0))
    out = VideoGraph(graph_of(placement, CANVAS), frame).apply(frame)
    row: np.ndarray = out.to_ndarray()[10].astype(int)
    return row


def test_the_blur_is_as_strong_as_asked_down_to_none() -> None:
    steepest = [int(np.abs(np.diff(banded(sigma_px))).max()) for sigma_px in (0, 1, 3, 10, 30)]
    assert steepest[0] >= 50, "without blur the edges stay"
    assert all(one > other for one, other in pairwise(steepest))

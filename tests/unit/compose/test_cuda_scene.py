"""Scenes of the card's composer are the CPU's filter graphs in numbers, whatever the sizes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from fakes.compose_cases import Bitmap, waves
from nvpipe.kernels.compose_plain import PlainDrawer
from nvpipe.kernels.compose_scene import Rect

from nvpipe.compose import LAYOUTS, Area
from nvpipe.compose.cuda import LEAST_PSNR_DB, psnr_db
from nvpipe.compose.cuda_intake import kept
from nvpipe.compose.cuda_patches import KEPT, PatchPress
from nvpipe.compose.cuda_scene import corner_in, scene_of
from nvpipe.compose.graphs import WINDOW, graph_of
from nvpipe.compose.layout import styled
from nvpipe.compose.window import Window
from nvpipe.media.decode.frame import PyAvFrame
from nvpipe.media.graph import VideoGraph
from nvpipe.types import OutputFormat

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Many small operations on a machine with other work wait for each other's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def footage(width: int, height: int) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "yuv420p")
    for seed, plane in enumerate(frame.planes):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: plane.height, : plane.width] = waves(plane.width, plane.height, seed)
    frame.colorspace, frame.color_range = 1, 1
    return frame


@pytest.mark.parametrize("seed", range(24))
def test_any_size_is_drawn_as_libavfilter_draws_it(seed: int) -> None:
    chance = random.Random(seed)
    source = (chance.randrange(40, 700), chance.randrange(40, 500))
    canvas = (2 * chance.randrange(60, 200), 2 * chance.randrange(60, 200))
    layout = LAYOUTS.load(LAYOUTS.names()[seed % len(LAYOUTS.names())])
    output = OutputFormat(
        *canvas, Fraction(30), "", "medium", blur_px=chance.choice([0, 5, 30, 90]), blur_opacity=chance.random()
    )
    area = Area(0, 0, layout.areas(canvas)[0].size_px)
    placement = styled(layout.place(source, area.size_px), canvas, output)
    window = Window(((0.0, chance.random()),), placement, source, area.size_px)
    moving = window.moves and seed % 3 == 0
    frame = footage(*source)
    graph = VideoGraph(graph_of(placement, area.size_px, moving=moving), frame)
    left, top = corner_in(source, placement.part_px, exact=moving)
    if moving:
        left = window.left_px(0.0)
        graph.command(WINDOW, "x", str(left))
    wanted = graph.apply(frame).to_ndarray()
    height = area.size_px[1]
    found = torch.zeros((height * 3 // 2, area.size_px[0]), dtype=torch.uint8)
    picture = kept(*PyAvFrame(frame, 0.0, 0).planes(), CPU)
    PlainDrawer(scene_of(placement, source, area), CPU).draw(picture, left, top, None, found)
    assert psnr_db(found[:height].numpy(), wanted[:height]) > LEAST_PSNR_DB + 5
    chroma = found[height:].view(height // 2, area.size_px[0] // 2, 2).permute(2, 0, 1).reshape(wanted[height:].shape)
    assert psnr_db(chroma.numpy(), wanted[height:]) > LEAST_PSNR_DB


def test_corners_are_rounded_as_crop_does() -> None:
    assert corner_in((641, 361), (640, 360)) == (0, 0)
    assert corner_in((643, 365), (640, 360)) == (2, 2)
    assert corner_in((643, 365), (640, 360), exact=True) == (2, 2)
    assert corner_in((642, 362), (640, 360), exact=True) == (1, 1)


def test_a_sheet_is_made_when_something_changes_and_bitmaps_go_over_once() -> None:
    press = PatchPress(CPU)
    one, other = (Bitmap.noise(Rect(0, 0, 8, 6), seed) for seed in (1, 2))
    first = press.sheet([one])
    assert press.sheet([one]) is first
    both = press.sheet([one, other])
    assert both is not None
    assert both.fields[:, 1:].tolist() == [[0, 0, 8, 6]] * 2
    assert press.sheet([]) is None
    press.sheet([other])
    assert press.uploads == 2
    for seed in range(KEPT):
        press.sheet([Bitmap.noise(Rect(2, 2, 4, 4), seed)])
    press.sheet([one])
    assert press.uploads == 2 + KEPT + 1

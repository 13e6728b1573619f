"""The references of the compose kernel, against values worked out by hand and against each other."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from fakes.compose_cases import SHRUNK, Bitmap, blurred, canvas, cases, drawn, outside, planar, psnr_db, sheet
from nvpipe.kernels import compose_torch
from nvpipe.kernels.compose_patches import packed
from nvpipe.kernels.compose_plain import PlainDrawer
from nvpipe.kernels.compose_scene import Rect, Scene, exponential_blur
from nvpipe.kernels.compose_tables import nv12_planes
from nvpipe.kernels.compose_torch import TorchDrawer

CPU = torch.device("cpu")
needs_torchvision = pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed"
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Many small operations on a machine with other work wait for each other's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_what_no_part_covers_is_black() -> None:
    scene = Scene(Rect(0, 0, 40, 60), (40, 20), Rect(0, 20, 40, 20), "bilinear")
    target = canvas((40, 60), "cpu")
    PlainDrawer(scene, CPU).draw(planar(40, 20, "cpu"), 0, 0, None, target)
    found = nv12_planes(target)
    assert (found.y[:20] == 16).all()
    assert (found.y[40:] == 16).all()
    assert (found.u[:10] == 128).all()
    assert torch.equal(found.y[20:40], planar(40, 20, "cpu").y)


def test_a_patch_is_laid_over_in_whole_numbers() -> None:
    scene = Scene(Rect(0, 0, 32, 32), (32, 32), Rect(0, 0, 32, 32), "bilinear")
    at = Rect(4, 6, 20, 16)
    source, bitmap = planar(32, 32, "cpu"), Bitmap.noise(at, 0)
    target = canvas((32, 32), "cpu")
    PlainDrawer(scene, CPU).draw(source, 0, 0, sheet([at], "cpu"), target)
    below = source.y[6:22, 4:24].numpy().astype(int)
    wanted = np.floor(bitmap.y.astype(int) + below * (255 - bitmap.alpha.astype(int)) / 255 + 0.5)
    assert np.array_equal(nv12_planes(target).y[6:22, 4:24].numpy(), wanted)
    assert torch.equal(nv12_planes(target).y[:6], source.y[:6])


def test_colours_are_never_more_than_their_opacity() -> None:
    wrong = Bitmap(0, 0, *(np.full(shape, 200, np.uint8) for shape in ((2, 2), (1, 1), (1, 1), (2, 2), (1, 1))))
    wrong.alpha[:], wrong.alpha_uv[:] = 90, 50
    assert packed(wrong).tolist() == [90] * 8 + [50] * 3


def test_nothing_is_drawn_beside_the_area() -> None:
    for case in cases("cpu"):
        assert outside(drawn(case, PlainDrawer, "cpu"), case) == 0, case.name


@needs_torchvision
def test_torchvision_draws_nearly_the_same() -> None:
    for case in cases("cpu"):
        if case.name != SHRUNK:
            one, other = (drawn(case, make, "cpu") for make in (PlainDrawer, TorchDrawer))
            assert psnr_db(one, other) > 50, case.name


@needs_torchvision
@pytest.mark.parametrize("sigma_px", [0.5, 1.7, 3.0])
def test_a_mixture_of_gaussians_is_near_the_exponential_blur(sigma_px: float) -> None:
    plane = planar(96, 80, "cpu").y.float()
    down, across = (torch.from_numpy(exponential_blur(side, sigma_px)) for side in (80, 96))
    found = compose_torch.blurred(plane[None], sigma_px)[0]
    assert psnr_db(found, down @ plane @ across.T) > 50


def test_bands_are_darker_and_softer_than_the_picture() -> None:
    target = canvas((74, 160), "cpu")
    PlainDrawer(blurred(Rect(0, 0, 74, 160)), CPU).draw(planar(160, 90, "cpu"), 50, 9, None, target)
    luma = nv12_planes(target).y.float()
    assert luma[:42].mean() < luma[42:118].mean()
    assert (luma[:42].diff(dim=1).abs().mean()) < luma[42:118].diff(dim=1).abs().mean() / 2

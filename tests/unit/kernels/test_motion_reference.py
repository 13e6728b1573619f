"""What the motion kernel's reference makes of pictures, against the scorer's own figures and values by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("triton", reason="the kernels need Triton, which is made for Linux")

import torch
from fakes import surfaces
from nvpipe.kernels.motion import gather_reference
from nvpipe.kernels.motion_plan import Grid, Plan

from nvpipe.footage.motion.card_gather import plan_of
from nvpipe.footage.motion.gather import CHROMA_SIDE, LUMA_SIDE, PICTURE_SIDE, grid
from nvpipe.footage.motion.pairs import block_sums
from nvpipe.footage.motion.shots import cell_means, thumbnails


def split(frames: list[surfaces.Planes], due: list[int], plan: Plan) -> tuple[list[np.ndarray], np.ndarray]:
    """Sums over blocks of Y, U and V and over cells of Y, and thin pictures."""
    sums, pictures = plan.unpacked(gather_reference(frames, due, plan), len(frames), len(due))
    return np.split(sums.numpy(), np.cumsum(plan.lengths)[:-1], axis=1), pictures.numpy()


def test_values_by_hand() -> None:
    luma = torch.arange(24, dtype=torch.uint8).reshape(4, 6)
    chroma = torch.tensor([[1, 2, 3], [4, 5, 6]], dtype=torch.uint8)
    every = Grid.of(luma.shape, 0, 1)
    plan = Plan(every, Grid.of(chroma.shape, 0, 1), Grid.of(luma.shape, 1, 2), (2, 2), (2, 3))
    (y, u, v, cells), pictures = split([(luma, chroma, chroma + 10)], [0], plan)
    assert y.tolist() == [
        [0 + 1 + 2 + 6 + 7 + 8, 3 + 4 + 5 + 9 + 10 + 11, 12 + 13 + 14 + 18 + 19 + 20, 15 + 16 + 17 + 21 + 22 + 23]
    ]
    # Of three columns the last is left over.
    assert (u.tolist(), v.tolist()) == ([[1, 2, 4, 5]], [[11, 12, 14, 15]])
    assert cells.tolist() == [[0 + 1 + 6 + 7, 2 + 3 + 8 + 9, 4 + 5 + 10 + 11, 62, 70, 78]]
    assert pictures.tolist() == [[[7, 9, 11], [19, 21, 23]]]


def test_where_there_are_fewer_samples_than_cells_they_overlap() -> None:
    luma = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8)
    one = luma[:1, :1]
    every, single = Grid.of(luma.shape, 0, 1), Grid.of(one.shape, 0, 1)
    (_, _, _, cells), pictures = split([(luma, one, one)], [], Plan(every, single, every, (1, 1), (1, 4)))
    assert cells.tolist() == [[4, 4, 6, 6]]
    assert pictures.shape == (0, 2, 2)


@pytest.mark.parametrize(("height", "width", "pitch"), surfaces.SIZES)
def test_it_makes_what_the_scorer_makes(height: int, width: int, pitch: int) -> None:
    frames = surfaces.surfaces(3, height, width, pitch)
    plan = plan_of(frames[0])
    found, pictures = split(frames, [2, 0], plan)

    def thin(index: int, side: int) -> Any:
        planes = torch.stack([planes[index] for planes in frames]).numpy()
        return planes[:, *grid(planes.shape[1:], side)]

    sizes = []
    for index, side in enumerate((LUMA_SIDE, CHROMA_SIDE, CHROMA_SIDE)):
        sums, size = block_sums(thin(index, side))
        assert np.array_equal(found[index], sums)
        sizes.append(size)
    assert sizes == [each.block_size(plan.blocks) for each in (plan.luma, plan.chroma, plan.chroma)]
    totals = found[3].astype(np.float32).reshape(-1, 18, 32)
    means = cell_means(totals, plan.luma.height, plan.luma.width)
    assert np.array_equal(means, thumbnails(thin(0, LUMA_SIDE)))
    assert np.array_equal(pictures, thin(0, PICTURE_SIDE)[[2, 0]])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda frames: [], "no picture"),
        (lambda frames: [frames[0], [plane.int() for plane in frames[1]]], "uint8"),
        (lambda frames: [frames[0], [plane[:-2] for plane in frames[1]]], "one size"),
        (lambda frames: [[y, u, v[:, :-1]] for y, u, v in frames], "one size"),
        (lambda frames: [[y[:20], u[:10], v[:10]] for y, u, v in frames], "does not lie"),
    ],
)
def test_planes_that_do_not_go_together_are_refused(change: Any, reason: str) -> None:
    frames = surfaces.surfaces(2, 72, 128, 128)
    with pytest.raises(ValueError, match=reason):
        gather_reference(change(frames), [], plan_of(frames[0]))


@pytest.mark.parametrize("due", [[2], [-1], [0, 0]])
def test_pictures_that_are_not_there_cannot_be_wanted(due: list[int]) -> None:
    frames = surfaces.surfaces(2, 72, 128, 128)
    with pytest.raises(ValueError, match="cannot be wanted"):
        gather_reference(frames, due, plan_of(frames[0]))

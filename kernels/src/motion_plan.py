"""Which samples of pictures the motion kernel reads, and how what it makes of them is laid out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch


class Grid(NamedTuple):
    """Which samples of a plane are read: every `step`-th row and column, from `start` on."""

    start: int
    step: int
    height: int
    """Rows that are read."""
    width: int

    @classmethod
    def of(cls, shape: Sequence[int], start: int, step: int) -> Grid:
        """That of a plane `[H, W]`."""
        height, width = (len(range(start, side, step)) for side in shape)
        return cls(start, step, height, width)

    def blocks(self, most: tuple[int, int]) -> tuple[int, int]:
        """How many blocks there are, down and across."""
        return min(most[0], self.height), min(most[1], self.width)

    def block_size(self, most: tuple[int, int]) -> int:
        """How many samples a block has."""
        down, across = self.blocks(most)
        return (self.height // down) * (self.width // across)


class Plan(NamedTuple):
    """What is made of each picture.

    All of a grid but what is left over at its right and its bottom is cut into blocks of equal size; all of the
    luma's into cells, too, which overlap where there are fewer samples than cells.
    """

    luma: Grid
    chroma: Grid
    """Of U and of V."""
    picture: Grid
    """Of the luma, for the thin picture."""
    blocks: tuple[int, int]
    """How many blocks at most, down and across: no more than 9 down, nor than there are rows or columns."""
    cells: tuple[int, int]
    """How many cells of the luma, down and across."""

    @property
    def lengths(self) -> tuple[int, int, int, int]:
        """How many sums there are over blocks of Y, of U and of V, and over cells of Y; they are in that order."""
        luma, chroma = (math.prod(grid.blocks(self.blocks)) for grid in (self.luma, self.chroma))
        return luma, chroma, chroma, self.cells[0] * self.cells[1]

    def packed_bytes(self, frames: int, pictures: int) -> int:
        """Size of the results of a batch."""
        return frames * sum(self.lengths) * 4 + pictures * self.picture.height * self.picture.width

    def unpacked(self, packed: torch.Tensor, frames: int, pictures: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Sums `[frames, sum(lengths)]` int32, thin pictures `[pictures, H, W]` uint8: views of a batch's results."""
        split = frames * sum(self.lengths) * 4
        sums = packed[:split].view(torch.int32).view(frames, -1)
        return sums, packed[split:].view(pictures, self.picture.height, self.picture.width)

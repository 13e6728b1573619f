"""One pass over decoded frames: a few integers per frame from a thin grid of its planes.

Everything is a count or a sum of integers, so the numbers are the same on every device and with any number of
threads. Memory grows by some 10 kB per second of video, whatever the size of its pictures.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nvpipe.media.decode import Frame

    Floats = NDArray[np.float64]

CELL_S = 0.25
"""Length of the cells by which jumps of colours are kept."""
PAIR_S = 0.2
"""Distance of the frames whose pixels are compared: five pairs a second."""
COLOUR_BINS = 81
"""9 x 9 bins of (U, V), the neutral grey in the middle of one of them."""

_DEVICE_BATCH = 32
_SERIAL_ELEMENTS = 32768
"""torch splits larger operations over its threads, which beside a busy decoder costs more than it saves."""
_LUMA_SIDE = 120
_CHROMA_SIDE = 60
_TIME_SLACK_S = 0.001
_BLOCKS = (9, 16)
_BLOCK_NOISE = 0.3
_PIXEL_NOISE = 2
"""Differences up to this many levels are compression noise."""
_VISIBLE_CHANGE = 6
_VISIBLE_ASPECT = 9 / 16


@dataclass(frozen=True, slots=True)
class Samples:
    """What was read from the pictures; T frames, P pairs of frames, C cells."""

    time_s: Floats
    """`[T]`, never decreasing."""
    flash: Floats
    """`[T]` jump of mean Y since the frame before, in levels, as far as the whole picture shares it."""
    size_bytes: Floats
    """`[T]` packet sizes, 0 where unknown."""
    pair_s: Floats
    """`[P]` time of the later frame."""
    centre_change: Floats
    """`[P]` mean absolute difference of Y in the middle 9:16, less noise."""
    change: Floats
    """`[P]` the same over the whole picture."""
    changed_share: Floats
    """`[P]` share of samples that changed visibly."""
    focus_x: Floats
    """`[P]` horizontal centre of the change, 0 left to 1 right; NaN where nothing changes."""
    contrast: Floats
    """`[P]` standard deviation of Y over the picture."""
    colour_jump: NDArray[np.float32]
    """`[C, COLOUR_BINS]` largest change of each colour's share from a frame to the next."""
    colour_share: NDArray[np.float32]
    """`[C, COLOUR_BINS]` largest share of each colour."""


class Sampler:
    """Takes frames one by one and reads what is needed of them in batches.

    Args:
        rotation_deg: clockwise rotation that a player applies to the coded picture.
        aspect: width over height of the picture as displayed.
    """

    def __init__(self, rotation_deg: int, aspect: float) -> None:
        self._turns = rotation_deg // 90 % 4
        self._centre_share = min(1.0, _VISIBLE_ASPECT / aspect)
        self._planes: list[torch.Tensor] = []
        self._shapes: tuple[torch.Size, ...] = ()
        self._steps = (1, 1)
        self._batch = 1
        self._filled = 0
        self._reference: torch.Tensor | None = None
        self._reference_s = 0.0
        self._last_colours: torch.Tensor | None = None
        self._times: list[float] = []
        self._sizes: list[int] = []
        self._flash: list[float] = []
        self._last_blocks: NDArray[np.int64] | None = None
        self._pairs: list[tuple[float, float, float, float, float, float]] = []
        self._cells: dict[int, NDArray[np.float32]] = {}

    @property
    def frames(self) -> int:
        """How many frames were taken."""
        return len(self._times)

    def add(self, frame: Frame) -> None:
        """Copy the grid of a frame; its planes are not needed afterwards."""
        planes = frame.planes()
        shapes = tuple(plane.shape for plane in planes)
        if shapes != self._shapes:
            self._resize(planes, shapes)
        luma, *chroma = planes
        k, kc = self._steps
        self._planes[0][self._filled].copy_(luma[k // 2 :: k, k // 2 :: k])
        for store, plane in zip(self._planes[1:], chroma, strict=True):
            store[self._filled].copy_(plane[kc // 2 :: kc, kc // 2 :: kc])
        last_s = self._times[-1] if self._times else 0.0
        self._times.append(max(frame.time_s, last_s))
        self._sizes.append(frame.size_bytes)
        self._filled += 1
        if self._filled == self._batch:
            self._flush()

    def finish(self) -> Samples:
        """What was read so far."""
        self._flush()
        pairs = np.array(self._pairs, dtype=np.float64).reshape(-1, 6)
        cells = max(self._cells, default=-1) + 1
        colours = np.zeros((2, cells, COLOUR_BINS), dtype=np.float32)
        for cell, values in self._cells.items():
            colours[:, cell] = values
        return Samples(
            time_s=np.array(self._times, dtype=np.float64),
            flash=np.array(self._flash, dtype=np.float64),
            size_bytes=np.array(self._sizes, dtype=np.float64),
            pair_s=pairs[:, 0],
            centre_change=pairs[:, 1],
            change=pairs[:, 2],
            changed_share=pairs[:, 3],
            focus_x=pairs[:, 4],
            contrast=pairs[:, 5],
            colour_jump=colours[0],
            colour_share=colours[1],
        )

    def _resize(self, planes: tuple[torch.Tensor, ...], shapes: tuple[torch.Size, ...]) -> None:
        self._flush()
        self._shapes = shapes
        self._reference = None
        self._last_colours = None
        self._last_blocks = None
        k = max(1, min(shapes[0]) // _LUMA_SIDE)
        kc = max(1, min(shapes[1]) // _CHROMA_SIDE)
        self._steps = (k, kc)
        samples = planes[1][kc // 2 :: kc, kc // 2 :: kc].numel()
        on_cpu = planes[0].device.type == "cpu"
        self._batch = max(1, _SERIAL_ELEMENTS // max(1, samples)) if on_cpu else _DEVICE_BATCH
        self._batch = min(self._batch, _DEVICE_BATCH)
        self._planes = []
        for plane, step in zip(planes, (k, kc, kc), strict=True):
            height, width = plane[step // 2 :: step, step // 2 :: step].shape
            self._planes.append(torch.empty((self._batch, height, width), dtype=torch.uint8, device=plane.device))

    def _flush(self) -> None:
        count, self._filled = self._filled, 0
        if not count:
            return
        luma, u, v = (store[:count] for store in self._planes)
        times = self._times[-count:]
        self._flashes(luma)
        self._colours(times, u, v)
        for index, time_s in enumerate(times):
            if self._reference is None or time_s >= self._reference_s + PAIR_S - _TIME_SLACK_S:
                picture = luma[index].to(torch.int16)
                if self._reference is not None:
                    self._compare(time_s, picture)
                self._reference, self._reference_s = picture, time_s

    def _flashes(self, luma: torch.Tensor) -> None:
        """A flash lights all blocks; a turning camera makes some brighter and others darker."""
        down, across = (min(side, count) for side, count in zip(luma.shape[1:], _BLOCKS, strict=True))
        rows, columns = luma.shape[1] // down, luma.shape[2] // across
        tiles = luma[:, : down * rows, : across * columns].view(-1, down, rows, across, columns)
        sums = torch.stack([picture.sum((1, 3), dtype=torch.int32) for picture in tiles]).cpu().numpy()
        for blocks in sums.astype(np.int64):
            before = blocks if self._last_blocks is None else self._last_blocks
            change = (blocks - before) / (rows * columns)
            jump = abs(float(change.mean()))
            self._flash.append(jump * (jump / (float(np.abs(change).mean()) + _BLOCK_NOISE)) ** 2)
            self._last_blocks = blocks

    def _colours(self, times: list[float], u: torch.Tensor, v: torch.Tensor) -> None:
        count = len(times)
        bins = ((u.to(torch.int16) + 16) >> 5) * 9 + ((v.to(torch.int16) + 16) >> 5)
        bins += (torch.arange(count, dtype=torch.int16, device=u.device) * COLOUR_BINS)[:, None, None]
        counts = torch.bincount(bins.view(-1), minlength=count * COLOUR_BINS).view(count, COLOUR_BINS)
        before = counts[:1] if self._last_colours is None else self._last_colours
        self._last_colours = counts[-1:].clone()
        jumps = (counts - torch.cat((before, counts[:-1]))).abs().cpu().numpy()
        shares = counts.cpu().numpy()
        cells = [int(time_s / CELL_S) for time_s in times]
        for cell in sorted(set(cells)):
            first, end = bisect_left(cells, cell), bisect_right(cells, cell)
            new = np.stack((jumps[first:end].max(0), shares[first:end].max(0))) / u[0].numel()
            old = self._cells.get(cell)
            self._cells[cell] = (new if old is None else np.maximum(new, old)).astype(np.float32)

    def _compare(self, time_s: float, picture: torch.Tensor) -> None:
        assert self._reference is not None
        difference = (picture - self._reference).abs() - _PIXEL_NOISE
        change = torch.rot90(difference.clamp_(min=0), -self._turns)
        rows, width = change.shape
        columns = change.sum(0, dtype=torch.int64).cpu().numpy()
        visible = int((change > _VISIBLE_CHANGE).sum())
        total = int(picture.sum(dtype=torch.int64))
        squares = int((picture.to(torch.int32) ** 2).sum(dtype=torch.int64))
        size = rows * width
        half = max(1, round(width * self._centre_share)) / 2
        centre = columns[int(width / 2 - half + 0.5) : int(width / 2 + half + 0.5)]
        self._pairs.append(
            (
                time_s,
                float(centre.mean()) / rows,
                float(columns.mean()) / rows,
                visible / size,
                _centroid(columns),
                max(0.0, squares / size - (total / size) ** 2) ** 0.5,
            )
        )


def _centroid(columns: NDArray[np.int64]) -> float:
    """Centre of what changes more than the typical column, 0 to 1; NaN without change."""
    excess = np.maximum(columns - np.median(columns), 0)
    if not excess.sum():
        return float("nan")
    places = (np.arange(len(columns)) + 0.5) / len(columns)
    return float((excess * places).sum() / excess.sum())

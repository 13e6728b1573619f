"""What is read of decoded planes: thin grids, gathered where the decoder leaves them, and integers made of these.

Whichever way it is gathered, the integers are the same, and are worked on in batches of the same size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import numpy as np

from nvpipe.footage.motion.pairs import block_sums
from nvpipe.footage.motion.shots import thumbnails
from nvpipe.footage.motion.surfaces import settle_before_reuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nvpipe.media.decode import Frame

    Bytes = NDArray[np.uint8]
    Ints = NDArray[np.int64]

BATCH = 32
"""Frames whose grids are gathered before they are worked on."""
PICTURES = 8
"""Pictures that are gathered to be compared."""
PICTURE_SIDE = 120
"""Rows of the grid by which pairs of frames are compared."""
LUMA_SIDE = 60
CHROMA_SIDE = 30
"""Rows of the grids that are read of every frame."""
SIDES = (LUMA_SIDE, CHROMA_SIDE, CHROMA_SIDE)


class Batch(NamedTuple):
    """What is made of T consecutive frames."""

    sums: tuple[Ints, ...]
    """`[T, BLOCKS]` sums over blocks of the grids of Y, U and V."""
    sizes: tuple[int, ...]
    """How many samples such a block has."""
    thumbnails: NDArray[np.float32]
    """`[T, 18, 32]` means over cells of the grid of Y."""


class Gatherer(Protocol):
    """Gathers from planes of one size that lie in one place."""

    def add(self, frame: Frame, planes: Sequence[Any], due: bool) -> bool:
        """Take a frame's planes, which are not needed afterwards unless the frame says so.

        Args:
            frame: whose they are.
            planes: Y, U and V.
            due: whether the grid by which pictures are compared is wanted, too.

        Returns:
            Whether anything is ready.
        """
        ...

    def batches(self, *, last: bool) -> Iterator[Batch]:
        """What is ready in batches of `BATCH`, in order; with `last` all that was taken and is not told yet."""
        ...

    def pictures(self, *, last: bool) -> Iterator[Bytes]:
        """`[K, H, W]` what is ready of the grids of luma that were due, `PICTURES` of them; with `last` all."""
        ...


Gather = Callable[[Sequence[Any]], Gatherer]
"""Makes what gathers from planes like those given."""


class StoringGatherer:
    """Copies grids into room beside the planes, and fetches them by batches where that is no host memory.

    Args:
        planes: Y, U and V, numpy arrays or torch tensors.
    """

    def __init__(self, planes: Sequence[Any]) -> None:
        self._grids = [grid(plane.shape, side) for plane, side in zip(planes, SIDES, strict=True)]
        self._picture_grid = grid(planes[0].shape, PICTURE_SIDE)
        self._stores = [_store(plane[each], BATCH) for plane, each in zip(planes, self._grids, strict=True)]
        self._pictures = _store(planes[0][self._picture_grid], PICTURES)
        self._filled = 0
        self._gathered = 0

    def add(self, frame: Frame, planes: Sequence[Any], due: bool) -> bool:
        for store, plane, each in zip(self._stores, planes, self._grids, strict=True):
            store[self._filled] = plane[each]
        self._filled += 1
        if due:
            self._pictures[self._gathered] = planes[0][self._picture_grid]
            self._gathered += 1
        if not isinstance(planes[0], np.ndarray):
            settle_before_reuse(frame, planes[0].device)
        return self._filled == BATCH or self._gathered == PICTURES

    def batches(self, *, last: bool) -> Iterator[Batch]:
        if self._filled == BATCH or (last and self._filled):
            count, self._filled = self._filled, 0
            grids = [_numbers(store[:count]) for store in self._stores]
            sums, sizes = zip(*(block_sums(each) for each in grids), strict=True)
            yield Batch(sums, sizes, thumbnails(grids[0]))

    def pictures(self, *, last: bool) -> Iterator[Bytes]:
        if self._gathered == PICTURES or (last and self._gathered):
            count, self._gathered = self._gathered, 0
            yield _numbers(self._pictures[:count])


def grid(shape: Sequence[int], side: int) -> tuple[slice, slice]:
    """Which rows and columns of a plane `[H, W]` are read, `side` or some more of the fewer."""
    step = max(1, min(shape) // side)
    return slice(step // 2, None, step), slice(step // 2, None, step)


def _store(each: Any, count: int) -> Any:
    """Room for some grids where they lie."""
    if isinstance(each, np.ndarray):
        return np.empty((count, *each.shape), np.uint8)
    return each.new_empty((count, *each.shape))


def _numbers(store: Any) -> Bytes:
    return store if isinstance(store, np.ndarray) else cast("Bytes", store.cpu().numpy())

"""Rows of numbers that are added for as long as a video lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_BLOCK_BYTES = 256 << 10
"""Large enough that the C library takes each block from the system, and gives it back."""


class Rows:
    """Rows of `width` numbers, kept in blocks: to grow copies nothing, and to finish takes no second room.

    Args:
        width: numbers in a row.
        kind: in what they are kept.
    """

    def __init__(self, width: int, kind: DTypeLike) -> None:
        self._shape = (max(1, _BLOCK_BYTES // (width * np.dtype(kind).itemsize)), width)
        self._kind = kind
        self._blocks: list[NDArray[Any]] = []
        self._filled = 0
        """Rows of the last block that are filled."""

    def add(self, rows: NDArray[Any]) -> None:
        """Append rows `[N, width]`."""
        while len(rows):
            if not self._blocks or self._filled == self._shape[0]:
                self._blocks.append(np.empty(self._shape, self._kind))
                self._filled = 0
            part = rows[: self._shape[0] - self._filled]
            self._blocks[-1][self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            rows = rows[len(part) :]

    def finish(self) -> NDArray[Any]:
        """All rows `[N, width]`; they are not kept here any longer."""
        whole, blocks, filled = self._shape[0], self._blocks[::-1], self._filled
        result = np.empty((max(0, len(blocks) - 1) * whole + filled, self._shape[1]), self._kind)
        self._blocks, self._filled = [], 0
        at = 0
        while blocks:
            block = blocks.pop()
            part = result[at : at + whole]
            part[:] = block[: len(part)]
            at += len(part)
        return result

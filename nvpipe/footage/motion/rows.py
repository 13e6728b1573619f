"""Rows of numbers that are added for as long as a video lasts."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_BLOCK_BYTES = 128 << 10
"""Large enough that the C library takes each block from the system, and gives it back."""


class Rows:
    """Rows of `width` numbers, kept in compressed blocks: to grow copies nothing, and to finish takes little room.

    Args:
        width: numbers in a row.
        kind: in what they are kept.
    """

    def __init__(self, width: int, kind: DTypeLike) -> None:
        self._kind: np.dtype[Any] = np.dtype(kind)
        self._shape = (max(1, _BLOCK_BYTES // (width * self._kind.itemsize)), width)
        self._full: list[bytes] = []
        self._open = np.empty(self._shape, self._kind)
        self._filled = 0
        """Rows of the open block that are filled."""

    def __len__(self) -> int:
        return len(self._full) * self._shape[0] + self._filled

    def add(self, rows: NDArray[Any]) -> None:
        """Append rows `[N, width]`."""
        while len(rows):
            part = rows[: self._shape[0] - self._filled]
            self._open[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            rows = rows[len(part) :]
            if self._filled == self._shape[0]:
                self._full.append(_packed(self._open))
                self._filled = 0

    def finish(self) -> NDArray[Any]:
        """All rows `[N, width]`; they are not kept here any longer."""
        whole = self._shape[0]
        result = np.empty((len(self), self._shape[1]), self._kind)
        result[len(self._full) * whole :] = self._open[: self._filled]
        self._filled = 0
        for number in reversed(range(len(self._full))):
            result[number * whole : (number + 1) * whole] = _unpacked(self._full.pop(), self._kind, self._shape)
        return result


def _packed(block: NDArray[Any]) -> bytes:
    """Compressed with bytes of the same place side by side: the high ones of neighbouring numbers are alike."""
    places = block.reshape(-1).view(np.uint8).reshape(-1, block.itemsize).T
    return zlib.compress(places.tobytes(), 1)


def _unpacked(packed: bytes, kind: np.dtype[Any], shape: tuple[int, int]) -> NDArray[Any]:
    places = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(kind.itemsize, -1)
    return np.ascontiguousarray(places.T).view(kind).reshape(shape)

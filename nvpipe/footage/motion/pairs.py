"""What two or three pictures 0.2 s apart tell of each other; integers, many pictures at once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nvpipe.footage.motion.borders import THIN, VISIBLE_CHANGE, Borders
from nvpipe.footage.motion.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

COLUMNS = 64
"""Columns of the picture by which its change is kept for the crop that follows it."""

BLOCKS = (9, 16)
_MEASURES = 6
_DETAIL = 40
"""Levels by which neighbouring samples differ where there is text or an outline."""
_BUSY_SHARE = 0.3
"""Share of a block that changes visibly where the picture behind a text moves."""
PIXEL_NOISE = 2
"""Differences up to this many levels are compression noise."""
VISIBLE_ASPECT = 9 / 16


class Pairs:
    """Compares pictures with the one and the two before.

    Args:
        turns: clockwise quarter turns from the coded picture to the one displayed.
        aspect: width over height of the picture as displayed.
        mirrored: whether the turned picture is then flipped left to right.
    """

    def __init__(self, turns: int, aspect: float, *, mirrored: bool = False) -> None:
        self._turns = turns
        self._backwards = (turns in (1, 2)) != mirrored
        self._borders = Borders(turns)
        self._centre_share = min(1.0, VISIBLE_ASPECT / aspect)
        self._measures = Rows(_MEASURES, np.float16)
        self._columns = Rows(COLUMNS, np.float16)

    def add(self, pictures: Bytes, *, begins: bool) -> None:
        """Compare the pictures `[K, H, W]` from the third on.

        Args:
            pictures: the first two are the last ones of the call before.
            begins: nothing was seen before, and the first is given twice; its successor can tell nothing of what
                goes back or holds still.
        """
        height, width = pictures.shape[1:]
        one, two = (_difference(pictures[by:], pictures[:-by]) for by in (1, 2))
        come, gone = one[1:], one[:-1]
        rows = width if self._turns % 2 else height
        columns = self._column_sums(_beyond(come, PIXEL_NOISE))
        middle = self._middle(columns.shape[1])
        lesser = np.minimum(come, gone)
        back = _beyond(lesser, 255 - _beyond(255 - two, PIXEL_NOISE))
        blinking = self._column_sums(back)[:, middle].mean(1) * columns.shape[1] / (height * width)
        moved = np.maximum(come, gone)
        held = _held(pictures[1:-1], moved, two)
        if begins:
            held[0] = 0.0
        passing = np.minimum(lesser[:, ::THIN, ::THIN], two[:, ::THIN, ::THIN])
        cut = self._borders.add(pictures[1:-1], moved, passing, middle, begins=begins)
        change = (columns[:, middle].mean(1) / rows, columns.mean(1) / rows)
        self._measures.add(np.stack((*change, _contrast(pictures[2:]), blinking, held, cut), axis=1))
        self._columns.add(_resampled(columns, rows, COLUMNS))

    def finish(self) -> tuple[Floats, NDArray[np.float16]]:
        """`[P, 6]` change in the middle 9:16, change, contrast, flicker, held and cut, and `[P, COLUMNS]`."""
        return self._measures.finish().astype(np.float64), self._columns.finish()

    def _column_sums(self, values: Bytes) -> Ints:
        """`[K, C]` sums over the columns of the picture as displayed."""
        axis = 2 if self._turns % 2 else 1
        sums: Ints = values.sum(axis, dtype=np.uint16 if values.shape[axis] <= 257 else np.uint32).astype(np.int64)
        return sums[:, ::-1] if self._backwards else sums

    def _middle(self, width: int) -> slice:
        """The columns inside of the middle 9:16."""
        half = max(1, round(width * self._centre_share)) / 2
        return slice(int(width / 2 - half + 0.5), int(width / 2 + half + 0.5))


def block_sums(planes: Bytes | NDArray[np.bool_]) -> tuple[Ints, int]:
    """Sums `[T, BLOCKS]` over blocks of the planes `[T, H, W]`, and how many samples a block has.

    By adding slices, in types as small as hold the sums, and products too small to be shared by threads, which the
    decoder needs.
    """
    count, height, width = planes.shape
    down, across = min(height, BLOCKS[0]), min(width, BLOCKS[1])
    rows, columns = height // down, width // across
    whole = planes[:, : down * rows, : across * columns]
    exact: Any = np.uint8 if planes.dtype == bool and rows <= 255 else np.uint16 if rows <= 257 else np.uint32
    tall: NDArray[Any] = whole[:, ::rows].astype(exact)
    for row in range(1, rows):
        tall += whole[:, row::rows]
    # Sums of so few bytes are exact in single precision, in whatever order they are added.
    sums = tall.astype(np.float32) @ _members(across, columns)
    return sums.reshape(count, down * across).astype(np.int64), rows * columns


@lru_cache(maxsize=16)
def _members(blocks: int, size: int) -> NDArray[np.float32]:
    """`[blocks * size, blocks]` 1 where a sample belongs to a block."""
    return np.repeat(np.eye(blocks, dtype=np.float32), size, axis=0)


def _difference(one: Bytes, other: Bytes) -> Bytes:
    return np.maximum(one, other) - np.minimum(one, other)


def _beyond(values: Bytes, limit: Bytes | int) -> Bytes:
    """What is more than the limit, less the limit."""
    # The minimum with a single number is ten times slower than with an array.
    return values - np.minimum(values, np.full_like(values, limit) if isinstance(limit, int) else limit)


def _contrast(pictures: Bytes) -> Floats:
    """Standard deviation of every other sample of every other row."""
    thin = pictures[:, ::2, ::2].reshape(len(pictures), -1).astype(np.uint16)
    exact = np.uint32 if thin.shape[1] <= 66051 else np.uint64
    mean = thin.sum(1, dtype=exact) / thin.shape[1]
    power = (thin * thin).sum(1, dtype=exact) / thin.shape[1]
    result: Floats = np.sqrt(np.maximum(0.0, power - mean * mean))
    return result


def _held(middle: Bytes, moved: Bytes, total: Bytes) -> Floats:
    """Share of samples that are detail standing still while the picture around it changes."""
    busy, size = block_sums(total > VISIBLE_CHANGE)
    held = np.zeros(len(middle))
    around = busy >= _BUSY_SHARE * size
    if not (some := np.flatnonzero(around.any(1))).size:
        return held
    # Taken as one long row; what stands in the first column has its neighbour in the row above, and is left out.
    flat = middle[some].reshape(len(some), -1)
    still = moved[some].reshape(flat.shape) <= VISIBLE_CHANGE
    still[:, 1:] &= _difference(flat[:, 1:], flat[:, :-1]) >= _DETAIL
    picture = still.reshape(len(some), *middle.shape[1:])
    picture[:, :, :1] = False
    detail, _ = block_sums(picture)
    held[some] = np.where(around[some], detail, 0).sum(1) / (size * busy.shape[1])
    return held


@lru_cache(maxsize=8)
def _places(width: int, count: int) -> tuple[Floats, Ints]:
    """Borders of `count` equally wide columns, and the samples that they lie in."""
    borders = np.linspace(0, width, count + 1)
    return borders, np.minimum(borders.astype(np.int64), width - 1)


def _resampled(columns: Ints, rows: int, count: int) -> Floats:
    """Means `[K, count]` over equally wide columns, from sums over the `rows` of each column `[K, C]`."""
    width = columns.shape[1]
    borders, inside = _places(width, count)
    totals = np.cumsum(columns, axis=1) - columns
    sums = columns[:, inside] * (borders - inside) + totals[:, inside]
    means: Floats = np.diff(sums, axis=1) * (count / width / rows)
    return means

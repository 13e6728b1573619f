"""What stands across the borders of the centred 9:16: text and displays that the crop would cut through."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Bytes = NDArray[np.uint8]
    Flags = NDArray[np.bool_]

VISIBLE_CHANGE = 6
THIN = 4
"""What passes by is told from every fourth sample of every fourth row."""
_STROKE = 24
"""Levels by which neighbouring samples differ: coloured letters are faint in luma."""
_BAND_SHARE = 0.025
"""Width of the picture on either side of a border in which strokes must stand, about two letters of a subtitle."""
_REACH_ROWS = 2
"""Letters on either side of a border have their strokes in different rows of a line."""
_PARTS = 9
_AROUND_SHARE = 0.06
_CHANGED_SHARE = 0.3
"""Share of samples that change, in a part of the height and so close to a border, where something moves behind what
stands there."""
_CELLS = 3
_MOVING_CELLS = 6
_MOVING_SHARE = 0.15
"""Share of the samples in so many of the 3 x 3 cells of a picture that change when the camera moves: scenery moves
along, and displays stand still."""
_MEMORY = 5
"""Pictures for which a text is remembered that cannot be seen: one second, longer than a flash of light."""


class Borders:
    """Measures pictures 0.2 s apart, in their order.

    Text and scenery look the same. What stands still while the picture around it or most of the picture moves, twice
    in a row, is taken for text; it stays that, as long as it is there, when nothing moves.

    Args:
        turns: clockwise quarter turns from the coded picture to the one displayed.
    """

    def __init__(self, turns: int) -> None:
        self._turns = turns
        self._remembered = np.zeros((2, 0), np.uint8)
        self._suspected = np.zeros((1, 2, 0), bool)

    def add(self, pictures: Bytes, moved: Bytes, passing: Bytes, middle: slice, *, begins: bool) -> Floats:
        """Share `[K]` of the length of both borders, by rows, that has text close by on both sides.

        Args:
            pictures: `[K, H, W]` as coded.
            moved: `[K, H, W]` the larger of the differences to the pictures before and after.
            passing: `[K, H / THIN, W / THIN]` the least of these two and the difference of the pictures before and
                after: a light that flashes, which goes back, does not tell scenery from displays.
            middle: columns, as displayed, inside of the crop.
            begins: the pictures do not follow those of the call before, and nothing is known of the first.
        """
        shown, change, thin = (np.rot90(planes, -self._turns, (1, 2)) for planes in (pictures, moved, passing))
        count, height, width = shown.shape
        band = min(max(2, round(width * _BAND_SHARE)), middle.start, width - middle.stop)
        if band < 2:
            return np.zeros(count)
        across = _across(*(_beside(planes, middle, band) for planes in (shown, change)))
        if begins:
            self._remembered = np.zeros((2, height), np.uint8)
            self._suspected = np.zeros((1, 2, height), bool)
            across[0] = False
        found = across & _told(thin > VISIBLE_CHANGE, middle.start / width, middle.stop / width, height)
        twice = found & np.concatenate((self._suspected, found[:-1]))
        self._suspected = found[-1:]
        shares: Floats = self._recalled(across, twice).sum((1, 2)) / (2 * height)
        return shares

    def _recalled(self, across: Flags, sure: Flags) -> Flags:
        """`[K, 2, H]` rows with what is text for sure, or was within the last pictures."""
        text = np.empty_like(across)
        bits = self._remembered
        for index, now in enumerate(across):
            seen = sure[index] | (now & (bits != 0))
            # Each picture is a bit that falls out of the byte when it is forgotten.
            bits = (bits >> 1) | (seen.view(np.uint8) << (_MEMORY - 1))
            np.not_equal(bits, 0, out=text[index])
        self._remembered = bits
        return text


def _beside(planes: Bytes, middle: slice, band: int) -> Bytes:
    """`[2, 2 * band, K, H]` columns on either side of both borders."""
    count, height = planes.shape[:2]
    found = np.empty((2, 2 * band, count, height), np.uint8)
    for side, border in enumerate((middle.start, middle.stop)):
        found[side] = planes[:, :, border - band : border + band].transpose(2, 0, 1)
    return found


def _across(near: Bytes, change: Bytes) -> Flags:
    """`[K, 2, H]` rows with still strokes on both sides of a border, in about the same line."""
    band = near.shape[1] // 2
    # Upright strokes only: level lines stand still wherever a camera turns.
    left, right = near[:, :-1], near[:, 1:]
    strokes = np.maximum(left, right) - np.minimum(left, right) >= _STROKE
    strokes &= np.minimum(change[:, :-1], change[:, 1:]) <= VISIBLE_CHANGE
    # A stroke on the border itself is of neither side.
    sides = np.stack([np.bitwise_or.reduce(part, axis=1) for part in (strokes[:, : band - 1], strokes[:, band:])])
    lines = sides.copy()
    for by in range(1, _REACH_ROWS + 1):
        lines[..., by:] |= sides[..., :-by]
        lines[..., :-by] |= sides[..., by:]
    found: Flags = (lines[0] & lines[1]).transpose(1, 0, 2)
    return found


def _told(passing: Flags, start: float, stop: float, height: int) -> Flags:
    """`[K, 2, height]` rows in which what stands still is no scenery, for borders at two shares of the width."""
    across, down = _members(passing.shape[1], passing.shape[2], start, stop)
    # Sums of so few samples are exact in single precision, and too small to be shared by threads, which the decoder
    # needs.
    sums = down @ (passing.astype(np.float32) @ across)
    sizes = np.outer(down.sum(1), across.sum(0))
    cells, parts = np.s_[..., :_CELLS, :_CELLS], np.s_[..., _CELLS:, _CELLS:]
    moving = (sums[cells] >= _MOVING_SHARE * sizes[cells]).sum((1, 2)) >= _MOVING_CELLS
    changing = (sums[parts] >= np.maximum(_CHANGED_SHARE * sizes[parts], 1)) | moving[:, None, None]
    found: Flags = changing[:, np.arange(height) * _PARTS // height].transpose(0, 2, 1)
    return found


@lru_cache(maxsize=16)
def _members(rows: int, columns: int, start: float, stop: float) -> tuple[Singles, Singles]:
    """`[columns, cells + borders]` and `[cells + parts, rows]`, 1 where a sample belongs."""
    at, level = ((np.arange(count) + 0.5) / count for count in (columns, rows))
    near = [np.abs(at - border) <= max(_AROUND_SHARE, 1 / columns) for border in (start, stop)]
    across = np.stack([*(np.floor(at * _CELLS) == cell for cell in range(_CELLS)), *near], axis=1)
    down = np.stack([np.floor(level * count) == part for count in (_CELLS, _PARTS) for part in range(count)])
    return across.astype(np.float32), down.astype(np.float32)

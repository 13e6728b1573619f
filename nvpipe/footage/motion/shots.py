"""Scene cuts, found in the frames as they pass.

A cut is a frame that differs from the one before far more than its neighbours do from theirs (the adaptive threshold
that shot detectors use: Lienhart, Comparison of Automatic Shot Boundary Detection Algorithms, SPIE 1999), and that
shows another picture: hardly any part of what was seen before is found again in what comes after, even moved or in
another light. The second half is what a muzzle flash, an explosion, a turn of the camera or a red screen fails.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

WINDOW_S = 0.3
"""How far before and after a cut the pictures are compared; a flash is over by then."""
SIDE_BY_SIDE = 3
"""Pictures compared on either side."""
LIMIT = 0.44
"""Unlikeness (0 to 1) times suddenness from which on a change is a cut, at many frames a second."""

SHAPE = (18, 32)
"""Rows and columns of a thumbnail."""
_TILE = (7, 10)
_TILES = tuple((top, left) for top in (2, 9) for left in (1, 11, 21))
_SHIFTS = (2, 8)
"""How far a tile may have moved, down or across."""
_MIN_CHANGE = 1.5
"""Mean change in levels; less is no cut even in the dark."""
_USUAL_CHANGE = (0.7, 2.0)
_USUAL_SHARE = 0.15
"""What changes anyway, in levels and as a share of the picture's contrast: dark scenes change less."""
_MIN_SUDDENNESS = 0.8
_MAX_SUDDENNESS = 3.0
_AFTER_BLANK = 2.0
"""Suddenness of the first picture after a blank one."""
_FAINT_POWER = 0.5
"""Mean square of detail, in levels squared, that could as well be noise."""
_BLANK_CONTRAST = 1.5
"""Standard deviation of a black screen, with what compression leaves on it."""
_LONG_GAP_S = 0.4
_MIN_SHOT_S = 0.6
"""What follows a cut sooner belongs to it: a player arrives anew, and then the fog of the arrival clears."""
_AROUND = (9, 15)
"""Brightness is taken relative to the mean around, so that pictures that are all dark at the edges are not alike."""


@dataclass(slots=True)
class _Look:
    time_s: float
    change: float
    """Mean absolute difference to the frame before, in levels."""
    usual: float
    """What changes anyway, in levels."""
    blank: bool
    detail: Picture
    """See `detail`."""
    unmoved: float
    """Likeness to the frame before where nothing has moved: no more than `likeness` finds."""
    unmoved_two: float
    """The same to the frame before that one, which is like it where something blinks."""


class ShotFinder:
    """Takes thumbnails frame by frame and remembers where shots begin."""

    def __init__(self) -> None:
        self._last: Picture | None = None
        self._before: deque[_Look] = deque()
        """Pictures of this shot, the last `WINDOW_S` of them, blank ones left out."""
        self._coming: deque[_Look] = deque()
        self._was_blank = False
        self._cuts_s: list[float] = []

    def add(self, times_s: Sequence[float], pictures: Picture) -> None:
        """Take the next frames.

        Args:
            times_s: `[T]`, never falling.
            pictures: `[T, 18, 32]`, see `thumbnails`.
        """
        if self._last is None:
            self._last = pictures[:1].repeat(2, axis=0)
        pictures = np.concatenate((self._last, pictures))
        self._last = pictures[-2:]
        details = detail(pictures)
        unmoved, unmoved_two = (unmoved_likeness(details[2 - by : -by], details[2:]).tolist() for by in (1, 2))
        changes = np.abs(pictures[2:] - pictures[1:-1]).mean((1, 2)).tolist()
        pictures, details = pictures[2:], details[2:]
        contrasts = pictures.std((1, 2))
        usual = np.clip(_USUAL_SHARE * contrasts, *_USUAL_CHANGE).tolist()
        blanks = (contrasts < _BLANK_CONTRAST).tolist()
        for look in map(_Look, times_s, changes, usual, blanks, details, unmoved, unmoved_two):
            self._coming.append(look)
            while look.time_s - self._coming[0].time_s >= WINDOW_S and len(self._coming) > 2:
                self._decide()

    def finish(self) -> tuple[float, ...]:
        """Times of the first frames of new shots, rising."""
        while self._coming:
            self._decide()
        return tuple(self._cuts_s)

    def _decide(self) -> None:
        look = self._coming.popleft()
        if look.blank:
            self._was_blank = True
            return
        if self._before and self._may_be_cut(look):
            after = [look, *(other for other in self._coming if not other.blank)]
            if len(after) > 1 and self._is_cut(look, after):
                self._cuts_s.append(look.time_s)
                self._before.clear()
        self._was_blank = False
        self._before.append(look)
        while look.time_s - self._before[0].time_s > WINDOW_S:
            self._before.popleft()

    def _may_be_cut(self, look: _Look) -> bool:
        """Whether it changes more than the next frame, which settles it for nearly all."""
        if self._was_blank or not self._coming:
            return True
        following = self._coming[0]
        change = 0.0 if following.blank else following.change
        return look.change >= _MIN_CHANGE and look.change / (change + look.usual) >= _MIN_SUDDENNESS

    def _is_cut(self, look: _Look, after: list[_Look]) -> bool:
        if self._cuts_s and look.time_s - self._cuts_s[-1] < _MIN_SHOT_S:
            return False
        suddenness = _AFTER_BLANK if self._was_blank else self._suddenness(look, after)
        if suddenness < _MIN_SUDDENNESS:
            return False
        # At few frames a second every pair of frames differs more.
        gap_s = 0.0 if self._was_blank else min(WINDOW_S, look.time_s - self._before[-1].time_s)
        most_alike = 1 - LIMIT * (1 + gap_s / _LONG_GAP_S) / suddenness
        if not self._was_blank:
            blinks = 0.0 if self._coming[0].blank else self._coming[0].unmoved_two
            if max(look.unmoved, blinks) >= most_alike:
                return False
        # The two frames next to each other come first, and mostly settle it.
        new = _spread(after)
        return all(
            likeness(one.detail, other.detail) < most_alike
            for one in _spread(list(self._before)[::-1])
            for other in new
        )

    def _suddenness(self, look: _Look, after: list[_Look]) -> float:
        """Change against the largest of the frames around."""
        if look.change < _MIN_CHANGE:
            return 0.0
        others = [other.change for other in (*list(self._before)[1:], *after[1:])]
        return min(_MAX_SUDDENNESS, look.change / (max(others, default=0.0) + look.usual))


def _spread(looks: list[_Look]) -> list[_Look]:
    """A few of the pictures, the first and the last among them."""
    count = min(len(looks), SIDE_BY_SIDE)
    return [looks[round(place)] for place in np.linspace(0, len(looks) - 1, count)]


def thumbnails(luma: NDArray[np.uint8]) -> Picture:
    """`[T, 18, 32]` means over cells of the pictures `[T, H, W]`."""
    height, width = luma.shape[1:]
    first, rows = _cells(height, SHAPE[0])
    # Cells overlap where there are fewer samples than cells.
    samples: NDArray[Any] = luma.astype(np.uint16 if height <= 257 * SHAPE[0] else np.uint32)
    sums = samples[:, first]
    for row in range(1, rows.max()):
        deep = np.flatnonzero(rows > row)
        if len(deep) == len(rows):
            sums += samples[:, first + row]
        else:
            sums[:, deep] += samples[:, first[deep] + row]
    across = _members(width, SHAPE[1])
    # Sums of so few bytes are exact in single precision, in whatever order they are added.
    return cell_means(sums.astype(np.float32) @ across, height, width)


def cell_means(totals: Picture, height: int, width: int) -> Picture:
    """`[T, 18, 32]` of sums over the cells of pictures `[T, height, width]`."""
    sizes = [_cells(side, count)[1] for side, count in zip((height, width), SHAPE, strict=True)]
    result: Picture = np.divide(totals, sizes[0][:, None] * sizes[1], dtype=np.float32)
    return result


@lru_cache(maxsize=16)
def _cells(side: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`[count]` first samples and numbers of samples of cells along a side."""
    first = np.arange(count) * side // count
    return first, np.maximum(first + 1, np.arange(1, count + 1) * side // count) - first


@lru_cache(maxsize=16)
def _members(side: int, count: int) -> Picture:
    """`[side, count]` 1 where a sample belongs to a cell."""
    first, sizes = _cells(side, count)
    places = np.arange(side)[:, None]
    members = ((places >= first) & (places < first + sizes)).astype(np.float32)
    return np.ascontiguousarray(members)


@lru_cache(maxsize=4)
def _mean_around(side: int, width: int) -> Picture:
    """`[side, side]` that takes running means."""
    places = np.arange(side)
    near = (np.abs(places[:, None] - places[None, :]) <= width // 2).astype(np.float32)
    means: Picture = (near / near.sum(1, keepdims=True)).astype(np.float32)
    return means


def detail(pictures: Picture) -> Picture:
    """The pictures `[..., 18, 32]` less the mean around each of their cells."""
    down, across = (_mean_around(side, width) for side, width in zip(SHAPE, _AROUND, strict=True))
    result: Picture = (pictures - down @ pictures @ across.T).astype(np.float32)
    return result


def unmoved_likeness(old: Picture, new: Picture) -> Picture:
    """`[T]` what `likeness` tells of pictures `[T, 18, 32]`, where each tile is looked for in its own place only."""
    old_tiles, new_tiles = (
        np.stack([side[:, top : top + _TILE[0], left : left + _TILE[1]] for top, left in _TILES], axis=1).reshape(
            len(side), len(_TILES), -1
        )
        for side in (old, new)
    )
    old_tiles = old_tiles - old_tiles.mean(2, keepdims=True)
    new_tiles = new_tiles - new_tiles.mean(2, keepdims=True)
    faint = old_tiles.shape[2] * _FAINT_POWER
    powers = [np.maximum((tiles * tiles).sum(2), faint) for tiles in (old_tiles, new_tiles)]
    found: Picture = (old_tiles * new_tiles).sum(2) / np.sqrt(powers[0] * powers[1])
    return np.sort(found, axis=1)[:, -2]


@lru_cache(maxsize=1)
def _reachable() -> NDArray[np.bool_]:
    """`[tiles, places]` where each tile is looked for."""
    rows, columns = np.indices((SHAPE[0] - _TILE[0] + 1, SHAPE[1] - _TILE[1] + 1))
    near = [(np.abs(rows - top) <= _SHIFTS[0]) & (np.abs(columns - left) <= _SHIFTS[1]) for top, left in _TILES]
    return np.array(near).reshape(len(_TILES), -1)


def likeness(old: Picture, new: Picture) -> float:
    """How well the second best of six tiles of a picture is found again in another, -1 to 1.

    Normalised cross-correlation, the best within reach. One tile may be found by chance, or be a weapon that is
    always in view; a cut leaves no other.
    """
    size = _TILE[0] * _TILE[1]
    places = np.lib.stride_tricks.sliding_window_view(new, _TILE).reshape(-1, size)
    sums = places.sum(1)
    powers = (places * places).sum(1) - sums * sums / size
    tiles = np.stack([old[top : top + _TILE[0], left : left + _TILE[1]].ravel() for top, left in _TILES])
    tiles = tiles - tiles.mean(1, keepdims=True)
    faint = size * _FAINT_POWER
    scale = np.sqrt(np.maximum((tiles * tiles).sum(1), faint)[:, None] * np.maximum(powers, faint)[None, :])
    found = np.where(_reachable(), tiles @ places.T / scale, -1.0).max(1)
    return float(np.sort(found)[-2])

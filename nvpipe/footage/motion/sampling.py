"""One pass over decoded frames: a few integers per frame from a thin grid of its planes.

What is read are counts and sums of integers, so the numbers are the same on every device and with any number of
threads. Memory grows by some 1.3 kB per second of video, whatever the size of its pictures.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nvpipe.footage.motion.pairs import Pairs, block_sums
from nvpipe.footage.motion.rows import Rows
from nvpipe.footage.motion.shots import ShotFinder
from nvpipe.media.decode.frame import PyAvFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nvpipe.media.decode import Frame

    Floats = NDArray[np.float64]

PAIR_S = 0.2
"""Distance of the frames whose pixels are compared: five pairs a second, whatever the frame rate."""
_BATCH = 32
"""Frames whose grids are gathered where the decoder leaves its planes before they are worked on."""
_PICTURES = 8
"""Pictures that are gathered to be compared."""
PICTURE_SIDE = 120
"""Rows of the grid by which pairs of frames are compared."""
LUMA_SIDE = 60
CHROMA_SIDE = 30
"""Rows of the grids that are read of every frame."""
_TIME_SLACK_S = 0.001
_EVEN = 0.75
"""Of the longer of two distances of frames: stamps are rounded."""
_BLOCK_NOISE = 0.3
_PLANAR = ("yuv420p", "yuvj420p")


@dataclass(frozen=True, slots=True)
class Samples:
    """What was read from the pictures; T frames, P pairs of frames, C cells."""

    time_s: Floats
    """`[T]`, never decreasing."""
    flash: Floats
    """`[T]` second difference of mean Y, in levels, as far as the whole picture shares it: a fade has none."""
    tint: Floats
    """`[T]` the same of U and V."""
    size_bytes: Floats
    """`[K]` packet sizes, 0 where unknown."""
    pair_s: Floats
    """`[P]` time of the later frame."""
    centre_change: Floats
    """`[P]` mean absolute difference of Y in the middle 9:16, less noise."""
    change: Floats
    """`[P]` the same over the whole picture."""
    contrast: Floats
    """`[P]` standard deviation of Y over the picture."""
    flicker: Floats
    """`[P]` mean change of Y in the middle 9:16 that has gone back a pair later, in levels: what blinks, and not what
    passes by."""
    held: Floats
    """`[P]` share of samples that are detail standing still where the picture around it changes: text, displays."""
    cut: Floats
    """`[P]` share of the borders of the middle 9:16 that run through text or displays."""
    columns: NDArray[np.float16]
    """`[P, COLUMNS]` mean absolute difference of Y in columns of the picture as displayed, less noise."""
    cuts_s: tuple[float, ...] = ()
    """Times of the first frames of new shots, rising."""
    packet_s: Floats | None = None
    """`[K]` times of the packets, never decreasing; None for `time_s`."""


class Sampler:
    """Takes frames one by one and reads what is needed of them in batches.

    Args:
        rotation_deg: clockwise rotation that a player applies to the coded picture.
        aspect: width over height of the picture as displayed.
        mirrored: whether the player then flips it left to right.
    """

    def __init__(self, rotation_deg: int, aspect: float, *, mirrored: bool = False) -> None:
        self._stores: list[Any] = []
        self._shapes: tuple[tuple[int, ...], ...] = ()
        self._grids: list[tuple[slice, slice]] = []
        self._filled = 0
        self._pictures: Any = None
        self._picture_grid = (slice(0), slice(0))
        self._gathered = 0
        self._kept: NDArray[np.uint8] | None = None
        self._due_s = 0.0
        self._times = array("d")
        self._sizes = array("f")
        self._other_times = array("d")
        self._other_sizes = array("f")
        self._pair_times = array("d")
        self._jumps = Rows(2, np.float16)
        self._last_blocks: tuple[NDArray[np.int64], ...] = ()
        self._pairs = Pairs(rotation_deg // 90 % 4, aspect, mirrored=mirrored)
        self._shots = ShotFinder()

    @property
    def frames(self) -> int:
        """How many frames were taken."""
        return len(self._times)

    def add(self, frame: Frame) -> None:
        """Copy the grids of a frame; its planes are not needed afterwards."""
        planes = _planes(frame)
        shapes = tuple([plane.shape for plane in planes])
        if shapes != self._shapes:
            self._resize(planes, shapes)
        for store, plane, grid in zip(self._stores, planes, self._grids, strict=True):
            store[self._filled] = plane[grid]
        time_s = max(frame.time_s, self._times[-1]) if self._times else max(frame.time_s, 0.0)
        started = self._gathered or self._kept is not None
        if not started or time_s >= self._due_s - _TIME_SLACK_S:
            self._pictures[self._gathered] = planes[0][self._picture_grid]
            self._gathered += 1
            if started:
                self._pair_times.append(time_s)
            # On time, or as late as frames come; after a gap it begins anew.
            late = not started or time_s >= self._due_s + PAIR_S - _TIME_SLACK_S
            self._due_s = (time_s if late else self._due_s) + PAIR_S
        self._times.append(time_s)
        self._sizes.append(frame.size_bytes)
        self._filled += 1
        if self._filled == _BATCH:
            self._flush()
        if self._gathered == _PICTURES:
            self._compare()

    def leave_out(self, time_s: float, size_bytes: int) -> None:
        """Note the packet of a frame that is not decoded."""
        self._other_times.append(time_s)
        self._other_sizes.append(size_bytes)

    def finish(self) -> Samples:
        """What was read so far."""
        self._flush()
        self._compare()
        pairs, columns = self._pairs.finish()
        jumps = self._jumps.finish()
        packet_s, sizes = self._packets()
        return Samples(
            time_s=np.array(self._times, dtype=np.float64),
            flash=jumps[:, 0].astype(np.float64),
            tint=jumps[:, 1].astype(np.float64),
            size_bytes=sizes,
            pair_s=np.array(self._pair_times, dtype=np.float64),
            centre_change=pairs[:, 0],
            change=pairs[:, 1],
            contrast=pairs[:, 2],
            flicker=pairs[:, 3],
            held=pairs[:, 4],
            cut=pairs[:, 5],
            columns=columns,
            cuts_s=self._shots.finish(),
            packet_s=packet_s,
        )

    def _packets(self) -> tuple[Floats | None, Floats]:
        """Times and sizes, None for those of the frames."""
        sizes = np.array(self._sizes, dtype=np.float64)
        if not self._other_times:
            return None, sizes
        times_s = np.concatenate((self._times, self._other_times))
        order = np.argsort(times_s, kind="stable")
        return times_s[order], np.concatenate((sizes, self._other_sizes))[order]

    def _resize(self, planes: Sequence[Any], shapes: tuple[tuple[int, ...], ...]) -> None:
        self._flush()
        self._compare()
        self._shapes = shapes
        self._kept = None
        self._last_blocks = ()
        sides = (LUMA_SIDE, CHROMA_SIDE, CHROMA_SIDE)
        self._grids = [_grid(shape, side) for shape, side in zip(shapes, sides, strict=True)]
        self._picture_grid = _grid(shapes[0], PICTURE_SIDE)
        self._stores = [_store(plane[grid], _BATCH) for plane, grid in zip(planes, self._grids, strict=True)]
        self._pictures = _store(planes[0][self._picture_grid], _PICTURES)

    def _flush(self) -> None:
        count, self._filled = self._filled, 0
        if not count:
            return
        grids = [_numbers(store[:count]) for store in self._stores]
        self._shots.add(self._times[-count:], grids[0])
        blocks, sizes = zip(*(block_sums(grid) for grid in grids), strict=True)
        last = self._last_blocks or tuple(sums[:1].repeat(2, axis=0) for sums in blocks)
        series = [np.concatenate(pair) for pair in zip(last, blocks, strict=True)]
        self._last_blocks = tuple(sums[-2:] for sums in series)
        weights = later_weights(self._times[-count - 2 :], count)
        luma, u, v = (shared_jumps(sums, size, weights) for sums, size in zip(series, sizes, strict=True))
        self._jumps.add(np.stack((luma, np.hypot(u, v)), axis=1))

    def _compare(self) -> None:
        count, self._gathered = self._gathered, 0
        if not count:
            return
        gathered = _numbers(self._pictures[:count])
        begins = self._kept is None
        series = np.concatenate((gathered[:1] if self._kept is None else self._kept, gathered))
        self._kept = series[-2:]
        if len(series) > 2:
            self._pairs.add(series, begins=begins)


def _planes(frame: Frame) -> Sequence[Any]:
    """Y, U and V, as arrays where they lie in host memory: for work this small, tensors cost more than it does."""
    if isinstance(frame, PyAvFrame):
        picture = frame.to_av()
        if picture.format.name in _PLANAR:
            found = [(plane, plane.line_size) for plane in picture.planes]
            if all(pitch > 0 for _, pitch in found):
                return [
                    np.frombuffer(cast("Any", plane), np.uint8).reshape(-1, pitch)[:, : plane.width]
                    for plane, pitch in found
                ]
    planes = frame.planes()
    return planes if planes[0].device.type != "cpu" else [plane.numpy() for plane in planes]


def _grid(shape: tuple[int, ...], side: int) -> tuple[slice, slice]:
    step = max(1, min(shape) // side)
    return slice(step // 2, None, step), slice(step // 2, None, step)


def _store(grid: Any, count: int) -> Any:
    """Room for some grids where they lie."""
    if isinstance(grid, np.ndarray):
        return np.empty((count, *grid.shape), np.uint8)
    return grid.new_empty((count, *grid.shape))


def _numbers(store: Any) -> NDArray[np.uint8]:
    return store if isinstance(store, np.ndarray) else cast("NDArray[np.uint8]", store.cpu().numpy())


def later_weights(times_s: Sequence[float] | Floats, count: int) -> Floats | None:
    """`[count]` how much the change up to each of the last frames counts against the one before it, 0 to 2.

    So that what changes steadily gives no second difference, however the frames are spaced: the middle one of three
    is compared with the line between its neighbours. None where all are evenly spaced, which is 1.
    """
    gaps = np.diff(times_s)[-count - 1 :]
    gaps = np.concatenate((np.zeros(count + 1 - len(gaps)), gaps))
    before, now = gaps[:-1], gaps[1:]
    even = np.minimum(before, now) >= _EVEN * np.maximum(before, now)
    return None if even.all() else np.where(even, 1.0, 2 * before / np.maximum(before + now, _TIME_SLACK_S))


def shared_jumps(sums: NDArray[np.int64], size: int, weights: Floats | None = None) -> Floats:
    """Second differences over time of a plane's mean, `[T - 2]` in levels, as far as all blocks share them.

    A flash lights all blocks; a turning camera makes some brighter and others darker. A flash jumps twice within
    two frames, a fade not at all.

    Args:
        sums: `[T, BLOCKS]` sums over blocks of `size` samples.
        size: number of samples.
        weights: `[T - 2]` see `later_weights`; None where frames are evenly spaced.
    """
    jumps: NDArray[Any]
    if weights is None:
        jumps = sums[2:] - 2 * sums[1:-1] + sums[:-2]
    else:
        later = weights[:, None]
        jumps = (sums[2:] - sums[1:-1]) * later - (sums[1:-1] - sums[:-2]) * (2 - later)
    samples = size * sums.shape[1]
    together: Floats = np.abs(jumps.sum(1)) / samples
    apart = np.abs(jumps).sum(1) / samples
    result: Floats = together * (together / (apart + _BLOCK_NOISE)) ** 2
    return result

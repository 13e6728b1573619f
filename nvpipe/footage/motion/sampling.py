"""One pass over decoded frames: a few integers per frame from a thin grid of its planes.

What is read are counts and sums of integers, so the numbers are the same on every device and with any number of
threads. Memory grows by some 1.3 kB per second of video, whatever the size of its pictures.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nvpipe.footage.motion.gather import StoringGatherer
from nvpipe.footage.motion.pairs import Pairs
from nvpipe.footage.motion.rows import Rows
from nvpipe.footage.motion.shots import ShotFinder
from nvpipe.media.decode.frame import PyAvFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nvpipe.footage.motion.gather import Batch, Gather, Gatherer
    from nvpipe.media.decode import Frame

    Floats = NDArray[np.float64]

PAIR_S = 0.2
"""Distance of the frames whose pixels are compared: five pairs a second, whatever the frame rate."""
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
        gather: makes what gathers from planes; by default their grids are copied where they lie.
    """

    def __init__(
        self, rotation_deg: int, aspect: float, *, mirrored: bool = False, gather: Gather = StoringGatherer
    ) -> None:
        self._gather = gather
        self._gatherer: Gatherer | None = None
        self._shapes: tuple[tuple[int, ...], ...] = ()
        self._place: object = None
        self._started = False
        self._recent = array("d")
        """Times of the frames that are not worked on yet, and of the two before them."""
        self._recent_sizes = array("f")
        self._worked = 0
        """How many of the recent ones were worked on."""
        self._kept: NDArray[np.uint8] | None = None
        self._due_s = 0.0
        self._times = Rows(1, np.float64)
        self._sizes = Rows(1, np.float32)
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
        return len(self._times) + len(self._recent) - self._worked

    def add(self, frame: Frame) -> None:
        """Take a frame; its planes are not needed afterwards, unless it says that they stay as they are."""
        planes = _planes(frame)
        shapes = tuple([plane.shape for plane in planes])
        place = planes[0].device
        if shapes != self._shapes or place != self._place:
            self._resize(planes, shapes, place)
        time_s = max(frame.time_s, self._recent[-1] if self._recent else 0.0)
        due = not self._started or time_s >= self._due_s - _TIME_SLACK_S
        if due:
            if self._started:
                self._pair_times.append(time_s)
            # On time, or as late as frames come; after a gap it begins anew.
            late = not self._started or time_s >= self._due_s + PAIR_S - _TIME_SLACK_S
            self._due_s = (time_s if late else self._due_s) + PAIR_S
            self._started = True
        self._recent.append(time_s)
        self._recent_sizes.append(frame.size_bytes)
        if self._gatherer is not None and self._gatherer.add(frame, planes, due):
            self._work(last=False)

    def leave_out(self, time_s: float, size_bytes: int) -> None:
        """Note the packet of a frame that is not decoded."""
        self._other_times.append(time_s)
        self._other_sizes.append(size_bytes)

    def finish(self) -> Samples:
        """What was read so far."""
        self._work(last=True)
        pairs, columns = self._pairs.finish()
        jumps = self._jumps.finish()
        times_s = self._times.finish()[:, 0]
        packet_s, sizes = self._packets(times_s)
        return Samples(
            time_s=times_s,
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

    def _packets(self, times_s: Floats) -> tuple[Floats | None, Floats]:
        """Times and sizes, None for those of the frames."""
        sizes = self._sizes.finish()[:, 0].astype(np.float64)
        if not self._other_times:
            return None, sizes
        times_s = np.concatenate((times_s, self._other_times))
        order = np.argsort(times_s, kind="stable")
        return times_s[order], np.concatenate((sizes, self._other_sizes))[order]

    def _resize(self, planes: Sequence[Any], shapes: tuple[tuple[int, ...], ...], place: object) -> None:
        self._work(last=True)
        self._gatherer = self._gather(planes)
        self._place = place
        if shapes != self._shapes:
            self._shapes = shapes
            self._started = False
            self._kept = None
            self._last_blocks = ()

    def _work(self, *, last: bool) -> None:
        """Work on what is gathered."""
        if self._gatherer is None:
            return
        for batch in self._gatherer.batches(last=last):
            self._measure(batch)
        for pictures in self._gatherer.pictures(last=last):
            self._compare(pictures)

    def _measure(self, batch: Batch) -> None:
        count = len(batch.thumbnails)
        times = self._recent[: self._worked + count]
        self._shots.add(times[-count:], batch.thumbnails)
        last = self._last_blocks or tuple(sums[:1].repeat(2, axis=0) for sums in batch.sums)
        series = [np.concatenate(pair) for pair in zip(last, batch.sums, strict=True)]
        self._last_blocks = tuple(sums[-2:] for sums in series)
        weights = later_weights(times, count)
        luma, u, v = (shared_jumps(sums, size, weights) for sums, size in zip(series, batch.sizes, strict=True))
        self._jumps.add(np.stack((luma, np.hypot(u, v)), axis=1))
        self._times.add(np.array(times[-count:])[:, None])
        self._sizes.add(np.array(self._recent_sizes[:count])[:, None])
        done = max(0, len(times) - 2)
        self._recent, self._recent_sizes = self._recent[done:], self._recent_sizes[count:]
        self._worked = len(times) - done

    def _compare(self, gathered: NDArray[np.uint8]) -> None:
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

"""Gathers from surfaces on a card: one launch for many frames, and only integers and thin pictures cross to the host.

While the results of a launch are on their way the next frames are decoded. A frame whose surface stays as it is until
the decoder says so waits for others; any other is gathered from by itself, and that is waited for.
"""

from __future__ import annotations

import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nvpipe.errors import BackendFailedError
from nvpipe.footage.motion.gather import BATCH, CHROMA_SIDE, LUMA_SIDE, PICTURE_SIDE, PICTURES, Batch, grid
from nvpipe.footage.motion.pairs import BLOCKS
from nvpipe.footage.motion.shots import SHAPE, cell_means
from nvpipe.footage.motion.surfaces import registered

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from nvpipe.footage.motion.surfaces import Queue, Sent
    from nvpipe.kernels.motion_plan import Grid, Plan
    from nvpipe.media.decode import Frame

    Planes = Sequence[torch.Tensor]
    Kernel = Callable[[Sequence[Planes], Sequence[int], Plan], torch.Tensor]

HELD_BYTES = 64 * 2**20
"""What the pictures of one launch may fill; as much again is on its way."""


class _Flight(NamedTuple):
    """A launch whose results are on their way."""

    sent: Sent
    frames: list[tuple[Frame, Planes]]
    """Whoever owns their memory does not reuse it as long as they are kept."""
    pictures: int


class CardGatherer:
    """Gathers with a kernel of `nvpipe.kernels.motion`.

    Args:
        planes: Y, U and V, tensors like those to come.
        kernel: `gather` or its reference.
        queue: of the device that they are on.
    """

    def __init__(self, planes: Planes, kernel: Kernel, queue: Queue) -> None:
        self._kernel = kernel
        self._queue = queue
        self._plan = plan_of(planes)
        self._most = max(1, min(BATCH, HELD_BYTES // sum(plane.numel() for plane in planes)))
        self._waiting: list[tuple[Frame, Planes]] = []
        self._due: list[int] = []
        self._flights: deque[_Flight] = deque()
        self._sums: list[NDArray[Any]] = []
        self._pictures: list[NDArray[Any]] = []

    def add(self, frame: Frame, planes: Planes, due: bool) -> bool:
        if due:
            self._due.append(len(self._waiting))
        self._waiting.append((frame, planes))
        if not registered(frame, self.settle):
            self.settle()
        elif len(self._waiting) >= self._most:
            self._launch()
        while len(self._flights) > 1:
            self._land()
        return _rows(self._sums) >= BATCH or _rows(self._pictures) >= PICTURES

    def settle(self) -> None:
        """Gather from what waits, and wait until no plane is read any longer."""
        self._launch()
        with _told():
            for flight in self._flights:
                flight.sent.read()

    def batches(self, *, last: bool) -> Iterator[Batch]:
        self._finish(last)
        for sums in _chunks(self._sums, BATCH, last=last):
            yield self._batch(sums)

    def pictures(self, *, last: bool) -> Iterator[NDArray[np.uint8]]:
        self._finish(last)
        yield from _chunks(self._pictures, PICTURES, last=last)

    def _finish(self, last: bool) -> None:
        if last:
            self._launch()
            while self._flights:
                self._land()

    def _launch(self) -> None:
        if not self._waiting:
            return
        waiting, due = self._waiting, self._due
        self._waiting, self._due = [], []
        planes = [each for _, each in waiting]
        with _told():
            sent = self._queue.send(lambda: self._kernel(planes, due, self._plan))
        self._flights.append(_Flight(sent, waiting, len(due)))

    def _land(self) -> None:
        """Take up the results that were sent first."""
        flight = self._flights.popleft()
        with _told():
            flight.sent.arrived()
        sums, pictures = self._plan.unpacked(flight.sent.result, len(flight.frames), flight.pictures)
        self._sums.append(sums.numpy())
        self._pictures.append(pictures.numpy())

    def _batch(self, sums: NDArray[Any]) -> Batch:
        plan = self._plan
        *blocks, cells = np.split(sums.astype(np.int64), np.cumsum(plan.lengths)[:-1], axis=1)
        sizes = [each.block_size(plan.blocks) for each in (plan.luma, plan.chroma, plan.chroma)]
        # Sums of so few bytes are exact in single precision.
        totals = cells.astype(np.float32).reshape(-1, *SHAPE)
        return Batch(tuple(blocks), tuple(sizes), cell_means(totals, plan.luma.height, plan.luma.width))


def plan_of(planes: Planes) -> Plan:
    """What is read of planes like these."""
    from nvpipe.kernels.motion_plan import Plan

    luma, chroma, _ = planes
    return Plan(_grid(luma, LUMA_SIDE), _grid(chroma, CHROMA_SIDE), _grid(luma, PICTURE_SIDE), BLOCKS, SHAPE)


def _grid(plane: torch.Tensor, side: int) -> Grid:
    from nvpipe.kernels.motion_plan import Grid

    rows, _ = grid(plane.shape, side)
    return Grid.of(plane.shape, rows.start, rows.step)


def _rows(parts: list[NDArray[Any]]) -> int:
    return sum(map(len, parts))


def _chunks(parts: list[NDArray[Any]], size: int, *, last: bool) -> Iterator[NDArray[Any]]:
    """As many rows at once as asked for; what does not fill them stays, unless these are the `last`."""
    if not parts or (_rows(parts) < size and not last):
        return
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
    parts.clear()
    end = len(whole) if last else len(whole) // size * size
    if end < len(whole):
        parts.append(whole[end:])
    yield from (whole[at : at + size] for at in range(0, end, size))


@contextmanager
def _told() -> Iterator[None]:
    """Tell of a card that fails while it works.

    Raises:
        BackendFailedError: it does.
    """
    try:
        yield
    except _faults() as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BackendFailedError(
            f"scoring on the card failed: {reason}", hint="--decoder pyav decodes and scores on the CPU"
        ) from error


def _faults() -> tuple[type[Exception], ...]:
    """What torch and Triton raise."""
    from triton.errors import TritonError

    return RuntimeError, OSError, subprocess.SubprocessError, TritonError

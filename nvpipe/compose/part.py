"""One part of a mix on its way to the disk, and how loud it is."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from nvpipe.media.k_weight import HOP_SAMPLES, KWeighting, gated_lufs
from nvpipe.media.spool import BLOCK_SAMPLES, Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]


class SupportsClose(Protocol):
    def close(self) -> None: ...


class Part:
    """Sound at 48 kHz that is measured while it is kept; a single channel counts as two equal ones.

    Args:
        folder: where it is kept.
        channels: 1 or 2.
        on_block: called now and then; what it raises ends the work.
    """

    def __init__(self, folder: Path, channels: int, on_block: Callable[[], None]) -> None:
        self.spool = Spool(folder, channels)
        self._weighting = KWeighting(channels, HOP_SAMPLES)
        self._energies: list[Samples] = []
        self._on_block = on_block

    @property
    def count(self) -> int:
        return self.spool.count

    def add(self, block: Samples) -> None:
        """Append `[channels, n]`."""
        self._on_block()
        self.spool.append(block)
        self._energies.extend(self._weighting.add(block))

    def pad(self, length: int) -> None:
        """Append silence up to a length."""
        while self.count < length:
            self.add(np.zeros((self.spool.channels, min(length - self.count, BLOCK_SAMPLES)), np.float32))

    def gain_to(self, lufs: float, limits_db: tuple[float, float] = (-math.inf, math.inf)) -> float:
        """Factor that brings all of it to a loudness, within limits; 0 for silence. Nothing can be added after it."""
        self._energies.extend(self._weighting.finish())
        energies = np.concatenate([*self._energies, np.zeros(0, np.float32)]).astype(np.float64)
        now = gated_lufs(energies * (2 / self.spool.channels), self.count)
        if not math.isfinite(now):
            return 0.0
        return float(10 ** (min(max(lufs - now, limits_db[0]), limits_db[1]) / 20))

    def close(self) -> None:
        self.spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def closed_on_error(what: SupportsClose) -> Iterator[None]:
    """Closes something that cannot be completed."""
    try:
        yield
    except BaseException:
        what.close()
        raise

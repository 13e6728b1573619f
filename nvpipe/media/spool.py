"""Sound that is too long to be kept in memory: a temporary file of float samples."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Self

import numpy as np

from nvpipe.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

BLOCK_SAMPLES = 1 << 16
_SAMPLE_BYTES = 4


class Spool:
    """Float32 samples `[channels, n]` in a file without a name, which the system removes with the last handle.

    Args:
        folder: where the file lies; it needs 4 bytes a sample and channel.
        channels: rows of every block.

    Raises:
        OutputError: the file cannot be written; every method can raise that.
    """

    def __init__(self, folder: Path, channels: int) -> None:
        self.channels = channels
        self.count = 0
        """Samples so far, of each channel."""
        self._folder = folder
        self._row_bytes = channels * _SAMPLE_BYTES
        try:
            # Unbuffered: blocks are large, and a file that is read and written at will should not be copied twice.
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise self._failed(error) from error

    def append(self, block: Samples) -> None:
        """Put `[channels, n]` behind the rest."""
        data = np.ascontiguousarray(block.T, np.float32).view(np.uint8).reshape(-1).data
        try:
            self._file.seek(self.count * self._row_bytes)
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise self._failed(error) from error
        self.count += block.shape[1]

    def resize(self, count: int) -> None:
        """Cut the end off, or append silence."""
        try:
            self._file.truncate(count * self._row_bytes)
        except OSError as error:
            raise self._failed(error) from error
        self.count = count

    def read(self, start: int, end: int) -> Samples:
        """Samples `[start, end)` as `[channels, end - start]`; what lies outside is silence."""
        first, last = max(start, 0), min(end, self.count)
        part = np.zeros((max(end - start, 0), self.channels), np.float32)
        if first < last:
            inside = part[first - start : last - start].view(np.uint8).reshape(-1).data
            try:
                self._file.seek(first * self._row_bytes)
                while inside:
                    got = self._file.readinto(inside)
                    if not got:
                        break
                    inside = inside[got:]
            except OSError as error:
                raise self._failed(error) from error
        return np.ascontiguousarray(part.T)

    def blocks(self, size: int = BLOCK_SAMPLES) -> Iterator[Samples]:
        """Everything in order, `size` samples at a time."""
        for start in range(0, self.count, size):
            yield self.read(start, min(start + size, self.count))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(
            f"cannot keep sound in {self._folder}: {error.strerror or error}", hint="free some disk space"
        )

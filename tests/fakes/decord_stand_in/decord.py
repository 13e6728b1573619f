"""decord as its users see it, over PyAV; `FAKE_DECORD` in the environment says what goes wrong.

`hang_open` and `hang_next` hold the GIL for an hour, `die` ends the process, `missing` cannot be imported, `miscount`
tells too many pictures, `cuda` was built with CUDA.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

import av

__version__ = "0.6.0"
FAULT = os.environ.get("FAKE_DECORD", "")
if FAULT == "missing":
    raise ImportError("libdecord.so: cannot open shared object file")


class DECORDError(Exception):
    """As decord's own."""


def cpu(number: int) -> tuple[str, int]:
    return "cpu", number


def gpu(number: int) -> tuple[str, int]:
    return "gpu", number


class _Array:
    def __init__(self, picture: Any) -> None:
        self._picture = picture

    def asnumpy(self) -> Any:
        return self._picture


class VideoReader:
    def __init__(self, uri: str, ctx: tuple[str, int] = ("cpu", 0), num_threads: int = 0) -> None:
        if ctx[0] == "gpu" and FAULT != "cuda":
            raise DECORDError(
                "[00:00:00] video_reader.cc:1: Check failed: ctx CUDA not enabled. Requested context GPU(0).\nstack"
            )
        if FAULT == "hang_open":
            _hang()
        with av.open(uri) as file:
            self._pictures = [picture.to_ndarray(format="rgb24") for picture in file.decode(video=0)]
        self._next = 0

    def __len__(self) -> int:
        return len(self._pictures) + (FAULT == "miscount")

    def seek_accurate(self, position: int) -> None:
        self._next = position

    def next(self) -> _Array:
        if self._next == len(self._pictures):
            raise StopIteration
        if self._next >= 10:
            if FAULT == "hang_next":
                _hang()
            if FAULT == "die":
                os._exit(3)
        self._next += 1
        return _Array(self._pictures[self._next - 1])


def _hang() -> None:
    """Sleep with the GIL held, so that no thread and no signal handler of Python's runs."""
    ctypes.PyDLL(None).sleep(3600)

"""Memory that is given back as soon as it is free."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_BYTES = 128 << 10


def give_back_freed_memory() -> None:
    """Let glibc return large blocks to the system when they are freed, for as long as this process lives.

    By default it raises its thresholds with the largest block that was ever freed, so that the index of an hour of
    video, read three times, is held three times, and every thread of a render keeps pictures that it has freed. Does
    nothing with other C libraries.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _BYTES)
        mallopt(_M_TRIM_THRESHOLD, _BYTES)


def trim() -> None:
    """Give back what is free between blocks that are not. Does nothing with other C libraries than glibc."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)

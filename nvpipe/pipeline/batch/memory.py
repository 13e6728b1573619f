"""The memory of all processes of a run, now and then."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S = 2.0
_PROC = Path("/proc")


class MemoryWatch:
    """Tells, in a thread of its own, what a run's processes take together.

    Args:
        tell: given the bytes.
        every_s: how often.
    """

    def __init__(self, tell: Callable[[int], None], every_s: float = EVERY_S) -> None:
        self._tell = tell
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="nvpipe-memory", daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(self._every_s)

    def _watch(self) -> None:
        while not self._over.wait(self._every_s):
            used_bytes = family_bytes(os.getpid())
            if used_bytes:
                self._tell(used_bytes)


def family_bytes(pid: int, proc: Path = _PROC) -> int:
    """Memory of a process and all that came from it, what they share counted once (PSS); 0 where it is unknown."""
    total, todo, seen = 0, [pid], set[int]()
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        total += _own_bytes(proc / str(one))
        with suppress(OSError):
            for thread in (proc / str(one) / "task").iterdir():
                with suppress(OSError, ValueError):
                    todo += [int(child) for child in (thread / "children").read_text().split()]
    return total


def _own_bytes(process: Path) -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    with suppress(OSError, ValueError, IndexError):
        return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0

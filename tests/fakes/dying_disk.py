"""A disk on which the process dies at a chosen step of a safe write."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from nvpipe.cache.disk import Disk
from nvpipe.cache.store import Format, write

STEPS = ("create", "half-written", "written", "synced", "renamed", "folder-synced")
EXIT_CODE = 9


class DyingDisk(Disk):
    """Ends the process, without any clean-up, right after the step named."""

    def __init__(self, last_step: str) -> None:
        self._last_step = last_step

    def _reached(self, step: str) -> None:
        if step == self._last_step:
            os._exit(EXIT_CODE)

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._reached("create")
        return descriptor

    def write(self, descriptor: int, data: memoryview) -> int:
        if self._last_step == "half-written":
            super().write(descriptor, data[: len(data) // 2])
        self._reached("half-written")
        count = super().write(descriptor, data)
        self._reached("written")
        return count

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        self._reached("synced")

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self._reached("renamed")

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self._reached("folder-synced")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Format("nvpipe-test", 1), "key", {"new": True}, disk=DyingDisk(sys.argv[2]))

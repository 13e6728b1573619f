"""Which writing of a file was met."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

Sidecars = tuple[tuple[str, int, int], ...]
"""Name, size in bytes and mtime_ns of each file beside a video."""


class FileIdentity(NamedTuple):
    """What tells that a file is still the one that was read."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, facts: os.stat_result) -> FileIdentity:
        return cls(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)

    def as_json(self) -> dict[str, int]:
        return self._asdict()

    def is_in(self, seen: Mapping[str, Any]) -> bool:
        """Whether an entry of the index speaks of the very same file."""
        return (
            seen.get("mtime_ns") == self.mtime_ns
            and seen.get("size_bytes") == self.size_bytes
            and seen.get("ctime_ns") == self.ctime_ns
            and seen.get("inode") == self.inode
        )

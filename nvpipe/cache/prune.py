"""Making the cache smaller: what was of use least recently goes first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nvpipe.cache.listing import CacheEntry, CacheFile, is_left, ls, remove
from nvpipe.cache.locks import lock
from nvpipe.cache.naming import action_path

_FAULTY = ("damaged", "unreadable")


@dataclass(frozen=True, slots=True)
class Unit:
    """Files that are of use only together."""

    files: tuple[CacheFile, ...]
    """In the order in which they are deleted: what says that the others are valid goes first."""
    is_leftover: bool

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def used_s(self) -> float:
        """Seconds since 1970."""
        return max(file.modified_s for file in self.files)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go."""

    files: tuple[CacheFile, ...]
    size_bytes: int
    left_bytes: int
    """Size of what stays."""


def prune(storage: Path, keep_bytes: int, *, dry_run: bool = False) -> Pruned:
    """Delete what was of use least recently until the rest is no larger than `keep_bytes`.

    Leftovers of killed processes go first, and damaged files, set aside or not, with what is void without them.
    The index, the ledger of used footage and the list of done feed entries stay whatever their size; other
    programs' files are neither counted nor touched.

    Args:
        dry_run: only tell what would go.

    Raises:
        OutputError: the folder cannot be read, or a file cannot be deleted.
    """
    entries = ls(storage)
    if dry_run or not entries:
        return _chosen(entries, keep_bytes)
    with lock(storage):
        chosen = _chosen(ls(storage), keep_bytes)
        gone = tuple(file for file in chosen.files if remove(file.path))
    return Pruned(gone, sum(file.size_bytes for file in gone), chosen.left_bytes)


def _chosen(entries: Iterable[CacheEntry], keep_bytes: int) -> Pruned:
    counted = [entry for entry in entries if entry.state != "foreign"]
    left_bytes = sum(file.size_bytes for file in counted)
    going: list[CacheFile] = []
    for unit in sorted(_units(counted), key=lambda unit: (not unit.is_leftover, unit.used_s, unit.files[0].path)):
        if left_bytes <= keep_bytes:
            break
        going += unit.files
        left_bytes -= unit.size_bytes
    return Pruned(tuple(going), sum(file.size_bytes for file in going), left_bytes)


def _units(files: Iterable[CacheEntry]) -> Iterator[Unit]:
    groups: dict[Path, list[CacheEntry]] = defaultdict(list)
    for file in files:
        is_void = file.kind == "segments" and file.state in _FAULTY
        if is_void or file.kind == "set-aside" or (file.kind == "temporary" and is_left(file.path)):
            yield Unit((file,), True)
        elif file.kind in ("action", "segments"):
            groups[action_path(file.path.parent, file.video_id or "")].append(file)
        elif file.kind == "stage":
            groups[file.path.with_name(f"{file.stage_key}.json")].append(file)
    for first, group in groups.items():
        group.sort(key=lambda file: (file.path != first, file.path))
        yield Unit(tuple(group), group[0].path != first or group[0].state in _FAULTY)

"""What lies in a storage folder, and emptying it without touching anything that is not nvpipe's."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nvpipe.cache.disk import TEMPORARY_SUFFIX
from nvpipe.cache.locks import LOCK_NAME, lock
from nvpipe.cache.stages import FOLDER
from nvpipe.cache.store import FaultError, open_envelope
from nvpipe.errors import OutputError

Kind = Literal["footage", "action", "segments", "stage", "set-aside", "temporary"]
State = Literal["ok", "damaged", "foreign", "newer", "unreadable", "leftover"]

TEMPORARY_KEPT_S = 86_400.0
"""A temporary file is written in minutes; after a day its process's number belongs to another one."""

_FAULT = re.compile(r"(?P<base>.+)\.(?P<fault>damaged|foreign|newer)-[0-9]+")
_TEMPORARY = re.compile(rf"\.(?P<pid>[0-9]+)-[0-9a-f]{{12}}{re.escape(TEMPORARY_SUFFIX)}")
_ACTION = re.compile(r"(?P<video_id>.+)_action_cache\.json", re.DOTALL)
_SEGMENTS = re.compile(r"(?P<video_id>.+)_segments_[0-9.]+s\.json", re.DOTALL)
_STAGE_FILE = re.compile(r"[0-9a-f]{16,128}(?:\.json|\.[0-9a-f]{16}\.[a-z0-9]{1,8})")


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A file of the storage folder."""

    path: Path
    kind: Kind
    video_id: str | None
    size_bytes: int
    modified_s: float
    """Seconds since 1970."""
    state: State


def ls(storage: Path) -> list[CacheEntry]:
    """nvpipe's files in a storage folder, sorted by path; a folder that does not exist is empty.

    Raises:
        OutputError: it cannot be read or is no folder.
    """
    try:
        return sorted(_entries(storage), key=lambda entry: os.fsencode(entry.path))
    except OSError as error:
        raise OutputError(
            f"cannot read the cache {storage}: {error.strerror or error}", hint="choose another --storage"
        ) from error


def clear(storage: Path) -> tuple[int, int]:
    """Delete nvpipe's files and leave everything else; returns how many files and bytes went.

    Raises:
        OutputError: a file cannot be deleted.
    """
    if not ls(storage):
        return 0, 0
    files = size_bytes = 0
    with lock(storage):
        for entry in ls(storage):
            # A file of this name that somebody else wrote is theirs, wherever it lies.
            if entry.state == "foreign":
                continue
            with contextlib.suppress(FileNotFoundError):
                _unlink(entry.path)
                files, size_bytes = files + 1, size_bytes + entry.size_bytes
        for folder in [*_folders(storage / FOLDER), storage]:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                _unlink(folder / LOCK_NAME)
        for folder in [*_folders(storage / FOLDER), storage / FOLDER]:
            # Not empty: it holds something of somebody else.
            with contextlib.suppress(OSError):
                folder.rmdir()
    return files, size_bytes


def sweep(storage: Path) -> int:
    """Remove the temporary files that killed processes left; returns how many went.

    A file counts as left when the process in its name is gone or it was last written more than a day ago. What
    cannot be read or removed stays: nothing is raised.
    """
    removed = 0
    with contextlib.suppress(OSError):
        for folder in [storage, *_folders(storage / FOLDER)]:
            with contextlib.suppress(OSError):
                removed += sum(_remove_left(item) for item in list(_files(folder)))
    return removed


def _remove_left(item: os.DirEntry[str]) -> bool:
    match = _TEMPORARY.fullmatch(item.name)
    if match is None:
        return False
    try:
        age_s = time.time() - item.stat(follow_symlinks=False).st_mtime
        if age_s <= TEMPORARY_KEPT_S and _is_running(match["pid"]):
            return False
        Path(item.path).unlink()
    except OSError:
        return False
    return True


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise OutputError(f"cannot delete {path}: {error.strerror or error}") from error


def _entries(storage: Path) -> Iterator[CacheEntry]:
    for item in _files(storage):
        kind, video_id = _kind(item.name)
        if kind is not None:
            yield from _entry(item, kind, video_id)
    for folder in _folders(storage / FOLDER):
        for item in _files(folder):
            match = _FAULT.fullmatch(item.name)
            if _TEMPORARY.fullmatch(item.name):
                yield from _entry(item, "temporary", None)
            elif _STAGE_FILE.fullmatch(match["base"] if match else item.name):
                yield from _entry(item, "set-aside" if match else "stage", None)


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Regular files; links are not followed, since nvpipe makes none."""
    try:
        with os.scandir(folder) as items:
            yield from (item for item in items if item.is_file(follow_symlinks=False))
    except FileNotFoundError:
        return


def _folders(folder: Path) -> list[Path]:
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as items:
            return sorted(Path(item.path) for item in items if item.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _kind(name: str) -> tuple[Kind | None, str | None]:
    if _TEMPORARY.fullmatch(name):
        return "temporary", None
    if match := _FAULT.fullmatch(name):
        kind, video_id = _kind(match["base"])
        return ("set-aside", video_id) if kind in ("footage", "action", "segments") else (None, None)
    if name == "footage_metadata.json":
        return "footage", None
    if match := _ACTION.fullmatch(name):
        return "action", match["video_id"]
    if match := _SEGMENTS.fullmatch(name):
        return "segments", match["video_id"]
    return None, None


def _entry(item: os.DirEntry[str], kind: Kind, video_id: str | None) -> Iterator[CacheEntry]:
    path = Path(item.path)
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return
    yield CacheEntry(path, kind, video_id, facts.st_size, facts.st_mtime, _state(path, kind))


def _state(path: Path, kind: Kind) -> State:
    if kind == "temporary":
        return "leftover"
    if kind == "set-aside":
        match = _FAULT.fullmatch(path.name)
        return "foreign" if match and match["fault"] == "foreign" else "damaged"
    if path.suffix != ".json":
        return "ok" if path.with_name(f"{path.name.partition('.')[0]}.json").is_file() else "leftover"
    try:
        open_envelope(path, None, None)
    except FaultError as fault:
        return fault.kind if fault.kind in ("damaged", "foreign", "newer") else "unreadable"
    return "ok"

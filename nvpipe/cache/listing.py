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
from nvpipe.cache.feeds import LOCK_PREFIX, LOCK_SUFFIX
from nvpipe.cache.locks import LEDGER_LOCK_NAME, LOCK_NAME, lock
from nvpipe.cache.naming import feeds_path, index_path, ledger_path
from nvpipe.cache.stages import FOLDER
from nvpipe.cache.store import FaultError, open_envelope
from nvpipe.errors import OutputError

Kind = Literal["footage", "ledger", "feeds", "action", "segments", "stage", "set-aside", "temporary"]
State = Literal["ok", "damaged", "foreign", "newer", "unreadable", "leftover"]

TEMPORARY_KEPT_S = 86_400.0
"""A temporary file is written in minutes; after a day its process's number belongs to another one."""

_FAULT = re.compile(r"(?P<base>.+)\.(?P<fault>damaged|foreign|original|newer)-[0-9]+")
_TEMPORARY = re.compile(rf"\.(?P<pid>[0-9]+)-[0-9a-f]{{12}}{re.escape(TEMPORARY_SUFFIX)}")
_ACTION = re.compile(r"(?P<video_id>.+)_action_cache\.json", re.DOTALL)
_SEGMENTS = re.compile(r"(?P<video_id>.+)_segments_[0-9.]+s\.json", re.DOTALL)
_STAGE_FILE = re.compile(r"[0-9a-f]{16,128}(?:\.json|\.[0-9a-f]{16}\.[a-z0-9]{1,8})")


@dataclass(frozen=True, slots=True)
class CacheFile:
    """A file that lies in the storage folder under one of nvpipe's names, not looked into."""

    path: Path
    kind: Kind
    video_id: str | None
    size_bytes: int
    modified_s: float
    """Seconds since 1970; when the file was last of use, to the day."""

    @property
    def fault(self) -> str | None:
        """Why it was set aside."""
        match = _FAULT.fullmatch(self.path.name) if self.kind == "set-aside" else None
        return match["fault"] if match else None

    @property
    def stage_key(self) -> str:
        """The key that a stage's file belongs to."""
        return self.path.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class CacheEntry(CacheFile):
    """A file of the storage folder, looked into."""

    state: State


@dataclass(frozen=True, slots=True)
class Cleared:
    """What went."""

    files: int
    size_bytes: int
    ledger_kept: bool
    """Whether there is a ledger of used footage that stays."""
    feeds_kept: bool = False
    """Whether there is a list of done feed entries that stays."""


def scan(storage: Path) -> list[CacheFile]:
    """The files under nvpipe's names in a storage folder, sorted by path; a folder that does not exist is empty.

    Raises:
        OutputError: it cannot be read or is no folder.
    """
    try:
        return sorted(_files_of(storage), key=lambda file: os.fsencode(file.path))
    except OSError as error:
        raise OutputError(
            f"cannot read the cache {storage}: {error.strerror or error}", hint="choose another --storage"
        ) from error


def ls(storage: Path) -> list[CacheEntry]:
    """Like `scan`, each file read and judged.

    Raises:
        OutputError: the folder cannot be read or is no folder.
    """
    return [
        CacheEntry(file.path, file.kind, file.video_id, file.size_bytes, file.modified_s, _state(file))
        for file in scan(storage)
    ]


def clear(storage: Path, *, ledger: bool = False, feeds: bool = False) -> Cleared:
    """Delete nvpipe's files and leave everything else.

    Args:
        ledger: also the ledger of used footage, which no analysis can bring back.
        feeds: also the list of done feed entries; without it all of them are new again.

    Raises:
        OutputError: a file cannot be deleted.
    """
    if not scan(storage):
        return Cleared(0, 0, False)
    files = size_bytes = 0
    kept = feeds_kept = False
    with lock(storage):
        for entry in ls(storage):
            # A file of this name that somebody else wrote is theirs, wherever it lies.
            if entry.state == "foreign":
                continue
            if entry.kind == "ledger" and not ledger:
                kept = True
            elif entry.kind == "feeds" and not feeds:
                feeds_kept = True
            elif remove(entry.path):
                files, size_bytes = files + 1, size_bytes + entry.size_bytes
        for folder in [*_folders(storage / FOLDER), *([] if kept or feeds_kept else [storage])]:
            remove(folder / LOCK_NAME)
            remove(folder / LEDGER_LOCK_NAME)
        for folder in [*_folders(storage / FOLDER), storage / FOLDER]:
            # Not empty: it holds something of somebody else.
            with contextlib.suppress(OSError):
                folder.rmdir()
        if not feeds_kept:
            for path in list(storage.glob(f"{LOCK_PREFIX}*{LOCK_SUFFIX}")):
                remove(path)
    return Cleared(files, size_bytes, kept, feeds_kept)


def remove(path: Path) -> bool:
    """Delete a file; False when it was gone already.

    Raises:
        OutputError: it cannot be deleted.
    """
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise OutputError(f"cannot delete {path}: {error.strerror or error}") from error
    return True


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


def is_left(path: Path) -> bool:
    """Whether a temporary file belongs to nobody any more."""
    match = _TEMPORARY.fullmatch(path.name)
    if match is None:
        return False
    try:
        age_s = time.time() - path.lstat().st_mtime
    except OSError:
        return False
    return age_s > TEMPORARY_KEPT_S or not _is_running(match["pid"])


def _remove_left(item: os.DirEntry[str]) -> bool:
    path = Path(item.path)
    if not is_left(path):
        return False
    try:
        path.unlink()
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


def _files_of(storage: Path) -> Iterator[CacheFile]:
    for item in _files(storage):
        kind, video_id = _kind(item.name)
        if kind is not None:
            yield from _file(item, kind, video_id)
    for folder in _folders(storage / FOLDER):
        for item in _files(folder):
            match = _FAULT.fullmatch(item.name)
            if _TEMPORARY.fullmatch(item.name):
                yield from _file(item, "temporary", None)
            elif _STAGE_FILE.fullmatch(match["base"] if match else item.name):
                yield from _file(item, "set-aside" if match else "stage", None)


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
        return (None, None) if kind in (None, "set-aside", "temporary") else ("set-aside", video_id)
    if name == index_path(Path()).name:
        return "footage", None
    if name == ledger_path(Path()).name:
        return "ledger", None
    if name == feeds_path(Path()).name:
        return "feeds", None
    if match := _ACTION.fullmatch(name):
        return "action", match["video_id"]
    if match := _SEGMENTS.fullmatch(name):
        return "segments", match["video_id"]
    return None, None


def _file(item: os.DirEntry[str], kind: Kind, video_id: str | None) -> Iterator[CacheFile]:
    path = Path(item.path)
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return
    yield CacheFile(path, kind, video_id, facts.st_size, facts.st_mtime)


def _state(file: CacheFile) -> State:
    if file.kind == "temporary":
        return "leftover"
    if file.kind == "set-aside":
        return "foreign" if file.fault in ("foreign", "original") else "damaged"
    if file.path.suffix != ".json":
        return "ok" if file.path.with_name(f"{file.stage_key}.json").is_file() else "leftover"
    try:
        open_envelope(file.path, None, None)
    except FaultError as fault:
        if fault.kind in ("foreign", "original"):
            return "foreign"
        return fault.kind if fault.kind in ("damaged", "newer") else "unreadable"
    return "ok"

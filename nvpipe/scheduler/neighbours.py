"""Other processes of nvpipe on the same device: what each has promised to its models, and what it waits for.

Every process keeps one small file in the device's folder and holds a lock on it. The kernel lets go of the lock
however the process ends, so that a file without one is of a process that is gone, and counts no more. Who is about to
load holds the folder's lock from the look at the others' promises until its own promise is written: two processes
that look at once cannot both take the last memory.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

AWAKE_S = 5.0
"""Who has not shown himself for so long gives nothing back and is not waited for; what he has promised counts."""
_LOCK_S = 10.0
_MAX_BYTES = 1 << 20
_READS = 20
_LOCK_NAME = "lock"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Promise:
    """Memory that a process has given to one of its models.

    Attributes:
        pid: the model's process; 0 when it is work of the process itself.
        bytes: what it may take.
        held_bytes: what it held when its owner looked last.
        leaving: it is on its way out and takes no more.
        loading: it is on its way in; devices load one model at a time.
    """

    pid: int
    bytes: int
    held_bytes: int = 0
    leaving: bool = False
    loading: bool = False


@dataclass(frozen=True, slots=True)
class Want:
    """Memory that a process cannot get by itself: so much must become free.

    Attributes:
        since_s: when it was asked for, on the clock that all processes of the machine share.
    """

    since_s: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another process of nvpipe."""

    name: str
    promises: tuple[Promise, ...]
    wants: tuple[Want, ...]
    awake: bool = True


class Neighbours(Protocol):
    """What the processes on a device tell each other."""

    @property
    def name(self) -> str:
        """Of this process among them; of two that ask at one moment the first by name comes first."""
        ...

    def others(self) -> Sequence[Neighbour]: ...

    def post(self, promises: Sequence[Promise], wants: Sequence[Want]) -> None:
        """Tell the others, in place of what was told before; also shows that this process is awake."""
        ...

    def exclusive(self) -> AbstractContextManager[bool]:
        """Nobody else promises anything meanwhile; False when that cannot be had now."""
        ...

    def close(self) -> None: ...


class Alone:
    """Nobody else."""

    name = ""

    def others(self) -> Sequence[Neighbour]:
        return ()

    def post(self, promises: Sequence[Promise], wants: Sequence[Want]) -> None:
        """Nobody hears of it."""

    def exclusive(self) -> AbstractContextManager[bool]:
        return nullcontext(True)

    def close(self) -> None:
        """Nothing was opened."""


class FileNeighbours:
    """Neighbours through a folder on the machine; one that cannot be used is a warning, and then there are none.

    Args:
        folder: of the device, on a local disk; see `folder_of`.
        warn: told once when it cannot be used.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None] | None = None) -> None:
        self._folder = folder
        self._warn = warn
        self._descriptor: int | None = None
        self._told = b""
        self.name = f"{os.getpid()}-{next(_numbers)}"

    def others(self) -> Sequence[Neighbour]:
        try:
            names = sorted(entry.name for entry in os.scandir(self._folder) if entry.name.endswith(".json"))
        except OSError:
            return ()
        others = (self._read(name) for name in names if name != f"{self.name}.json")
        return [one for one in others if one is not None]

    def post(self, promises: Sequence[Promise], wants: Sequence[Want]) -> None:
        document = {
            "promises": [[one.pid, one.bytes, one.held_bytes, one.leaving, one.loading] for one in promises],
            "wants": [[one.since_s, one.bytes] for one in wants],
        }
        raw = json.dumps(document).encode()
        if not promises and not wants:
            # Who has nothing and wants nothing leaves no file behind.
            self.close()
            return
        try:
            if self._descriptor is None:
                self._open()
            assert self._descriptor is not None
            if raw != self._told:
                # Fixed length first: a reader never sees half of an old text behind a new one.
                os.pwrite(self._descriptor, raw + b" " * max(0, len(self._told) - len(raw)), 0)
                self._told = raw + b" " * max(0, len(self._told) - len(raw))
            os.utime(self._descriptor)
        except OSError as error:
            self._give_up(error)

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        try:
            descriptor = self._lock_descriptor()
        except OSError as error:
            self._give_up(error)
            yield True
            return
        try:
            yield _locked(descriptor, _LOCK_S)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                (self._folder / f"{self.name}.json").unlink()
            os.close(self._descriptor)
            self._descriptor = None
            self._told = b""

    def _lock_descriptor(self) -> int:
        _make_private(self._folder)
        return os.open(self._folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def _open(self) -> None:
        """Make this process's file, locked before anybody can take it for one that was left behind."""
        _make_private(self._folder)
        handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".new")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Path(temporary).rename(self._folder / f"{self.name}.json")
        self._descriptor = handle

    def _read(self, name: str) -> Neighbour | None:
        path = self._folder / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                return None
            if _locked(descriptor, 0.0, shared=True):
                # Nobody holds it: its process is gone.
                with suppress(OSError):
                    if path.stat().st_ino == facts.st_ino:
                        path.unlink()
                return None
            told = None
            for _ in range(_READS):
                if (told := _parsed(os.pread(descriptor, _MAX_BYTES, 0))) is not None:
                    break
                # It is being written at this moment.
                time.sleep(0.001)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        promises, wants = told or ((), ())
        return Neighbour(path.stem, promises, wants, time.time() - facts.st_mtime < AWAKE_S)

    def _give_up(self, error: OSError) -> None:
        if self._warn is not None:
            self._warn(
                f"{self._folder} cannot be used ({error.strerror or error}), so that other runs on this machine are "
                "not seen before they have taken their memory"
            )
            self._warn = None


def folder_of(device: str) -> Path:
    """Where the processes of this user that use a device meet."""
    safe = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in device)[:100]
    return Path(tempfile.gettempdir()) / f"nvpipe-{os.getuid()}" / safe


def _make_private(folder: Path) -> None:
    """Make a folder that is this user's alone.

    Raises:
        OSError: it cannot be made, or is somebody else's.
    """
    for one in (folder.parent, folder):
        with suppress(FileExistsError):
            one.mkdir(mode=0o700)
    facts = os.lstat(folder.parent)
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        raise PermissionError(1, "it belongs to somebody else")


def _locked(descriptor: int, limit_s: float, *, shared: bool = False) -> bool:
    """Lock an open file, waiting for no longer than that; False when another holds it."""
    until_s = time.monotonic() + limit_s
    while True:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= until_s:
                return False
            time.sleep(0.005)


def _parsed(raw: bytes) -> tuple[tuple[Promise, ...], tuple[Want, ...]] | None:
    """What a process has told; None when it cannot be read."""
    try:
        document: Any = json.loads(raw)
        promises = tuple(
            Promise(int(pid), max(0, int(size)), max(0, int(held)), bool(leaving), bool(loading))
            for pid, size, held, leaving, loading in document["promises"]
        )
        return promises, tuple(Want(float(since_s), max(0, int(size))) for since_s, size in document["wants"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None

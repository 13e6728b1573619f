"""One lock for a storage folder, shared by all processes that use it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from nvpipe.errors import BackendUnavailableError, OutputError

LOCK_NAME = ".nvpipe.lock"
LEDGER_LOCK_NAME = ".nvpipe-ledger.lock"
LOCK_TIMEOUT_S = 30.0
_DOWNLOAD_TIMEOUT_S = 1.0


class BusyError(OutputError):
    """Another process holds a lock for too long."""


@contextlib.contextmanager
def lock(folder: Path, timeout_s: float = LOCK_TIMEOUT_S, name: str = LOCK_NAME) -> Iterator[None]:
    """Hold the folder, or what a lock of that name stands for, against other processes; a thread may hold it twice.

    Raises:
        BusyError: another process holds it too long.
        OutputError: it cannot be locked.
    """
    # A warm cache is only read, and pays nothing for this import.
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(str(folder.absolute() / name), is_singleton=True)
        held.acquire(timeout=timeout_s, poll_interval=0.01)
    except Timeout as error:
        raise BusyError(f"{folder} is locked by another process for {timeout_s:g} s") from error
    except OSError as error:
        raise OutputError(f"cannot write in {folder}: {error.strerror or error}") from error
    try:
        yield
    finally:
        held.release()


@contextlib.contextmanager
def downloading(folder: Path, what: str) -> Iterator[None]:
    """Hold a model's folder for its download; look inside of it again, since another process may have had it all.

    Raises:
        BackendUnavailableError: another process downloads it at this moment.
        OutputError: it cannot be locked.
    """
    try:
        with lock(folder, timeout_s=_DOWNLOAD_TIMEOUT_S):
            yield
    except BusyError as error:
        raise BackendUnavailableError(
            f"another process downloads {what} at this moment", hint="wait until it has finished"
        ) from error

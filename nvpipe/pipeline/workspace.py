"""The output folder of a run: checked before work starts, with a folder inside for what is not finished yet."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.cache.disk import DISK
from nvpipe.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = ".nvpipe-"
SUFFIX = ".part"


@contextmanager
def workspace(out: Path) -> Iterator[Path]:
    """A folder for unfinished files inside the output folder, gone afterwards whatever happens.

    What a killed run left behind is removed first. The lock on the folder tells a live run from a dead one.

    Raises:
        UsageError: the output folder cannot be made or written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        # Sweeping and claiming happen under a lock of the output folder, or one run could sweep another's new folder.
        with locked(out):
            remove_leftovers(out)
            folder = out / f"{PREFIX}{os.getpid()}-{os.urandom(3).hex()}{SUFFIX}"
            folder.mkdir()
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        raise UsageError(
            f"output folder {out} cannot be written: {error.strerror or error}", hint="choose another --out"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)
        # Another run on this folder may have been killed while this one was at work.
        with suppress(OSError), locked(out):
            remove_leftovers(out)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(out: Path) -> list[Path]:
    """Remove unfinished files of runs that are no longer alive; returns the folders that went."""
    removed = []
    for folder in out.glob(f"{PREFIX}*{SUFFIX}"):
        if not folder.is_dir() or folder.is_symlink():
            continue
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)
    return removed


def publish(files: list[tuple[Path, Path]]) -> None:
    """Move finished files under their final names, each whole or not at all.

    Args:
        files: (unfinished, final), on the same file system.

    Raises:
        OutputError: a file cannot be moved there.
    """
    try:
        for source, _ in files:
            descriptor = os.open(source, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        for source, target in files:
            source.replace(target)
        # What the journal says next must not outlive the names it speaks of.
        for folder in {target.parent for _, target in files}:
            DISK.sync_folder(folder)
    except OSError as error:
        raise OutputError(f"cannot write {error.filename2 or error.filename}: {error.strerror}") from error

"""How a file gets its name only when it is whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from nvpipe.errors import OutputError

TEMPORARY_SUFFIX = ".nvpipe-tmp"
DIGEST_BYTES = 16
BLOCK_BYTES = 4 << 20


class Disk:
    """The steps of a safe write, one method each."""

    def create(self, path: Path) -> int:
        """A new file, never an existing one; the descriptor is writable."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def write(self, descriptor: int, data: memoryview) -> int:
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        source.replace(target)

    def sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            # Some network file systems cannot sync a folder; the rename itself stands.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
        finally:
            os.close(descriptor)


DISK = Disk()


def open_to_read(path: Path) -> BinaryIO:
    """A file opened so that a pipe under its name does not make nvpipe wait for ever.

    Raises:
        OSError: it cannot be opened.
    """
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def replace_file(path: Path, produce: Callable[[Callable[[memoryview], None]], None], disk: Disk = DISK) -> None:
    """Write a file under a temporary name in its own folder and rename it when it is whole and on the disk.

    Args:
        produce: called with a function that writes bytes; what it raises is passed on and no file is left.

    Raises:
        OutputError: the file cannot be written.
    """
    temporary = temporary_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = disk.create(temporary)
        try:
            with contextlib.closing(_Descriptor(descriptor)):
                produce(lambda data: _write_all(disk, descriptor, data))
                disk.sync(descriptor)
            disk.rename(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        disk.sync_folder(path.parent)
    except OSError as error:
        raise OutputError(
            f"cannot write in {path.parent}: {error.strerror or error}",
            hint="free some space or choose another folder",
        ) from error


def temporary_beside(path: Path) -> Path:
    """A new name in a file's folder, which tells whose it is and that it can go when that process is gone."""
    return path.with_name(f".{os.getpid()}-{os.urandom(6).hex()}{TEMPORARY_SUFFIX}")


def keep_whole(temporary: Path, path: Path, disk: Disk = DISK) -> None:
    """Give a finished temporary file its name, once it is on the disk.

    Raises:
        OSError: it cannot be.
    """
    descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
    with contextlib.closing(_Descriptor(descriptor)):
        disk.sync(descriptor)
    disk.rename(temporary, path)
    disk.sync_folder(path.parent)


class _Descriptor:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def close(self) -> None:
        os.close(self._descriptor)


def _write_all(disk: Disk, descriptor: int, data: memoryview) -> None:
    while data:
        data = data[disk.write(descriptor, data) :]


def digest_file(path: Path) -> str:
    """BLAKE2b (128 bits, hexadecimal) of a file's whole content.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


class SourceError(Exception):
    """A file to be copied cannot be read, or is not what it was."""


def copy_file(source: Path, target: Path, expected: str | None = None) -> str:
    """Copy a file whole or not at all; returns the digest of what was copied.

    Args:
        expected: digest that the source must have.

    Raises:
        OutputError: the target cannot be written.
        SourceError: the source cannot be read or has another digest.
    """
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)

    def produce(write: Callable[[memoryview], None]) -> None:
        for block in _readable(_blocks(source)):
            digest.update(block)
            write(block)
        if expected not in (None, digest.hexdigest()):
            raise SourceError(f"{source} has changed")

    replace_file(target, produce)
    return digest.hexdigest()


def _readable(blocks: Iterator[memoryview]) -> Iterator[memoryview]:
    try:
        yield from blocks
    except OSError as error:
        raise SourceError(str(error)) from error


def _blocks(path: Path) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(BLOCK_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            yield buffer[:count]

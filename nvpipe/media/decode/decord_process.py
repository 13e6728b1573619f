"""decord in a process of its own, which is ended when it gives nothing for too long: it can hang, holding the GIL."""

from __future__ import annotations

import math
import mmap
import os
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nvpipe.errors import MediaError
from nvpipe.media.decode import UndecodableHereError, decord_child
from nvpipe.media.safety import name_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROOM_BYTES = 64 << 20
_SLOTS = 8
_INDEXED_BYTES_S = 20 << 20
"""decord reads the whole file before it opens it: slower than this, it is taken for stuck."""
_GRACE_S = 1
_ELSE = "--decoder pyav decodes it on the CPU"


class Limits(NamedTuple):
    """How long is waited for a sign of life."""

    opening_s: float = 60.0
    """Longer for large files."""
    picture_s: float = 60.0


class DecordMissingError(UndecodableHereError):
    """decord cannot be imported."""


class DecordProcess:
    """One pass of one file.

    Args:
        path: the video.
        picture_bytes: size of one of its pictures in RGB.
        first: the number of the first picture that is wanted.
        count: how many are wanted at most.
        seek: whether decord may go to it; otherwise it reads all before it.
        device: `cpu` or `gpu`.
        limits: how long is waited for a sign of life.
        environment: of the process; this one's when None.
    """

    def __init__(
        self,
        path: Path,
        picture_bytes: int,
        *,
        first: int = 0,
        count: int = sys.maxsize,
        seek: bool = False,
        device: str = "cpu",
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._path = path
        self._picture_bytes = picture_bytes
        self._limits = limits or Limits()
        self._opening_s = self._limits.opening_s + path.stat().st_size / _INDEXED_BYTES_S
        self.version = ""
        self.count = 0
        """How many pictures decord says there are."""
        slots = max(2, min(_SLOTS, _ROOM_BYTES // picture_bytes))
        memory = os.memfd_create("nvpipe-decord")
        try:
            os.ftruncate(memory, slots * picture_bytes)
            self._room = mmap.mmap(memory, slots * picture_bytes, prot=mmap.PROT_READ)
            self._line, process = _started(memory, environment)
            self.pid = process.pid
        finally:
            os.close(memory)
        self._end = weakref.finalize(self, _ended, process, self._line)
        self._send(
            {
                "path": str(path.absolute()),
                "device": device,
                "first": first,
                "seek": seek,
                "count": min(count, sys.maxsize),
                "slots": slots,
                "slot_bytes": picture_bytes,
                # Should it hang when nobody is left to end it.
                "opening_s": math.ceil(self._opening_s) + _GRACE_S,
                "picture_s": math.ceil(self._limits.picture_s) + _GRACE_S,
                # More threads wait longer for each other at a seek than they gain on one file.
                "threads": 0,
            }
        )

    def opened(self) -> None:
        """Wait until decord has opened the file.

        Raises:
            MediaError: it takes too long, or the process dies.
            UndecodableHereError: decord refuses the file, or is not there.
        """
        self.version, self.count = self._heard(self._opening_s, "opened")[1]

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """RGB `[H, W, 3]`, each valid until the next one is asked for. Raises the same."""
        import numpy as np

        room = np.frombuffer(self._room, np.uint8)
        while True:
            kind, value = self._heard(self._limits.picture_s, "picture", "passed", "end")
            if kind == "end":
                return
            if kind == "picture":
                slot, shape = value
                yield room[slot * self._picture_bytes :][: self._picture_bytes].reshape(shape)
                self._send(slot)

    def _heard(self, limit_s: float, *wanted: str) -> tuple[str, Any]:
        name = name_of(self._path)
        try:
            there = self._line.poll(limit_s)
            kind, value = self._line.recv() if there else ("", None)
        except (EOFError, OSError) as error:
            raise MediaError(f"the process that reads {name} with decord died", hint=_ELSE) from error
        if kind in wanted:
            return kind, value
        self.close()
        if not kind:
            raise MediaError(f"decord has hung for {limit_s:.0f} s on {name} and was ended", hint=_ELSE)
        if kind == "missing":
            raise DecordMissingError(f"decord cannot be imported: {value}", hint="pip install 'decord>=0.6,<0.7'")
        raise UndecodableHereError(f"decord cannot decode {name}: {_first_sentence(str(value))}", hint=_ELSE)

    def _send(self, message: object) -> None:
        # A process that is dead already is noticed when its answer is awaited.
        with suppress(OSError):
            self._line.send(message)

    @property
    def running(self) -> bool:
        """Whether the process has not been ended."""
        return self._end.alive

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._end()


def _started(memory: int, environment: Mapping[str, str] | None) -> tuple[Connection, subprocess.Popen[bytes]]:
    """A new interpreter with one end of the line; its own session, since Ctrl-C is the parent's affair."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", str(Path(decord_child.__file__)), str(theirs.fileno()), str(memory)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(), memory),
            start_new_session=True,
            env=None if environment is None else dict(environment),
        )
    return Connection(ours.detach()), process


def _ended(process: subprocess.Popen[bytes], line: Connection) -> None:
    line.close()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _first_sentence(text: str) -> str:
    """What decord says without where in its source it says so, and without the stack that follows."""
    line = " ".join((text.strip().splitlines() or ["no reason is given"])[0].split())
    _, found, reason = line.partition("Check failed: ")
    return (reason if found else line)[:200]

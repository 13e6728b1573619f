"""What happens in a run, as JSON lines: in the output folder for `status` and `report`, and where `--log` says.

OUT/.nvpipe/runs/<id>/events.jsonl. The file of a run that is alive is locked by it. docs/batches.md has the events.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nvpipe.cache.plain_json import parse_json
from nvpipe.errors import UsageError
from nvpipe.pipeline.workspace import locked

VERSION = 1
HIDDEN = ".nvpipe"
"""What nvpipe keeps for itself in an output folder."""
RUNS = "runs"
EVENTS = "events.jsonl"
KEPT_RUNS = 100
"""So many runs are remembered in an output folder."""
MAX_LINE_BYTES = 1 << 20

Event = dict[str, Any]


class EventFile:
    """A file that lines are added to; each is written whole or not at all, as far as the disk allows.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o666)
        facts = os.fstat(self.descriptor)
        # What another program tore off must not swallow our first line.
        is_torn = stat.S_ISREG(facts.st_mode) and facts.st_size > 0
        self._torn = is_torn and os.pread(self.descriptor, 1, facts.st_size - 1) != b"\n"

    def write(self, line: bytes) -> None:
        """Add a line.

        Raises:
            OSError: it cannot be written, or only in part.
        """
        whole = (b"\n" if self._torn else b"") + line + b"\n"
        self._torn = True
        if os.write(self.descriptor, whole) != len(whole):
            raise OSError("only part of a line was written")
        self._torn = False

    def close(self) -> None:
        os.close(self.descriptor)


class EventLog:
    """Writes events to files and tells them to listeners; a file that cannot be written any more is said once.

    Args:
        run: name of the run.
        files: where to.
        warn: told of a file that cannot be written.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        run: str,
        files: Sequence[EventFile],
        warn: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.run = run
        self._files = list(files)
        self._warn = warn
        self._clock = clock
        self.lock = threading.RLock()
        """Held while something is written or shown, by whoever writes."""
        self._listeners: list[Callable[[Event], None]] = []

    def close(self) -> None:
        """Write nothing any more, whoever still is at work."""
        with self.lock:
            for file in self._files:
                file.close()
            self._files.clear()

    def listen(self, listener: Callable[[Event], None]) -> None:
        self._listeners.append(listener)

    def write(self, event: str, **fields: Any) -> None:
        """Add an event; times are taken now."""
        with self.lock:
            now_s = self._clock()
            moment = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            record: Event = {"v": VERSION, "time": moment, "at_s": round(now_s, 3), "run": self.run, "event": event}
            record |= fields
            text = json.dumps(record, ensure_ascii=False, allow_nan=False, default=str)
            line = text.encode("utf-8", "backslashreplace")
            for file in list(self._files):
                try:
                    file.write(line)
                except OSError as error:
                    self._files.remove(file)
                    file.close()
                    self._warn(f"{file.path} cannot be written ({error.strerror or error}); the run goes on without")
            for listener in self._listeners:
                listener(record)


def read_events(path: Path) -> Iterator[Event]:
    """Every event that can be read, oldest first; torn lines and those of newer versions are passed over.

    Raises:
        OSError: the file cannot be read.
    """
    skipping = False
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a regular file")
        while line := file.readline(MAX_LINE_BYTES):
            whole = line.endswith(b"\n")
            if not skipping and whole and (event := _event(line)) is not None:
                yield event
            skipping = not whole


def _event(line: bytes) -> Event | None:
    try:
        event = parse_json(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or event.get("v") != VERSION or not isinstance(event.get("event"), str):
        return None
    return event


def runs_folder(out: Path) -> Path:
    return out / HIDDEN / RUNS


def run_folders(out: Path) -> list[Path]:
    """The folders of an output folder's runs, the newest first."""
    try:
        found = [path for path in runs_folder(out).iterdir() if (path / EVENTS).is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name, reverse=True)


def is_alive(folder: Path) -> bool:
    """Whether the run that a folder belongs to is at work."""
    try:
        descriptor = os.open(folder / EVENTS, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def open_events(out: Path, warn: Callable[[str], None], log: Path | None = None) -> Iterator[EventLog]:
    """The events of a new run in an output folder.

    Args:
        out: the output folder, which can be written.
        warn: told when the log cannot be written.
        log: a further file, which the user asked for.

    Raises:
        UsageError: the user's file cannot be written.
    """
    run = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + f"-{os.getpid()}-{os.urandom(2).hex()}"
    files: list[EventFile] = []
    try:
        if log is not None:
            try:
                files.append(EventFile(log))
            except OSError as error:
                raise UsageError(
                    f"log file {log} cannot be written: {error.strerror or error}", hint="choose another --log"
                ) from error
        folder = runs_folder(out) / run
        try:
            # Who forgets runs must not come between its making and its locking.
            with locked(out):
                folder.mkdir(parents=True)
                own = EventFile(folder / EVENTS)
                fcntl.flock(own.descriptor, fcntl.LOCK_EX)
                files.append(own)
                forget_old_runs(out)
        except OSError as error:
            warn(f"{folder} cannot be written ({error.strerror or error}); status and report will not know this run")
        events = EventLog(run, files, warn)
    except BaseException:
        for file in files:
            file.close()
        raise
    try:
        yield events
    finally:
        events.close()


def forget_old_runs(out: Path, kept: int = KEPT_RUNS) -> int:
    """Remove the events of the oldest runs that are over; returns how many went."""
    removed = 0
    for folder in run_folders(out)[kept:]:
        if is_alive(folder):
            continue
        with suppress(OSError):
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
            removed += 1
    return removed

"""One job of an output folder is done by one run at a time, and two runs give their files different names.

OUT/.nvpipe/locks/<slug>.lock is held by who does the job; the system lets go of it when that process dies.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from nvpipe.pipeline.batch.events import EVENTS, HIDDEN, is_alive, read_events, run_folders
from nvpipe.pipeline.workspace import locked
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCKS = "locks"
SUFFIX = ".lock"
_LONGEST_NAME_BYTES = 200


class JobLock:
    """The right to do a job.

    Args:
        out: the output folder.
        slug: name of the job.
    """

    def __init__(self, out: Path, slug: str) -> None:
        name = slug if len(os.fsencode(slug)) <= _LONGEST_NAME_BYTES else digest_of(slug)
        self.path = out / HIDDEN / LOCKS / f"{name}{SUFFIX}"
        self._descriptor = -1

    def release(self) -> None:
        """Let go; the file goes too, which whoever opened it meanwhile notices."""
        if self._descriptor >= 0:
            with suppress(OSError):
                self.path.unlink()
            os.close(self._descriptor)
            self._descriptor = -1

    def take(self) -> bool:
        """Take it; False while another run has it.

        Raises:
            OSError: the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        except FileNotFoundError:
            # Somebody who cleans has just removed the empty folder.
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its holder may have removed the file between our opening and our locking it.
            with suppress(FileNotFoundError):
                if os.fstat(descriptor).st_ino == self.path.stat().st_ino:
                    self._descriptor, descriptor = descriptor, -1
                    return True
        except BlockingIOError:
            pass
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return False


def remove_stale_locks(out: Path) -> int:
    """Remove locks that nobody holds, left by runs that were killed; returns how many went."""
    removed = 0
    for path in sorted((out / HIDDEN / LOCKS).glob(f"*{SUFFIX}")):
        lock = JobLock(out, path.name.removesuffix(SUFFIX))
        with suppress(OSError):
            if lock.take():
                lock.release()
                removed += 1
    return removed


def names_in_use(out: Path, own_run: str) -> dict[str, str]:
    """The names that other runs at work have given to their jobs, each with its article's digest."""
    found: dict[str, str] = {}
    for folder in run_folders(out):
        if folder.name == own_run or not is_alive(folder):
            continue
        with suppress(OSError):
            for event in read_events(folder / EVENTS):
                listed = event.get("jobs") if event["event"] == "names" else None
                for job in listed if isinstance(listed, list) else []:
                    if isinstance(job, dict) and isinstance(job.get("slug"), str) and job["slug"]:
                        found[job["slug"]] = str(job.get("digest", ""))
    return found


@contextmanager
def naming(out: Path) -> Iterator[None]:
    """Held while a run gives its jobs names, so that no two runs do at once.

    Raises:
        OSError: the folder cannot be opened.
    """
    with locked(out):
        yield

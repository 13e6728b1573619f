"""Which footage which short shows, shared by all runs on a storage folder.

STORAGE/footage_ledger.json has one entry a job, in the order of their reservations; times of the clock play no part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nvpipe.cache.locks import LEDGER_LOCK_NAME, BusyError, lock
from nvpipe.cache.naming import ledger_path
from nvpipe.cache.store import Format, Warn, complain, once, read, read_for_update, write
from nvpipe.errors import OutputError
from nvpipe.types import Segment
from nvpipe.types.codec import from_json, to_json

LEDGER = Format("nvpipe-ledger", 1)
MAX_JOBS = 10_000
"""Older jobs are forgotten, and their footage counts as unused again."""
PATIENCE_S = 600.0
"""Longer than any choice takes. The lock of a process that died is free at once."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """The footage of one job."""

    key: str
    """What the job follows from: its inputs and options."""
    demand: str
    """Digest of what had to be filled."""
    segments: tuple[Segment, ...]
    """In the order in which they are shown."""
    contents: tuple[str, ...]
    """Digest of each one's video; ids may change with names when the list of footage is deleted."""
    note: str = ""
    """What its owner should know of them."""


Choose = Callable[[Sequence[Reservation]], Reservation]


class Ledger:
    """The ledger of one storage folder; where that cannot be written, that of this run."""

    def __init__(self, storage: Path, warn: Warn, *, patience_s: float = PATIENCE_S) -> None:
        self._storage = storage
        self._warn = once(warn)
        self._patience_s = patience_s
        self._own: list[Reservation] = []

    def reserve(self, key: str, demand: str, choose: Choose) -> tuple[Reservation, bool]:
        """The footage of a job, and whether it is reserved just now.

        A job that comes again gets what it had. No other process reserves while `choose` runs.

        Args:
            key: what the job follows from.
            demand: digest of what has to be filled; reserved footage does not serve another one.
            choose: makes the reservation, given the other jobs', the least recent first.

        Raises:
            BusyError: another process has been at it for minutes.
        """
        if known := _known(self._load(read(self._path, LEDGER, None, self._warn)), key, demand):
            return known, False
        try:
            with lock(self._storage, self._patience_s, LEDGER_LOCK_NAME):
                entries = self._load(read_for_update(self._path, LEDGER, self._warn))
                # Another process may have done the same job in the meantime.
                if known := _known(entries, key, demand):
                    return known, False
                reservation = self._chosen(entries, key, choose)
                entries = [*_others(entries, key), reservation][-MAX_JOBS:]
                write(self._path, LEDGER, "", {"jobs": to_json(entries)})
                return reservation, True
        except BusyError:
            raise
        except OutputError as error:
            complain(self._warn, self._storage, error)
        entries = self._load(read(self._path, LEDGER, None, self._warn))
        return _known(entries, key, demand) or self._chosen(entries, key, choose), True

    @property
    def _path(self) -> Path:
        return ledger_path(self._storage)

    def _chosen(self, entries: Sequence[Reservation], key: str, choose: Choose) -> Reservation:
        """What is chosen now, remembered by this run whether or not it can be written."""
        reservation = choose(_others(entries, key))
        self._own = [*_others(self._own, key), reservation]
        return reservation

    def _load(self, data: Any) -> list[Reservation]:
        """What is on the disk, then what this run reserved and could not write."""
        jobs = data.get("jobs") if isinstance(data, dict) else None
        entries: list[Reservation] = []
        for job in jobs if isinstance(jobs, list) else []:
            with suppress(ValueError):
                entries.append(_reservation(job))
        known = {entry.key for entry in entries}
        return entries + [entry for entry in self._own if entry.key not in known]


def _reservation(job: Any) -> Reservation:
    reservation = from_json(Reservation, job)
    if any(not 0 <= segment.start_s < segment.end_s for segment in reservation.segments):
        raise ValueError("a segment ends before it starts")
    if len(reservation.contents) != len(reservation.segments):
        raise ValueError("not every segment has its content")
    return reservation


def _known(entries: Sequence[Reservation], key: str, demand: str) -> Reservation | None:
    return next((entry for entry in entries if entry.key == key and entry.demand == demand), None)


def _others(entries: Sequence[Reservation], key: str) -> list[Reservation]:
    return [entry for entry in entries if entry.key != key]

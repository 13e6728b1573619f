"""Which entries of which feeds are done, shared by all runs on a storage folder.

STORAGE/feed_entries.json. An entry is done when its short is finished, not when it was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from nvpipe.cache.locks import BusyError, lock
from nvpipe.cache.naming import feeds_path
from nvpipe.cache.store import Format, Warn, complain, once, read, read_for_update, write
from nvpipe.errors import OutputError
from nvpipe.types.codec import digest_of, from_json, to_json

FEEDS = Format("nvpipe-feeds", 1)
MAX_ENTRIES = 50_000
"""Of all feeds together; those that were written down longest ago are forgotten first."""
MAX_ATTEMPTS = 5
LOCK_PREFIX = ".nvpipe-feed-"
LOCK_SUFFIX = ".lock"
_TITLE_CHARS, _TEXT_CHARS = 80, 200


@dataclass(frozen=True, slots=True)
class EntryState:
    """What became of an entry."""

    feed: str
    """Digest of the feed's address."""
    entry: str
    """Digest of the entry's id."""
    state: Literal["done", "failed"]
    attempts: int
    """How often it failed of its own fault."""
    link: str = ""
    title: str = ""
    reason: str = ""
    """Why it failed last."""
    out: str = ""
    """The output folder of the run that told it last; its journal knows whether that was finished."""

    @property
    def is_over(self) -> bool:
        """Whether it is not tried again."""
        return self.state == "done" or self.attempts >= MAX_ATTEMPTS


def feed_key(url: str) -> str:
    """How a feed is called here; its address may hold secrets."""
    return digest_of(["feed", url])


def entry_key(entry_id: str) -> str:
    """How an entry of a feed is called here."""
    return digest_of(["entry", entry_id])


class FeedStore:
    """The entries of one storage folder; where that cannot be written, those of this run."""

    def __init__(self, storage: Path, warn: Warn) -> None:
        self._storage = storage
        self._warn = once(warn)
        self._own: dict[tuple[str, str], EntryState] = {}

    @contextmanager
    def claim(self, feed: str) -> Iterator[bool]:
        """Hold a feed against other processes; False when one of them is at work on it.

        A process that dies lets go of it. Where the folder cannot be written nothing is held.
        """
        try:
            held = lock(self._storage, 0, f"{LOCK_PREFIX}{feed}{LOCK_SUFFIX}")
            held.__enter__()
        except BusyError:
            yield False
            return
        except OutputError as error:
            complain(self._warn, self._storage, error)
            yield True
            return
        try:
            yield True
        finally:
            held.__exit__(None, None, None)

    def of(self, feed: str) -> dict[str, EntryState]:
        """What is known of a feed's entries, by their keys."""
        entries = self._load(read(self._path, FEEDS, None, self._warn))
        return {entry.entry: entry for entry in entries.values() if entry.feed == feed}

    def record(self, *states: EntryState) -> None:
        """Write down what became of entries."""
        news = {
            (entry.feed, entry.entry): replace(
                entry,
                link=entry.link[:_TEXT_CHARS],
                title=entry.title[:_TITLE_CHARS],
                reason=entry.reason[:_TEXT_CHARS],
            )
            for entry in states
        }
        self._own |= news
        try:
            with lock(self._storage):
                entries = self._load(read_for_update(self._path, FEEDS, self._warn))
                # The one written last stands last.
                others = {place: entry for place, entry in entries.items() if place not in news}
                kept = list((others | news).values())[-MAX_ENTRIES:]
                write(self._path, FEEDS, "", {"entries": to_json(kept)})
        except OutputError as error:
            complain(self._warn, self._storage, error)

    @property
    def _path(self) -> Path:
        return feeds_path(self._storage)

    def _load(self, data: Any) -> dict[tuple[str, str], EntryState]:
        """What is on the disk, then what this run could not write."""
        found: dict[tuple[str, str], EntryState] = {}
        listed = data.get("entries") if isinstance(data, dict) else None
        for fields in listed if isinstance(listed, list) else []:
            entry = parse_entry(fields)
            if entry is not None:
                found[entry.feed, entry.entry] = entry
        return found | self._own


def parse_entry(fields: Mapping[str, Any]) -> EntryState | None:
    """An entry as it is kept; None when it makes no sense."""
    try:
        entry = from_json(EntryState, fields)
    except ValueError:
        return None
    return entry if entry.attempts >= 0 else None

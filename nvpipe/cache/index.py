"""`footage_metadata.json`: what is known of every footage file, found by content.

A file is known by path, size, mtime_ns, ctime_ns and inode; a digest of its whole content is taken only
when one of them is new. Everything else hangs on the digest, so a moved file keeps its id and its cache.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nvpipe.cache.disk import digest_file
from nvpipe.cache.locks import lock
from nvpipe.cache.naming import index_path, is_safe_id, video_id_of
from nvpipe.cache.store import Format, Warn, complain, once, read, write
from nvpipe.errors import OutputError
from nvpipe.types import Footage
from nvpipe.types.codec import from_json, to_json

INDEX = Format("nvpipe-footage", 1)
_TICK_S = 0.02


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What tells that a file is still the one that was read."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, facts: os.stat_result) -> FileIdentity:
        return cls(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)

    def as_list(self) -> list[int]:
        return [self.size_bytes, self.mtime_ns, self.ctime_ns, self.inode]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file that was read: where, which one, and what is known of it; its id is settled by the index."""

    identity: FileIdentity
    footage: Footage
    sidecar: tuple[Any, ...] | None = None
    """Identity of the file that its licence was read from."""


class FootageIndex:
    """The index of one storage folder, kept in memory, merged with other processes' when written."""

    def __init__(self, storage: Path, warn: Warn) -> None:
        self._storage = storage
        self._warn = once(warn)
        self._files: dict[str, dict[str, Any]] = {}
        self._seen: dict[str, dict[str, Any]] = {}
        self._load()

    def by_file(self, path: Path, identity: FileIdentity, sidecar: tuple[Any, ...] | None) -> Footage | None:
        """What is known of a file that has not changed since, nor its sidecar."""
        seen = self._seen.get(str(path))
        if not isinstance(seen, dict) or seen.get("identity") != identity.as_list():
            return None
        if seen.get("sidecar") != (None if sidecar is None else list(sidecar)):
            return None
        digest = seen.get("digest")
        return self.by_digest(digest, path) if isinstance(digest, str) else None

    def digest_by_file(self, path: Path, identity: FileIdentity) -> str | None:
        """The remembered digest of a file that has not changed since."""
        seen = self._seen.get(str(path))
        digest = seen.get("digest") if isinstance(seen, dict) else None
        same = isinstance(digest, str) and seen is not None and seen.get("identity") == identity.as_list()
        return digest if same else None

    def by_digest(self, digest: str, path: Path) -> Footage | None:
        """What is known of a content, as the file at `path`."""
        entry = self._files.get(digest)
        try:
            footage = from_json(Footage, entry["footage"]) if isinstance(entry, dict) else None
        except (ValueError, KeyError):
            return None
        if footage is None or footage.digest != digest or not is_safe_id(footage.video_id):
            return None
        return replace(footage, path=path)

    def add(self, sightings: Sequence[Sighting]) -> list[Footage]:
        """Remember files and settle their ids; a folder that cannot be written costs one warning."""
        if not sightings:
            return []
        try:
            with lock(self._storage):
                self._load()
                settled = [self._merge(sighting) for sighting in sightings]
                write(index_path(self._storage), INDEX, "", {"files": self._files, "seen": self._seen})
        except OutputError as error:
            complain(self._warn, self._storage, error)
            settled = [self._merge(sighting) for sighting in sightings]
        return settled

    def _merge(self, sighting: Sighting) -> Footage:
        footage = sighting.footage
        known = self.by_digest(footage.digest, footage.path)
        if known is None:
            taken = {
                str(entry.get("video_id"))
                for digest, entry in self._files.items()
                if isinstance(entry, dict) and digest != footage.digest
            }
            video_id = self._kept_id(footage.digest) or video_id_of(footage.path.name, footage.digest, taken)
        else:
            video_id = known.video_id
        footage = replace(footage, video_id=video_id)
        entry = self._files.get(footage.digest)
        self._files[footage.digest] = {
            **(entry if isinstance(entry, dict) else {}),
            "video_id": video_id,
            "footage": to_json(footage),
        }
        self._seen[str(footage.path)] = {
            "identity": sighting.identity.as_list(),
            "digest": footage.digest,
            "sidecar": None if sighting.sidecar is None else list(sighting.sidecar),
        }
        return footage

    def _kept_id(self, digest: str) -> str | None:
        entry = self._files.get(digest)
        video_id = entry.get("video_id") if isinstance(entry, dict) else None
        return video_id if isinstance(video_id, str) and is_safe_id(video_id) else None

    def _load(self) -> None:
        data = read(index_path(self._storage), INDEX, None, self._warn)
        if isinstance(data, dict):
            for name, mine in (("files", self._files), ("seen", self._seen)):
                theirs = data.get(name)
                mine.update(theirs if isinstance(theirs, dict) else {})


def digest_settled(path: Path, clock: Callable[[], float] = time.time) -> tuple[str, FileIdentity]:
    """Digest of a file and the identity it had all the while.

    Raises:
        OSError: it cannot be read, or it is being written.
    """
    before = FileIdentity.of(path.stat())
    # Two changes within one tick of the file system's clock give the same times: let the tick pass first.
    if 0 <= (age_s := clock() - before.ctime_ns / 1e9) < _TICK_S:
        time.sleep(_TICK_S - age_s)
    digest = digest_file(path)
    if FileIdentity.of(path.stat()) != before:
        raise OSError("it is being written at this moment")
    return digest, before

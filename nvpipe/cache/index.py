"""`footage_metadata.json`: what is known of every footage file, found by content.

A file is known by path, size, mtime_ns, ctime_ns and inode; a digest of its whole content is taken only
when one of them is new. Everything else hangs on the digest, so a moved file keeps its id and its cache.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nvpipe.cache.identity import FileIdentity, Sidecars
from nvpipe.cache.index_data import IndexData, read_index
from nvpipe.cache.index_entry import entry_of, footage_of, in_order
from nvpipe.cache.locks import lock
from nvpipe.cache.naming import action_path
from nvpipe.cache.store import Warn, complain, once
from nvpipe.errors import OutputError
from nvpipe.types import Footage

if TYPE_CHECKING:
    from nvpipe.cache.about import About
    from nvpipe.cache.sighting import Sighting, Verdict

T = TypeVar("T")

_MANY_SEEN = 10_000
_MAX_UNUSABLE = 1000
_MAX_PLACES = 100
_MOST_USES = 10**9


class FootageIndex:
    """The index of one storage folder, kept in memory, merged with other processes' when written."""

    def __init__(self, storage: Path, warn: Warn) -> None:
        self._storage = storage
        self._warn = once(warn)
        self._data = self._opened()
        self._pending: list[Callable[[], None]] = []

    def _opened(self) -> IndexData:
        try:
            found = read_index(self._storage, self._warn)
        except OutputError as error:
            complain(self._warn, self._storage, error)
            return IndexData()
        if found is None or not found.files:
            # Only a folder that nvpipe has not used yet can hold caches of the original program.
            from nvpipe.cache.adopt import set_aside_originals

            set_aside_originals(self._storage, self._warn)
        return found or IndexData()

    def by_file(self, path: Path, identity: FileIdentity, sidecars: Sidecars | None) -> Footage | None:
        """What is known of a file that has not changed since, nor the files beside it."""
        seen = self._data.seen.get(str(path))
        if seen is None or not identity.is_in(seen):
            return None
        if (sidecars or "sidecars" in seen) and seen.get("sidecars") != [list(one) for one in sidecars or ()]:
            return None
        digest = seen.get("digest")
        entry = self._data.files.get(digest) if isinstance(digest, str) else None
        # Without tags it is an entry of an older nvpipe: there is more to know.
        if not isinstance(digest, str) or entry is None or not isinstance(entry.get("tags"), dict):
            return None
        return footage_of(entry, digest, path)

    def digest_by_file(self, path: Path, identity: FileIdentity) -> str | None:
        """The remembered digest of a file that has not changed since."""
        seen = self._data.seen.get(str(path))
        digest = seen.get("digest") if seen is not None and identity.is_in(seen) else None
        return digest if isinstance(digest, str) else None

    def digest_at(self, path: str) -> str | None:
        """The digest of what was last seen at a path, whatever lies there now."""
        digest = self._data.seen.get(path, {}).get("digest")
        return digest if isinstance(digest, str) else None

    def had_sidecars(self, path: Path) -> bool:
        """Whether files lay beside a file when it was last seen."""
        return bool(self._data.seen.get(str(path), {}).get("sidecars"))

    def by_digest(self, digest: str, path: Path) -> Footage | None:
        """What is known of a content, as the file at `path`."""
        return footage_of(self._data.files.get(digest), digest, path)

    def tags_of(self, digest: str) -> About | None:
        """What the container of a content says, None when that is not known."""
        from nvpipe.cache.about import about_of

        return about_of(self._data.files.get(digest, {}).get("tags"))

    def paths(self) -> Iterator[tuple[str, str]]:
        """Every path where something was seen, with the digest of what it was."""
        for path, seen in self._data.seen.items():
            if isinstance(digest := seen.get("digest"), str):
                yield path, digest

    def add(self, sightings: Sequence[Sighting]) -> list[Footage]:
        """Remember files and settle their ids; a folder that cannot be written costs one warning."""
        if not sightings:
            return []
        from nvpipe.cache.merge import merge

        def change() -> list[Footage]:
            taken = {str(entry.get("video_id")) for entry in self._data.files.values()}
            return [merge(self._data, sighting, taken) for sighting in sightings]

        return self._change(change)

    def is_unusable(self, path: Path) -> bool:
        """Whether a file under that path could not be used once."""
        return str(path) in self._data.unusable

    def verdict(self, path: Path, identity: FileIdentity, made_by: str) -> Verdict | None:
        """Why a file cannot be used, if that was found out earlier by the same program."""
        from nvpipe.cache.sighting import Verdict

        known = self._data.unusable.get(str(path))
        if known is None or not identity.is_in(known) or known.get("made_by") != made_by:
            return None
        error, hint, kind = (known.get(name) for name in ("error", "hint", "kind"))
        if not (isinstance(error, str) and isinstance(hint, str) and isinstance(kind, str)):
            return None
        return Verdict(error, hint, kind, made_by)

    def note_unusable(self, found: Sequence[tuple[Path, FileIdentity, Verdict]]) -> None:
        """Remember why files cannot be used."""

        def change() -> None:
            kept = self._data.unusable
            for path, identity, verdict in found:
                kept.pop(str(path), None)
                kept[str(path)] = {
                    "error": verdict.message,
                    "hint": verdict.hint,
                    "kind": verdict.kind,
                    "made_by": verdict.made_by,
                    **identity.as_json(),
                }
            for path_text in list(kept)[: max(len(kept) - _MAX_UNUSABLE, 0)]:
                del kept[path_text]

        if found:
            self._change(change)

    def place(self, name: str) -> list[str] | None:
        """Paths of the videos that a folder or a pattern held when it was last looked at."""
        return self._data.places.get(name)

    def note_places(self, places: Mapping[str, Iterable[str]], gone: Sequence[str] = ()) -> None:
        """Remember what folders and patterns hold now, and forget files that are gone.

        The content of a file that is gone stays known as long as it was analysed or used.
        """
        items = {name: sorted(videos) for name, videos in places.items()}

        def change() -> None:
            kept = self._data.places
            for name, videos in items.items():
                kept.pop(name, None)
                kept[name] = videos
            for name in list(kept)[: max(len(kept) - _MAX_PLACES, 0)]:
                del kept[name]
            self._forget(gone)

        self._change(change)

    def note_analysis(self, footage: Footage, summary: Mapping[str, Any]) -> None:
        """Keep what the analysis of a video found; a folder that cannot be written costs one warning."""

        def change() -> None:
            entry = self._data.files.get(footage.digest, entry_of(footage, None))
            self._data.files[footage.digest] = in_order({**entry, "analysis": dict(summary)})

        self._change(change)

    def analysis_of(self, footage: Footage) -> dict[str, Any]:
        """The summary of the last analysis of a video, empty when there was none."""
        summary = self._data.files.get(footage.digest, {}).get("analysis")
        return dict(summary) if isinstance(summary, dict) else {}

    def note_uses(self, times: Mapping[str, int], clock: Callable[[], float] = time.time) -> None:
        """Count that videos were used, by id; unknown ids are passed over.

        Args:
            times: how often each was used since the last call.
        """
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock()))

        def change() -> None:
            for entry in self._data.files.values():
                if added := times.get(str(entry.get("video_id")), 0):
                    before, last = entry.get("times_used"), entry.get("last_used")
                    entry["times_used"] = max(min(before if isinstance(before, int) else 0, _MOST_USES) + added, 0)
                    # A clock that was set back makes nothing younger.
                    entry["last_used"] = max(last, now) if isinstance(last, str) else now

        if any(times.values()):
            self._change(change)

    def _change(self, change: Callable[[], T]) -> T:
        """Make a change on what other processes left, and write it.

        Where that fails memory has the change, and it is made again with the next one.
        """
        result: list[T] = []

        def make() -> None:
            result[:] = [change()]

        self._pending.append(make)
        try:
            with lock(self._storage):
                fresh = read_index(self._storage, self._warn)
                waiting = [make] if fresh is None else self._pending
                self._data = self._data if fresh is None else fresh
                for each in waiting:
                    each()
                if len(self._data.seen) > _MANY_SEEN:
                    self._forget([path for path in self._data.seen if not os.path.lexists(path)])
                self._data.save(self._storage)
                self._pending.clear()
        except OutputError as error:
            complain(self._warn, self._storage, error)
        return result[0] if result else change()

    def _forget(self, gone: Iterable[str]) -> None:
        """Drop paths that are gone, and contents that lie nowhere and of which nothing else is known."""
        digests: set[str] = set()
        for path in gone:
            digests.add(str(self._data.seen.pop(path, {}).get("digest")))
            self._data.unusable.pop(path, None)
        for digest in digests - {digest for _, digest in self.paths()}:
            entry = self._data.files.get(digest, {})
            matters = entry.get("analysis") or entry.get("times_used")
            track = action_path(self._storage, str(entry.get("video_id")))
            if not matters and not os.path.lexists(track):
                self._data.files.pop(digest, None)

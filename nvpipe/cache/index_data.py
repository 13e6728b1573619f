"""The layout of `footage_metadata.json`, and reading it whatever lies there.

`files` holds, by digest of the content, what is known of each video; `seen` which content lies at which path;
`places` what folders and patterns held when they were last looked at; `unusable` which files are no usable video,
and why; `original` what the original program's list knew of files that were not met yet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.cache.disk import open_to_read
from nvpipe.cache.index_entry import entry_of
from nvpipe.cache.naming import index_path, is_safe_id
from nvpipe.cache.plain_json import parse_json
from nvpipe.cache.store import MAX_BYTES, FaultError, Format, Warn, forbid_update, open_envelope, report, write
from nvpipe.types import Footage
from nvpipe.types.codec import from_json, to_json

if TYPE_CHECKING:
    from nvpipe.cache.original import OriginalTitle

INDEX = Format("nvpipe-footage", 2)
_FIRST = Format("nvpipe-footage", 1)

Objects = dict[str, dict[str, Any]]


@dataclass(slots=True)
class IndexData:
    """The content of the index file."""

    files: Objects = field(default_factory=dict)
    seen: Objects = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    unusable: Objects = field(default_factory=dict)
    original: list[OriginalTitle] = field(default_factory=list)

    @classmethod
    def of(cls, data: object) -> IndexData:
        """Of what a file holds; whatever makes no sense in it is passed over."""
        if not isinstance(data, dict):
            return cls()
        places = data.get("places")
        return cls(
            files=_objects(data.get("files")),
            seen=_objects(data.get("seen")),
            places={
                name: items
                for name, items in (places.items() if isinstance(places, dict) else ())
                if isinstance(items, list) and set(map(type, items)) <= {str}
            },
            unusable=_objects(data.get("unusable")),
            original=list(_originals(data.get("original"))),
        )

    def save(self, storage: Path) -> None:
        """Write the index.

        Raises:
            OutputError: it cannot be written.
        """
        data = {
            "files": self.files,
            "seen": self.seen,
            "places": self.places,
            "unusable": self.unusable,
            "original": [to_json(one) for one in self.original],
        }
        write(index_path(storage), INDEX, "", data)


def read_index(storage: Path, warn: Warn) -> IndexData | None:
    """The index of a storage folder, None where there is none that can be used.

    One of an earlier version is read as what it would be today. The original program's list gives its titles and is
    set aside, as everything else that cannot be used.

    Raises:
        OutputError: it is there but cannot be read, so that it must not be written either.
    """
    path = index_path(storage)
    try:
        return IndexData.of(open_envelope(path, INDEX, None).data)
    except FaultError as error:
        fault = error
    if fault.kind == "stale":
        try:
            return _of_first_version(open_envelope(path, _FIRST, None).data)
        except FaultError as error:
            forbid_update(path, error)
        return None
    forbid_update(path, fault)
    found = None
    if fault.kind == "original":
        from nvpipe.cache.original import describe

        found = _original_titles(path)
    if found is not None:
        reason = f"{describe('index')}; what it knows of {len(found)} videos is taken over"
        fault = FaultError(fault.kind, reason, fault.identity)
    if fault.kind != "missing":
        report(path, fault, warn)
    return IndexData(original=found) if found else None


def _objects(data: object) -> Objects:
    if not isinstance(data, dict):
        return {}
    return {name: value for name, value in data.items() if isinstance(value, dict)}


def _of_first_version(data: object) -> IndexData:
    """Version 1 had no tags, so that each file is opened once more when it is met; ids and digests stay."""
    old = IndexData.of(data)
    new = IndexData()
    for digest, entry in old.files.items():
        with contextlib.suppress(ValueError):
            footage = from_json(Footage, entry.get("footage"))
            if footage.digest == digest and is_safe_id(footage.video_id):
                others = {name: value for name, value in entry.items() if name != "footage"}
                new.files[digest] = {**others, **entry_of(footage, None)}
    for name, seen in old.seen.items():
        identity, content = seen.get("identity"), seen.get("digest")
        if isinstance(identity, list) and len(identity) == 4 and isinstance(content, str) and content in new.files:
            facts = dict(zip(("size_bytes", "mtime_ns", "ctime_ns", "inode"), identity, strict=True))
            new.seen[name] = {"digest": content, **facts}
            new.files[content]["size_bytes"] = identity[0]
    return new


def _original_titles(path: Path) -> list[OriginalTitle] | None:
    from nvpipe.cache.original import recognise, titles

    try:
        with open_to_read(path) as file:
            data = parse_json(file.read(MAX_BYTES + 1))
    except (OSError, ValueError, RecursionError):
        return None
    return titles(data) if recognise(data) == "index" else None


def _originals(data: object) -> list[OriginalTitle]:
    if not isinstance(data, list) or not data:
        return []
    from nvpipe.cache.original import OriginalTitle

    found = []
    for fields_ in data:
        if isinstance(fields_, Mapping):
            with contextlib.suppress(ValueError):
                found.append(from_json(OriginalTitle, dict(fields_)))
    return found

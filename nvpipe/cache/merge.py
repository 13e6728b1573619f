"""What the index learns of a file that it meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nvpipe.cache.about import About, about_json, about_of
from nvpipe.cache.index_data import IndexData
from nvpipe.cache.index_entry import entry_of, in_order
from nvpipe.cache.naming import is_safe_id, video_id_of
from nvpipe.cache.original import title_of
from nvpipe.cache.sighting import Sighting
from nvpipe.types import Footage


def merge(data: IndexData, sighting: Sighting, taken: set[str]) -> Footage:
    """Take a file into the index; returns it with the id that it goes by.

    Args:
        taken: ids that are given away already; grows.
    """
    footage, digest = sighting.footage, sighting.footage.digest
    entry = data.files.get(digest, {})
    kept = entry.get("video_id")
    if not isinstance(kept, str) or not is_safe_id(kept):
        kept = video_id_of(footage.path.name, digest, taken)
    taken.add(kept)
    original = _original(data, entry, footage, sighting.identity.size_bytes)
    about = None if sighting.about is None else sighting.about.over(original)
    if about is not None:
        footage = replace(footage, licence=about.licence, credit=about.credit_line)
    footage = replace(footage, video_id=kept)
    said = {} if about is None else {name: getattr(about, name) for name in ("title", "channel", "source_url")}
    if sighting.about is not None:
        said["said_content_type"] = sighting.about.content_type
    data.files[digest] = in_order(
        {
            **entry,
            **entry_of(footage, sighting.identity.size_bytes),
            **said,
            "tags": about_json(sighting.tags),
            "original": about_json(original),
        }
    )
    data.unusable.pop(str(footage.path), None)
    data.seen[str(footage.path)] = {
        "digest": digest,
        **sighting.identity.as_json(),
        **({"sidecars": [list(one) for one in sighting.sidecars]} if sighting.sidecars else {}),
    }
    return footage


def _original(data: IndexData, entry: Mapping[str, Any], footage: Footage, size_bytes: int) -> About:
    """What the original program's list knew of a video."""
    known = about_of(entry.get("original"))
    found = None if known else title_of(data.original, footage.path, size_bytes, footage.duration_s)
    if found is None:
        return known or About()
    data.original = [one for one in data.original if one is not found]
    source = found.source if found.source and found.source.startswith(("http://", "https://")) else None
    return About(title=found.title, channel=found.credit, source_url=source, content_type=found.content_type)

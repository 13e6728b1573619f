"""Which contents the index of a storage folder knows, and whether their files still are what they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nvpipe.cache.disk import digest_file
from nvpipe.cache.identity import FileIdentity
from nvpipe.cache.index_data import INDEX
from nvpipe.cache.naming import index_path
from nvpipe.cache.store import FaultError, open_envelope


class Contents:
    """Reads the index without setting anything aside; without a readable index every content counts as known."""

    def __init__(self, storage: Path) -> None:
        try:
            data = open_envelope(index_path(storage), INDEX, None).data
        except FaultError:
            data = None
        self._files = _objects(data, "files")
        self._known = isinstance(data, dict) and isinstance(data.get("files"), dict)
        self._places: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for path, seen in _objects(data, "seen").items():
            if isinstance(seen, dict) and isinstance(seen.get("digest"), str):
                self._places.setdefault(seen["digest"], []).append((path, seen))

    def why_stale(self, digest: str, video_id: str) -> str | None:
        """Why nothing of this content is of use now; None when it is.

        Args:
            digest: of the content.
            video_id: under which something of it is kept.
        """
        if not self._known:
            return None
        entry = self._files.get(digest)
        if not isinstance(entry, dict):
            return "was made from a video that is not known any more"
        if entry.get("video_id") != video_id:
            return f"its video goes by {entry.get('video_id')} now"
        places = self._places.get(digest, [])
        if any(_is_there(Path(path), seen, digest) for path, seen in places):
            return None
        changed = [path for path, _ in places if _exists(Path(path))]
        if changed:
            return f"its video {changed[0]} has other content now"
        where = f" at {places[0][0]}" if places else ""
        return f"its video is no longer{where} (a moved one is found again when it is used)"


def _is_there(path: Path, seen: dict[str, Any], digest: str) -> bool:
    """Whether a path still holds a content; it is read only where size and times don't tell."""
    try:
        identity = FileIdentity.of(path.stat())
        if identity.is_in(seen):
            return True
        return identity.size_bytes == seen.get("size_bytes") and path.is_file() and digest_file(path) == digest
    except (OSError, ValueError):
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _objects(data: Any, name: str) -> dict[str, Any]:
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}

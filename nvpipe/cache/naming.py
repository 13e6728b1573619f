"""The names of the files that nvpipe keeps for itself."""

from __future__ import annotations

import math
import re
from collections.abc import Container
from pathlib import Path

JOURNAL_NAME = "nvpipe-journal.jsonl"
"""In an output folder."""
SLUG_BYTES = 80
ID_DIGITS = 8


def slug_of(name: str) -> str:
    """A readable, harmless part of a file name: lower case letters and digits of any script, and dashes."""
    import unicodedata

    plain = unicodedata.normalize("NFKC", name).encode("utf-8", "ignore").decode("utf-8")
    words = re.sub(r"[\W_]+", "-", plain.lower()).strip("-")
    return words.encode("utf-8")[:SLUG_BYTES].decode("utf-8", "ignore").strip("-") or "video"


def video_id_of(name: str, digest: str, taken: Container[str]) -> str:
    """The id of a video first seen under `name`: slug and eight digits of its digest.

    More digits are taken only when another video already has that id.
    """
    slug = slug_of(Path(name).stem)
    for digits in range(ID_DIGITS, len(digest), 8):
        if (video_id := f"{slug}-{digest[:digits]}") not in taken:
            return video_id
    return f"{slug}-{digest}"


def is_safe_id(video_id: str) -> bool:
    """Whether an id read from a file can stand in a file name."""
    return bool(re.fullmatch(r"[\w-]{1,200}", video_id))


def format_duration(duration_s: float) -> str:
    """A length in seconds as it stands in file names: 30, 12.5.

    Raises:
        ValueError: not a positive, finite number of at least a millisecond.
    """
    if not math.isfinite(duration_s) or duration_s < 0.001:
        raise ValueError(f"{duration_s} s is no length of a segment")
    return f"{duration_s:.3f}".rstrip("0").rstrip(".")


def index_path(storage: Path) -> Path:
    return storage / "footage_metadata.json"


def ledger_path(storage: Path) -> Path:
    return storage / "footage_ledger.json"


def feeds_path(storage: Path) -> Path:
    return storage / "feed_entries.json"


def action_path(storage: Path, video_id: str) -> Path:
    return storage / f"{video_id}_action_cache.json"


def segments_path(storage: Path, video_id: str, duration_s: float) -> Path:
    return storage / f"{video_id}_segments_{format_duration(duration_s)}s.json"

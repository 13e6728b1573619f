"""One entry of `footage_metadata.json`: the facts of a video, whom to name for it, what was found in it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from nvpipe.cache.naming import is_safe_id
from nvpipe.types import Footage
from nvpipe.types.codec import parse_fraction

_TYPES: dict[str, type] = {
    "width_px": int,
    "height_px": int,
    "duration_s": float,
    "codec": str,
    "rotation_deg": int,
    "has_audio": bool,
    "colour_matrix": str,
    "colour_assumed": bool,
}

_ORDER = (
    *("video_id", "path", "title", "channel", "source_url", "licence", "credit"),
    *("content_type", "content_type_from", "said_content_type", "duration_s", "size_bytes", "codec"),
    *("width_px", "height_px", "fps", "rotation_deg", "has_audio", "colour_matrix", "colour_assumed"),
    *("times_used", "last_used", "analysis", "tags", "original"),
)
"""Names in the order in which a person looks for them."""

_START: dict[str, Any] = {"times_used": 0, "last_used": None, "analysis": {}}


def in_order(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with its content type settled, its names in order, and unknown ones last.

    What a file beside the video says counts before what the analysis found, and that before what the original
    program guessed.
    """
    whole = {**_START, **entry}
    sources = {
        "sidecar": whole.get("said_content_type"),
        "analysis": _of(whole.get("analysis"), "content_type"),
        "original": _of(whole.get("original"), "content_type"),
    }
    named = next(((name, text) for name, text in sources.items() if isinstance(text, str) and text), (None, None))
    whole["content_type_from"], whole["content_type"] = named
    for name in ("said_content_type", "original"):
        if not whole.get(name):
            whole.pop(name, None)
    known = {name: whole[name] for name in _ORDER if name in whole}
    return {**known, **{name: value for name, value in whole.items() if name not in known}}


def entry_of(footage: Footage, size_bytes: int | None) -> dict[str, Any]:
    """The facts of a video as they stand in `files`."""
    return {
        "video_id": footage.video_id,
        "path": str(footage.path),
        "licence": footage.licence,
        "credit": footage.credit,
        "size_bytes": size_bytes,
        "fps": str(footage.fps),
        **{name: getattr(footage, name) for name in _TYPES},
    }


def footage_of(entry: object, digest: str, path: Path) -> Footage | None:
    """The video that an entry of `files` describes, None when it makes no sense."""
    if not isinstance(entry, dict):
        return None
    facts: dict[str, Any] = {name: entry.get(name) for name in _TYPES}
    if type(facts["duration_s"]) is int:
        facts["duration_s"] = float(facts["duration_s"])
    for name, kind in _TYPES.items():
        if type(facts[name]) is not kind:
            return None
    video_id, rate = entry.get("video_id"), entry.get("fps")
    licence, credit = entry.get("licence"), entry.get("credit")
    fps = _fraction(rate) if isinstance(rate, str) else None
    if not isinstance(video_id, str) or not is_safe_id(video_id) or fps is None:
        return None
    if not (licence is None or isinstance(licence, str)) or not (credit is None or isinstance(credit, str)):
        return None
    return Footage(video_id=video_id, path=path, digest=digest, fps=fps, licence=licence, credit=credit, **facts)


@lru_cache(maxsize=256)
def _fraction(text: str) -> Fraction | None:
    try:
        value = parse_fraction(text)
    except ValueError:
        return None
    return value if value > 0 else None


def _of(fields_: object, name: str) -> object:
    return fields_.get(name) if isinstance(fields_, dict) else None

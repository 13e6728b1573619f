"""The files of the original program (tiktok-automata), which has used the same names: told apart, never believed.

Its action and segment caches are of no use: their motion is always 0, so that what they call action is brightness
and colour variance. Its `footage_metadata.json` knows titles and sources, which are worth keeping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

OriginalKind = Literal["action", "segments", "index"]

WHY_USELESS = "whose motion figures are always 0 and whose segments were chosen by brightness"
"""Why its caches are set aside, as the end of a sentence."""

_LEVELS = frozenset(("high", "medium", "low"))
_MAX_TEXT = 500
_HEADS: tuple[tuple[OriginalKind, re.Pattern[bytes]], ...] = (
    ("action", re.compile(rb'\s*\{\s*"(?:high|medium|low)"\s*:\s*\[')),
    ("segments", re.compile(rb'\s*\[\s*\{\s*"(?:start|end)"\s*:')),
    ("index", re.compile(rb'\s*\{\s*"(?:sources|videos)"\s*:\s*[{\[]')),
)


@dataclass(frozen=True, slots=True)
class OriginalTitle:
    """What the original program knew of one video."""

    path: Path | None
    """Where the file lay, as it was written down: often relative to a folder that is not known."""
    duration_s: float | None
    size_bytes: int | None
    title: str | None
    credit: str | None
    source: str | None
    """Address that it was downloaded from."""
    content_type: str | None


def recognise(data: object) -> OriginalKind | None:
    """Which of the original program's files holds this JSON value; None when it is none of them."""
    if isinstance(data, dict) and "format" not in data:
        if data and set(data) <= _LEVELS and all(_are_objects(items) for items in data.values()):
            return "action"
        if isinstance(data.get("videos"), dict):
            return "index"
    if (
        isinstance(data, list)
        and data
        and _are_objects(data)
        and all("start" in one and "end" in one for one in data)
    ):
        return "segments"
    return None


def recognise_head(raw: bytes) -> OriginalKind | None:
    """Like `recognise`, from the first bytes of a file that is cut off or too large to read."""
    return next((kind for kind, pattern in _HEADS if pattern.match(raw)), None)


def describe(kind: OriginalKind, *, whole: bool = True) -> str:
    """What to say of such a file, as the end of a sentence."""
    what = {"action": "an action cache", "segments": "a segment cache", "index": "a list of footage"}[kind]
    damage = "" if whole else "damaged and "
    if kind == "index":
        return f"is {damage}{what} of the original program (tiktok-automata)"
    return f"is {damage}{what} of the original program (tiktok-automata), {WHY_USELESS}"


def titles(data: object) -> list[OriginalTitle]:
    """What its `footage_metadata.json` knows of each video; whatever makes no sense in it is passed over."""
    videos = data.get("videos") if isinstance(data, dict) else None
    if not isinstance(videos, dict):
        return []
    return [_title(fields) for fields in videos.values() if isinstance(fields, dict)]


def title_of(known: Sequence[OriginalTitle], path: Path, size_bytes: int, duration_s: float) -> OriginalTitle | None:
    """The entry that speaks of a file: by its path, else by its name together with size or duration.

    A name alone would give one game's credit to another, so an entry without either is met by its path only.
    """
    for one in known:
        if one.path is not None and one.path.is_absolute() and one.path == path:
            return one
    for one in known:
        if one.path is None or one.path.name != path.name:
            continue
        if one.size_bytes is not None and one.size_bytes == size_bytes:
            return one
        if one.size_bytes is None and one.duration_s is not None and abs(one.duration_s - duration_s) <= 1.0:
            return one
    return None


def _title(fields: Mapping[str, Any]) -> OriginalTitle:
    path = _text(fields, ("file_path", "path"))
    return OriginalTitle(
        path=None if path is None else Path(path),
        duration_s=_number(fields, ("duration", "duration_s")),
        size_bytes=_whole(_number(fields, ("file_size", "filesize", "size"))),
        title=_text(fields, ("title",)),
        credit=_text(fields, ("credit", "uploader", "channel", "creator", "author")),
        source=_text(fields, ("source_url", "webpage_url", "url", "source")),
        content_type=_text(fields, ("content_type", "type", "category")),
    )


def _text(fields: Mapping[str, Any], names: Sequence[str]) -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str):
            # Shown on a terminal and in credits: no control characters, no endless lines.
            plain = " ".join("".join(_printable(value[: _MAX_TEXT * 4])).split())[:_MAX_TEXT]
            if plain:
                return plain
    return None


def _printable(text: str) -> Iterator[str]:
    return (char if char.isprintable() else " " for char in text)


def _number(fields: Mapping[str, Any], names: Sequence[str]) -> float | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e18:
            return float(value)
    return None


def _whole(value: float | None) -> int | None:
    return None if value is None or value != int(value) else int(value)


def _are_objects(items: object) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)

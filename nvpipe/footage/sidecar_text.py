"""Licence, credit and more of a footage file, from what the files beside it say."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nvpipe.cache.about import About
from nvpipe.footage.sidecar import Sidecar

MAX_BYTES = 16 << 20
MAX_CHARS = 500


def read_sidecars(sidecars: Sequence[Sidecar], warn: Callable[[str], None]) -> About:
    """What they say; where several speak of the same thing the first counts. An unreadable one costs a warning."""
    about = About()
    for sidecar in sidecars:
        about = about.over(_read(sidecar, warn))
    return about


def _read(sidecar: Sidecar, warn: Callable[[str], None]) -> About:
    try:
        text = _content(sidecar.path)
        if sidecar.path.suffix == ".txt":
            return About(licence=_first_line(text))
        fields = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        shown = "".join(char if char.isprintable() else "\ufffd" for char in str(sidecar.path))
        warn(" ".join(f"the licence beside the footage, {shown}, cannot be read: {reason}".split()))
        return About()
    return _about(fields) if isinstance(fields, dict) else About()


def _content(path: Path) -> str:
    # O_NONBLOCK: a pipe that took the file's place must not make nvpipe wait for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    return raw.decode("utf-8-sig")


def _about(fields: Mapping[str, Any]) -> About:
    # yt-dlp's `url` is the address of the media file, which is good for some hours.
    address = ("webpage_url", "source_url", "original_url") + (() if "extractor" in fields else ("source", "url"))
    return About(
        licence=_first(fields, "licence", "license"),
        credit=_first(fields, "credit", "attribution"),
        title=_first(fields, "title", "fulltitle"),
        channel=_first(fields, "channel", "uploader", "creator", "author", "artist"),
        source_url=next((text for name in address if (text := _first(fields, name)) and is_address(text)), None),
        content_type=_first(fields, "content_type"),
    )


def is_address(text: str) -> bool:
    return text.lower().startswith(("https://", "http://")) and " " not in text


def _first(fields: Mapping[str, Any], *names: str) -> str | None:
    return next((text for name in names if (text := _text(fields.get(name)))), None)


def _first_line(text: str) -> str | None:
    return next((found for line in text.splitlines() if (found := _text(line))), None)


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    plain = "".join(char if char.isprintable() else " " for char in value[: MAX_CHARS * 2])
    return " ".join(plain.split())[:MAX_CHARS] or None

"""Licence and credit of a footage file from the file that lies beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_BYTES = 16 << 20
MAX_CHARS = 500


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file beside the footage, as it was found."""

    path: Path
    size_bytes: int
    mtime_ns: int

    def identity(self) -> tuple[str, int, int]:
        return self.path.name, self.size_bytes, self.mtime_ns


def find_sidecar(video: Path) -> Sidecar | None:
    """The first of `<video>.json`, `<stem>.info.json` (yt-dlp's) and `<video>.license.txt` that exists."""
    names = (f"{video.name}.json", f"{video.stem}.info.json")
    plain = (f"{video.name}.license.txt", f"{video.name}.licence.txt", f"{video.stem}.license.txt")
    for name in (*names, *plain, f"{video.stem}.licence.txt"):
        path = video.with_name(name)
        try:
            facts = path.stat()
        except OSError:
            continue
        if path.is_file():
            return Sidecar(path, facts.st_size, facts.st_mtime_ns)
    return None


def read_sidecar(sidecar: Sidecar, warn: Callable[[str], None]) -> tuple[str | None, str | None]:
    """Licence and credit; a sidecar that cannot be read costs one warning."""
    try:
        if sidecar.size_bytes > MAX_BYTES:
            raise ValueError(f"{sidecar.size_bytes} bytes are too many")
        text = sidecar.path.read_text("utf-8")
        if sidecar.path.suffix == ".txt":
            return _first_line(text), None
        fields = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        warn(" ".join(f"the licence beside the footage, {sidecar.path}, cannot be read: {reason}".split()))
        return None, None
    if not isinstance(fields, dict):
        return None, None
    return _text(fields.get("licence")) or _text(fields.get("license")), _credit(fields)


def _credit(fields: dict[str, Any]) -> str | None:
    if credit := _text(fields.get("credit")) or _text(fields.get("attribution")):
        return credit
    author = next((text for name in ("channel", "uploader", "author") if (text := _text(fields.get(name)))), None)
    parts = [_text(fields.get("title")), author, _text(fields.get("webpage_url"))]
    return ", ".join(part for part in parts if part) or None


def _first_line(text: str) -> str | None:
    return next((found for line in text.splitlines() if (found := _text(line))), None)


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    plain = "".join(char if char.isprintable() else " " for char in value[: MAX_CHARS * 2])
    return " ".join(plain.split())[:MAX_CHARS] or None

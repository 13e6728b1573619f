"""What a finished short's manifest says, as the page shows it."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nvpipe.cache.plain_json import parse_json
from nvpipe.report.run_page.facts import number, text

MAX_MANIFEST_BYTES = 32 << 20
MAX_COVER_BYTES = 16 << 20
COVER_PX = 360
"""Width of the covers in the page."""
_COVER_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a script."""

    text: str
    sources: tuple[str, ...]
    at_s: float
    """When it is spoken."""


@dataclass(frozen=True, slots=True)
class Used:
    """A stretch of footage that a short shows."""

    video_id: str
    name: str
    start_s: float
    end_s: float
    licence: str
    credit: str


@dataclass(frozen=True, slots=True)
class Short:
    """A finished short."""

    title: str
    file: str
    """Name of its video."""
    video: str
    """Its address from its own folder; empty when it is not there any more."""
    cover: str
    """Data URI of a small picture; empty without one."""
    size: str
    seconds: float
    lines: tuple[Line, ...]
    ungrounded: tuple[str, ...]
    voice: str
    writer: str
    language: str
    hashtags: str
    description: str
    footage: tuple[Used, ...]
    backends: tuple[tuple[str, str, str], ...]
    """(stage, used, why not the one before it)"""
    models: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]


def read_short(folder: Path, name: str) -> Short | None:
    """What the manifest of this name in an output folder says; None when there is none that can be read.

    Only names count, so that an altered event leads to no file outside of the folder.
    """
    path = folder / Path(name).name
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            return None
        read = parse_json(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    video = path.with_suffix(".mp4")
    output, script, narration = (_dict(read.get(key)) for key in ("output", "script", "narration"))
    return Short(
        title=text(script.get("title")) or text(_dict(read.get("article")).get("title")) or path.stem,
        file=video.name,
        video=quote(video.name) if video.is_file() else "",
        cover=cover_uri(path.with_suffix(".jpg")),
        size=f"{int(number(output.get('width_px')))}x{int(number(output.get('height_px')))}",
        seconds=number(output.get("duration_s")),
        lines=spoken_lines(script, narration),
        ungrounded=tuple(text(_dict(one).get("text")) for one in _list(script.get("ungrounded"))),
        voice=" ".join(part for part in (text(narration.get("speaker")), text(narration.get("voice"))) if part),
        writer=text(script.get("writer")),
        language=text(script.get("language")),
        hashtags=" ".join(f"#{text(one).lstrip('#')}" for one in _list(script.get("hashtags"))),
        description=text(script.get("description")),
        footage=tuple(_used(_dict(cut)) for cut in (*_list(read.get("footage")), *_list(read.get("beside")))),
        backends=tuple(
            (text(stage), text(_dict(choice).get("used")), text(_dict(choice).get("reason")))
            for stage, choice in _dict(read.get("backends")).items()
        ),
        models=tuple(_dict(one) for one in _list(read.get("models"))),
        warnings=tuple(text(one) for one in _list(read.get("warnings"))),
    )


def spoken_lines(script: Mapping[str, Any], narration: Mapping[str, Any]) -> tuple[Line, ...]:
    """The lines with the times of their first words; words and lines hold the same characters in the same order."""
    words = [_dict(word) for word in _list(narration.get("words"))]
    starts_s = number(narration.get("starts_s"))
    found = []
    place, at_s = 0, starts_s
    for line in (_dict(one) for one in _list(script.get("lines"))):
        said = text(line.get("text"))
        left = len("".join(said.split()))
        if place < len(words):
            at_s = starts_s + number(words[place].get("start_s"))
        found.append(Line(said, tuple(text(one) for one in _list(line.get("sources"))), round(at_s, 3)))
        while left > 0 and place < len(words):
            left -= max(1, len("".join(text(words[place].get("text")).split())))
            place += 1
    return tuple(found)


def cover_uri(path: Path) -> str:
    """A small copy of a picture as a data URI; empty when there is none that can be read."""
    from PIL import Image, UnidentifiedImageError

    try:
        if path.stat().st_size > MAX_COVER_BYTES:
            return ""
        with Image.open(path, formats=("JPEG",)) as picture:
            picture.draft("RGB", (COVER_PX, COVER_PX))
            picture.thumbnail((COVER_PX, 4 * COVER_PX))
            small = io.BytesIO()
            picture.convert("RGB").save(small, "JPEG", quality=_COVER_QUALITY)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(small.getvalue()).decode("ascii")


def _used(cut: Mapping[str, Any]) -> Used:
    return Used(
        text(cut.get("video_id")),
        Path(text(cut.get("path"))).name,
        number(cut.get("start_s")),
        number(cut.get("end_s")),
        text(cut.get("licence")),
        text(cut.get("credit")),
    )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

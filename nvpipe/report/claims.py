"""What the manifest and the subtitles beside a finished file say of it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.types import CaptionTrack
from nvpipe.types.codec import from_json, parse_fraction

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = "nvpipe-manifest/"
LARGEST_BYTES = 16 << 20
LARGEST_SIDE_PX = 8192
MOST_CUES = 50_000
NO_CAPTIONS = "none"
_TIMES = re.compile(r"(\d+):(\d\d):(\d\d)[,.](\d{3}) *--> *(\d+):(\d\d):(\d\d)[,.](\d{3})")

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Claims:
    """What was asked for, and when words are spoken and shown; None is not told.

    Attributes:
        source: the manifest's or the subtitles' file name; "" when neither stands beside the file.
        fault: why a manifest of the right name could not be used.
        words: when each word of the narration is spoken, in the file's own time.
        captions: what was drawn; None when nothing was, or nothing is known.
        shown: when the captions or subtitles are shown.
        progress_bar: whether one is drawn along the lower edge.
    """

    source: str = ""
    fault: str = ""
    size_px: tuple[int, int] | None = None
    fps: Fraction | None = None
    lufs: float | None = None
    words: tuple[Span, ...] = ()
    captions: CaptionTrack | None = None
    shown: tuple[Span, ...] = ()
    progress_bar: bool = False
    codec: str | None = None


def claims_of(video: Path) -> Claims:
    """Read what stands beside a video; whatever cannot be read says nothing, and why."""
    fault = ""
    for path in _manifests(video):
        try:
            document = json.loads(_text(path))
            if not (isinstance(document, dict) and str(document.get("format")).startswith(FORMAT)):
                continue
            found = _from_manifest(document, video, path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            fault = fault or f"{path.name} cannot be read: {error}"
            continue
        if found:
            return found
    subtitles = video.with_suffix(".srt")
    try:
        shown = tuple(_spans(_text(subtitles)))
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        return Claims(fault=fault or ("" if missing else f"{subtitles.name} cannot be read: {error}"))
    return Claims(subtitles.name, fault, shown=shown)


def _manifests(video: Path) -> Iterator[Path]:
    """The manifest of the same name, then those of which the name begins with; they name files of other sizes."""
    stem = video.stem
    while stem:
        path = video.with_name(f"{stem}.json")
        if path.is_file():
            yield path
        stem = stem.rpartition("-")[0]


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST_BYTES:
        raise ValueError("it is too large")
    return path.read_text("utf-8-sig")


def _from_manifest(document: dict[str, Any], video: Path, path: Path) -> Claims | None:
    """None when the manifest is about other files."""
    outputs = [document["output"], *document.get("outputs", ())]
    named = [output for output in outputs if Path(str(output.get("path", ""))).name == video.name]
    if not named and path.stem != video.stem:
        return None
    output = (named or outputs)[0]
    narration = document.get("narration") or {}
    offset_s = _number(narration.get("starts_s", 0.0))
    words = tuple(
        (_number(word["start_s"]) + offset_s, _number(word["end_s"]) + offset_s)
        for word in narration.get("words", ())
    )
    options = document.get("options") or {}
    lufs, codec = options.get("lufs"), options.get("codec")
    drawn = document.get("caption_track")
    captions = from_json(CaptionTrack, drawn) if isinstance(drawn, dict) else None
    if captions is not None and captions.style == NO_CAPTIONS:
        captions = None
    size_px = (int(output["width_px"]), int(output["height_px"]))
    if not all(2 <= side_px <= LARGEST_SIDE_PX for side_px in size_px):
        raise ValueError(f"{size_px[0]}x{size_px[1]} is no size of a picture")
    if captions and len(captions.cues) > MOST_CUES:
        raise ValueError(f"{len(captions.cues)} cues are too many")
    return Claims(
        path.name,
        size_px=size_px,
        fps=parse_fraction(str(output["fps"])),
        lufs=None if lufs is None else _number(lufs),
        words=words,
        captions=captions,
        shown=tuple((_number(cue.start_s), _number(cue.end_s)) for cue in captions.cues) if captions else (),
        progress_bar=bool((document.get("extras") or {}).get("progress_bar")),
        codec=None if codec is None else str(codec),
    )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _spans(text: str) -> Iterator[Span]:
    for match in _TIMES.finditer(text):
        numbers = [int(group) for group in match.groups()]
        starts, ends = numbers[:4], numbers[4:]
        yield _seconds(starts), _seconds(ends)


def _seconds(numbers: list[int]) -> float:
    hours, minutes, seconds, milliseconds = numbers
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000

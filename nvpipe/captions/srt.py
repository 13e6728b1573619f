"""Captions as a SubRip file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nvpipe.captions.text import columns, join
from nvpipe.types import CaptionTrack, Cue

_LINE_COLUMNS = 42
_TAG = re.compile(r"([<{])(?=[A-Za-z/\\])")
_WORD_JOINER = "\u2060"


def to_srt(track: CaptionTrack) -> str:
    """A subtitle for each group of words, numbered from 1, `HH:MM:SS,mmm`, lines ended by LF.

    SubRip has no escapes: an invisible word joiner keeps text such as `<b>` from being read as a tag.
    """
    entries = []
    for number, (start_s, end_s, words) in enumerate(_groups(track), start=1):
        text = join(words).replace("-->", "→")
        text = _TAG.sub(rf"\1{_WORD_JOINER}", text)
        entries.append(f"{number}\n{_stamp(start_s)} --> {_stamp(end_s)}\n{_two_lines(text)}\n")
    return "\n".join(entries)


def _groups(track: CaptionTrack) -> Iterator[tuple[float, float, tuple[str, ...]]]:
    """Consecutive cues of the same words whose highlight moves forward."""
    group: list[Cue] = []
    for cue in track.cues:
        if group and not _continues(group[-1], cue):
            yield group[0].start_s, group[-1].end_s, group[0].words
            group = []
        if join(cue.words).strip():
            group.append(cue)
    if group:
        yield group[0].start_s, group[-1].end_s, group[0].words


def _continues(before: Cue, after: Cue) -> bool:
    if before.words != after.words or after.start_s > before.end_s:
        return False
    return before.active is None or after.active is None or after.active > before.active


def _stamp(seconds: float) -> str:
    total_ms = round(seconds * 1000)
    total_s, milliseconds = divmod(total_ms, 1000)
    minutes, second = divmod(total_s, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d},{milliseconds:03d}"


def _two_lines(text: str) -> str:
    """Long text broken at the space nearest to its middle."""
    text = " ".join(text.split())
    spaces = [match.start() for match in re.finditer(" ", text)]
    if columns(text) <= _LINE_COLUMNS or not spaces:
        return text
    middle = min(spaces, key=lambda at: abs(columns(text[:at]) * 2 - columns(text)))
    return f"{text[:middle]}\n{text[middle + 1 :]}"

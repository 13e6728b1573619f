"""What all subtitle files have in common: groups of words, times, lines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from nvpipe.captions.bidi import base_level
from nvpipe.captions.breaks import line_units
from nvpipe.captions.text import closing_lead, columns, is_punctuation, join
from nvpipe.types import CaptionTrack, Cue

_LINE_COLUMNS = 42
_RIGHT_TO_LEFT_MARK = "\u200f"


class WordGroup(NamedTuple):
    """Words that are seen together."""

    start_s: float
    end_s: float
    words: tuple[str, ...]
    starts_s: tuple[float, ...]
    """When each word is spoken."""


def groups_of(track: CaptionTrack) -> Iterator[WordGroup]:
    """Consecutive cues of the same words whose highlight moves forward."""
    cues: list[Cue] = []
    for cue in track.cues:
        if cues and not _continues(cues[-1], cue):
            yield _group(cues)
            cues = []
        if join(cue.words).strip():
            cues.append(cue)
    if cues:
        yield _group(cues)


def stamp(seconds: float, point: str) -> str:
    """`HH:MM:SS` and milliseconds after `point`."""
    total_s, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(total_s, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{point}{milliseconds:03d}"


def two_lines(text: str, language: str) -> list[str]:
    """Text in one line, or a long one broken near its middle where the second line starts with a word.

    Players go by a line's first letter: where that is not the text's direction, an invisible mark comes before it.
    """
    rtl = base_level(text, language) == 1
    lines = _broken(" ".join(text.split()), language)
    return [_RIGHT_TO_LEFT_MARK + line if rtl and base_level(line, "en") == 0 else line for line in lines]


def _broken(text: str, language: str) -> list[str]:
    if columns(text) <= _LINE_COLUMNS:
        return [text]
    units = line_units(text, language)
    ends = list(accumulate(map(len, units)))[:-1]
    places = [
        end
        for end, after in zip(ends, units[1:], strict=True)
        if not closing_lead(after) and not is_punctuation(after.split(" ")[0])
    ]
    spaces = [end for end in places if text[end - 1] == " "]
    if not places:
        return [text]
    middle = min(spaces or places, key=lambda end: abs(columns(text[:end]) * 2 - columns(text)))
    return [text[:middle].strip(), text[middle:].strip()]


def _group(cues: list[Cue]) -> WordGroup:
    words, end_s = cues[0].words, cues[-1].end_s
    spoken = {cue.active: cue.start_s for cue in reversed(cues) if cue.active is not None}
    starts, at = [], end_s
    for word in reversed(range(len(words))):
        at = min(at, spoken.get(word, at))
        starts.append(at)
    return WordGroup(cues[0].start_s, end_s, words, tuple(reversed(starts)))


def _continues(before: Cue, after: Cue) -> bool:
    if before.words != after.words or after.start_s > before.end_s:
        return False
    return before.active is None or after.active is None or after.active > before.active

"""Captions as a SubRip file."""

from __future__ import annotations

import re

from nvpipe.captions.subtitles import groups_of, stamp, two_lines
from nvpipe.captions.text import join
from nvpipe.types import CaptionTrack

_TAG = re.compile(r"([<{])(?=[A-Za-z/\\])")
_WORD_JOINER = "\u2060"


def to_srt(track: CaptionTrack) -> str:
    """A subtitle for each group of words, numbered from 1, `HH:MM:SS,mmm`, lines ended by LF.

    SubRip has no escapes: an invisible word joiner keeps text such as `<b>` from being read as a tag.
    """
    entries = []
    for number, group in enumerate(groups_of(track), start=1):
        text = "\n".join(two_lines(join(group.words), track.language)).replace("-->", "→")
        text = _TAG.sub(rf"\1{_WORD_JOINER}", text)
        entries.append(f"{number}\n{stamp(group.start_s, ',')} --> {stamp(group.end_s, ',')}\n{text}\n")
    return "\n".join(entries)

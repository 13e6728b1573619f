"""Captions as a WebVTT file (W3C WebVTT)."""

from __future__ import annotations

from nvpipe.captions.subtitles import groups_of, stamp, two_lines
from nvpipe.captions.text import join
from nvpipe.types import CaptionTrack

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def to_vtt(track: CaptionTrack) -> str:
    """A cue for each group of words, numbered from 1, `HH:MM:SS.mmm`, lines ended by LF."""
    entries = ["WEBVTT\n"]
    for number, group in enumerate(groups_of(track), start=1):
        text = "\n".join(two_lines(join(group.words), track.language)).translate(_ESCAPES)
        entries.append(f"{number}\n{stamp(group.start_s, '.')} --> {stamp(group.end_s, '.')}\n{text}\n")
    return "\n".join(entries)

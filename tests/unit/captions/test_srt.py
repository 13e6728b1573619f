"""Subtitle files."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.captions.cues import build_captions
from nvpipe.captions.srt import to_srt
from nvpipe.types import CaptionTrack, Cue, Word

_ENTRY = re.compile(
    r"(\d+)\n(\d\d+):([0-5]\d):([0-5]\d),(\d{3}) --> (\d\d+):([0-5]\d):([0-5]\d),(\d{3})\n([^\n]+(?:\n[^\n]+)?)\n"
)


def track(*cues: Cue) -> CaptionTrack:
    return CaptionTrack(cues, "default")


def test_one_subtitle_for_each_group() -> None:
    words = ("so", "we", "won.")
    cues = [Cue(3599.9 + i, 3600.9 + i, words, i) for i in range(3)] + [Cue(3602.9, 3603.5, ("Yes",), 0)]
    assert to_srt(track(*cues)) == (
        "1\n00:59:59,900 --> 01:00:02,900\nso we won.\n\n2\n01:00:02,900 --> 01:00:03,500\nYes\n"
    )


def test_the_same_words_twice_are_two_subtitles() -> None:
    cues = [Cue(0, 1, ("no", "no"), 0), Cue(1, 2, ("no", "no"), 1), Cue(2, 3, ("no", "no"), 0)]
    assert to_srt(track(*cues)).count("-->") == 2


def test_text_cannot_be_read_as_markup_or_as_a_time() -> None:
    text = to_srt(track(Cue(0, 1, ("<b>1", "-->", "2</b>", "{\\an8}", "a<b"), None)))
    assert text.count("-->") == 1
    assert not re.search(r"</?b>|\{\\", text)
    assert "a<" in text


def test_long_text_takes_two_lines() -> None:
    words = ("it", "takes", "more", "than", "forty", "two", "columns", "to", "need", "a", "second", "line")
    lines = to_srt(track(Cue(0, 1, words, 0))).splitlines()[2:]
    assert " ".join(lines) == " ".join(words)
    assert max(map(len, lines)) <= 32


def test_nothing_to_say() -> None:
    assert to_srt(track()) == ""
    assert to_srt(track(Cue(0, 1, ("",), None))) == ""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=12))
def test_every_file_can_be_parsed(texts: list[str]) -> None:
    words = [Word(text, i * 0.4, i * 0.4 + 0.3, i // 4) for i, text in enumerate(texts)]
    text = to_srt(build_captions(words, style="minimal", language="en", duration_s=20))
    if text:
        entries = [_ENTRY.fullmatch(entry if entry.endswith("\n") else entry + "\n") for entry in text.split("\n\n")]
        assert all(entries)
        assert [int(entry[1]) for entry in entries if entry] == list(range(1, len(entries) + 1))

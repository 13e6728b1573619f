"""SubRip and WebVTT as they are found."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.captions.read_subtitles import words_of_subtitles
from nvpipe.errors import ArticleError

SRT = """1
00:00:01,000 --> 00:00:02,000
<i>Hello</i> {\\an8}there
world

2
00:00:02,500 --> 00:00:04,000 X1:10
Second &amp; last
"""
VTT = """WEBVTT - title

NOTE 00:00 is no time
STYLE
::cue { color: red }

first
00:01.000 --> 00:02.000 align:start
<v Anna>Hello</v> there<00:01.500><c> world</c>

00:00:02.500 --> 00:00:04.000
Second &amp; last
"""


@pytest.mark.parametrize("text", [SRT, VTT, "\ufeff" + SRT.replace("\n", "\r\n")])
def test_words_fill_their_cues(text: str) -> None:
    words = words_of_subtitles(text, "a.srt")
    assert [word.text for word in words] == ["Hello", "there", "world", "Second", "&", "last"]
    assert (words[0].start_s, words[2].end_s) == (1.0, pytest.approx(2.0))
    assert (words[3].start_s, words[5].end_s) == (2.5, pytest.approx(4.0))
    assert [word.line for word in words] == [0, 0, 0, 1, 1, 1]


def test_overlapping_and_unordered_cues_follow_each_other() -> None:
    text = "00:00:03.000 --> 00:00:09.000\nthree\n\n00:00:01.000 --> 00:00:05.000\none\n"
    one, three = words_of_subtitles(text, "a.vtt")
    assert (one.text, one.start_s, one.end_s) == ("one", 1.0, 3.0)
    assert (three.start_s, three.end_s) == (3.0, 9.0)


def test_a_number_without_its_empty_line_is_no_word() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:02,000 --> 00:00:03,000\ntwo"
    assert [word.text for word in words_of_subtitles(text, "a.srt")] == ["one", "two"]


@pytest.mark.parametrize("text", ["", "no cue at all", "00:00:01,000 --> 00:00:02,000\n<i></i>\n", "99 --> 100\nx"])
def test_a_file_without_words_is_refused(text: str) -> None:
    with pytest.raises(ArticleError, match=r"a\.srt"):
        words_of_subtitles(text, "a.srt")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["00:00:01,0 --> 00:00:02,5", "0:59:59.9 --> 00:01.0", "1", "", "a <b> c", "{\\x}"])))
def test_whatever_it_holds_times_rise(lines: list[str]) -> None:
    try:
        words = words_of_subtitles("\n".join(lines), "a.srt")
    except ArticleError:
        return
    assert all(one.start_s <= two.start_s and one.end_s > one.start_s for one, two in pairwise(words))

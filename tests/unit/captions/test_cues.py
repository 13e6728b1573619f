"""Rules that cues keep, whatever the words and their times."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.captions.cues import build_captions
from nvpipe.captions.styles import STYLE_NAMES, style
from nvpipe.captions.text import columns, ends_sentence, is_punctuation, join
from nvpipe.errors import UsageError
from nvpipe.types import CaptionTrack, Cue, Word


def spoken(text: str, *, at_s: float = 0.0, pace_s: float = 0.3, line: int = 0) -> list[Word]:
    words = text.split()
    return [Word(word, at_s + i * pace_s, at_s + (i + 1) * pace_s - 0.02, line) for i, word in enumerate(words)]


def groups(track: CaptionTrack) -> list[tuple[str, ...]]:
    return [cue.words for cue in track.cues if cue.active == 0]


def build(
    words: list[Word], *, name: str = "default", duration_s: float = 60.0, offset_s: float = 0.0
) -> CaptionTrack:
    return build_captions(words, style=name, language="en", duration_s=duration_s, offset_s=offset_s)


token = st.one_of(
    st.text(alphabet="abcdefgh", min_size=1, max_size=9),
    st.sampled_from(
        [
            "end.",
            "why?",
            "so,",
            "—",
            ",",
            "«",
            "“",
            "!",
            "...",
            "U.S.",
            "Mr.",
            "$10.5",
            "你好世界。",
            "א",
            "",
            " ",
            "\n",
        ]
    ),
    st.text(max_size=50),
)


@st.composite
def narrations(draw: st.DrawFn) -> list[Word]:
    words, at_s, line = [], draw(st.floats(0, 2)), 0
    for text in draw(st.lists(token, max_size=30)):
        at_s += draw(st.sampled_from([0.0, 0.01, 0.05, 0.4]))
        length_s = draw(st.sampled_from([0.0, 0.02, 0.2, 0.6]))
        line += draw(st.sampled_from([0, 0, 0, 1]))
        words.append(Word(text, at_s, at_s + length_s, line))
        at_s += length_s
    return words


@settings(max_examples=80, deadline=None)
@given(narrations(), st.sampled_from(STYLE_NAMES), st.floats(0, 12), st.floats(-1, 3))
def test_cues_keep_their_times_and_order(words: list[Word], name: str, duration_s: float, offset_s: float) -> None:
    track = build(words, name=name, duration_s=duration_s, offset_s=offset_s)
    for cue in track.cues:
        assert 0 <= cue.start_s < cue.end_s <= duration_s
        assert cue.end_s - cue.start_s >= 0.08 - 1e-9
        assert cue.active is not None
        assert 0 <= cue.active < len(cue.words)
        assert all(word and word == word.strip() and not is_punctuation(word) for word in cue.words)
    for before, after in pairwise(track.cues):
        assert before.end_s <= after.start_s
        if after.active:
            assert (after.words, after.active, after.start_s) == (
                before.words,
                (before.active or 0) + 1,
                before.end_s,
            )
        else:
            assert before.active == len(before.words) - 1


@settings(max_examples=50, deadline=None)
@given(narrations(), st.sampled_from(STYLE_NAMES))
def test_no_spoken_text_is_lost_and_limits_hold(words: list[Word], name: str) -> None:
    track, look = build(words, name=name, duration_s=600), style(name)
    shown = "".join("".join(group).replace(" ", "") for group in groups(track))
    for word in words:
        letters = "".join(char for char in word.text if char.isascii() and char.isalnum())
        assert letters in "".join(char for char in shown if char.isascii() and char.isalnum())
    for group in groups(track):
        if len(group) > 1:
            assert columns(join(group)) <= look.max_chars
            assert not any(ends_sentence(a, b) for a, b in pairwise(group))


def test_a_cue_stays_within_a_line_a_clause_and_a_breath() -> None:
    words = spoken("we won, they", line=0) + spoken("lost. Go on", at_s=0.9, line=1) + spoken("now", at_s=2.4, line=1)
    assert groups(build(words)) == [("we", "won,"), ("they",), ("lost.",), ("Go", "on"), ("now",)]


def test_abbreviations_do_not_end_a_sentence() -> None:
    assert groups(build(spoken("Mr. Smith went"))) == [("Mr.", "Smith", "went")]
    assert groups(build(spoken("the U.S. law"))) == [("the", "U.S.", "law")]
    assert groups(build(spoken("Oh no. Stop"))) == [("Oh", "no."), ("Stop",)]


def test_groups_are_even() -> None:
    assert groups(build(spoken("one two six ten"))) == [("one", "two"), ("six", "ten")]


def test_lone_punctuation_joins_its_word() -> None:
    words = spoken("he said “ yes ” — and left !")
    assert groups(build(words)) == [("he", "said", "“yes” —"), ("and", "left!")]


def test_words_without_spaces_between_them() -> None:
    track = build(spoken("人工 智能 改变 世界 。 我们 看到"))
    assert [join(group) for group in groups(track)] == ["人工智能改变世界。", "我们看到"]
    assert len(track.cues) == 6


def test_a_long_unspaced_sentence_is_split_in_proportion() -> None:
    sentence = "人工智能正在改变我们的世界，而且速度比任何人想象的都要快。"
    track = build([Word(sentence, 0, 6)])
    assert all(columns(join(group)) <= 18 for group in groups(track))
    assert "".join(join(group) for group in groups(track)) == sentence
    before = 0
    for cue in track.cues:
        if cue.active == 0:
            assert cue.start_s == pytest.approx(6 * before / columns(sentence), abs=0.002)
            before += columns(join(cue.words))


def test_the_last_word_hangs_only_for_a_moment() -> None:
    words = [Word("one", 0, 0.5), Word("two.", 0.5, 1.0), Word("three", 1.2, 1.6), Word("four", 5, 5.4)]
    ends = [cue.end_s for cue in build(words).cues]
    assert ends == [0.5, 1.2, pytest.approx(1.9), pytest.approx(5.7)]


def test_the_offset_moves_every_cue() -> None:
    assert build(spoken("hello"), offset_s=1.5).cues == (Cue(1.5, 2.08, ("hello",), 0, 1.78),)


def test_more_words_than_the_time_has_room_for() -> None:
    track = build([Word(f"w{i}", 0, 0) for i in range(50)], duration_s=1.0)
    assert len(track.cues) <= 12
    assert " ".join(" ".join(group) for group in groups(track)).split() == [f"w{i}" for i in range(50)]


@pytest.mark.parametrize("duration_s", [0.0, 0.05, -1.0])
def test_no_time_no_cues(duration_s: float) -> None:
    assert build(spoken("hello"), duration_s=duration_s).cues == ()


def test_refusals() -> None:
    with pytest.raises(UsageError, match="nosuch"):
        build(spoken("hello"), name="nosuch")
    with pytest.raises(ValueError, match="finite"):
        build([Word("hello", math.nan, 1.0)])


def test_style_names_lead_to_styles() -> None:
    assert STYLE_NAMES[0] == "default"
    assert [style(name).name for name in STYLE_NAMES] == list(STYLE_NAMES)
    with pytest.raises(UsageError) as caught:
        style("none")
    assert all(name in caught.value.hint for name in STYLE_NAMES)

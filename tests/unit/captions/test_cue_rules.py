"""Rules that hold for every cue, whatever is said and when: no orphans, nothing too short, nothing too late."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.captions.cues import MIN_CUE_MS, build_captions
from nvpipe.captions.styles import STYLE_NAMES
from nvpipe.captions.subtitles import groups_of, two_lines
from nvpipe.captions.text import clean, closing_lead, is_initial, is_punctuation, is_symbols, join
from nvpipe.captions.tokens import tokens_of
from nvpipe.types import CaptionTrack, Word

ORPHANS = set(",;:!?)]}。、，！？」』】》؟،।…")
SMALL_KANA = set("ゃゅょっァィゥェォッャュョーぁぃぅぇぉ")
TOKENS = """
    J. R. R. Tolkien U.S. Mr. end. why? so, (yes) “quoted” l'homme 3.14 .5 #tag :x ,y !z …w )v ラ ー メ ン ち ょ っ と
    「 日本 」 、 。 你 好 ， 世 界 สวัส ดี שלום السلام قال ، ؟ है । नमस्ते — – - … ! ? “ ” ( ) 🎉 ❤️ 👍🏽 → ★ 1️⃣ 🇩🇪
"""
word = st.one_of(
    st.text(alphabet="abcDEF", min_size=1, max_size=9),
    st.sampled_from(TOKENS.split()),
    st.text(alphabet=".,;:!?()[]“”«»—…。、」「", min_size=1, max_size=4),
)


@st.composite
def narrations(draw: st.DrawFn) -> list[Word]:
    words, at_s, line = [], 0.0, 0
    for text in draw(st.lists(word, max_size=25)):
        at_s += draw(st.sampled_from([0.0, 0.0, 0.02, 0.1, 0.6]))
        length_s = draw(st.sampled_from([0.0, 0.04, 0.16, 0.4]))
        line += draw(st.sampled_from([0, 0, 0, 0, 1]))
        words.append(Word(text, at_s, at_s + length_s, line))
        at_s += length_s
    return words


def build(
    words: list[Word], *, name: str = "default", language: str = "en", duration_s: float = 60.0
) -> CaptionTrack:
    return build_captions(words, style=name, language=language, duration_s=duration_s)


def said(*texts: str, gap_s: float = 0.0, length_s: float = 0.16) -> list[Word]:
    step = gap_s + length_s
    return [Word(text, i * step, i * step + length_s, 0) for i, text in enumerate(texts)]


def shown(track: CaptionTrack) -> list[tuple[str, ...]]:
    return [group.words for group in groups_of(track)]


languages = st.sampled_from(["en", "ja", "zh", "th", "ar", "hi", "xx"])


@settings(max_examples=150, deadline=None)
@given(narrations(), st.sampled_from(list(STYLE_NAMES)), languages, st.floats(0, 15))
def test_times(words: list[Word], name: str, language: str, duration_s: float) -> None:
    track = build(words, name=name, language=language, duration_s=duration_s)
    end_s = 0.0
    for cue in track.cues:
        assert cue.start_s >= end_s
        assert round((cue.end_s - cue.start_s) * 1000) >= MIN_CUE_MS
        assert cue.end_s <= duration_s
        end_s = cue.end_s


@settings(max_examples=200, deadline=None)
@given(narrations(), st.sampled_from(list(STYLE_NAMES)), languages)
def test_no_orphans(words: list[Word], name: str, language: str) -> None:
    track = build(words, name=name, language=language)
    groups = shown(track)
    for group in groups:
        text = join(group)
        assert not is_punctuation(text)
        assert text[0] not in ORPHANS
        assert all(not closing_lead(item) and not is_punctuation(item) for item in group)
        for line in two_lines(text * 3, language):
            line = line.removeprefix("\u200f")
            assert not closing_lead(line)
            assert not is_punctuation(line.split(" ")[0]) or not line.split(" ")[0].strip("—–-…")
    alone = [item for group in groups for item in group if is_symbols(item)]
    assert not alone or sum(map(len, groups)) == 1, "an emoji has its neighbour's cue"


@settings(max_examples=150, deadline=None)
@given(narrations(), st.sampled_from(["en", "ja", "zh", "th"]))
def test_letters_come_out_in_order(words: list[Word], language: str) -> None:
    def letters(text: str) -> str:
        return "".join(char for char in text if unicodedata.category(char)[0] in "LN" and char not in "0123456789")

    spoken = letters("".join(clean(item.text) for item in words))
    assert letters("".join(join(group) for group in shown(build(words, language=language)))) == spoken


@settings(max_examples=100, deadline=None)
@given(st.text("これは日本語のテストですちょっとラーメンを食べたキャッシュ、。「」！ABC", min_size=1, max_size=60))
def test_japanese_lines_begin_as_uax_14_has_it(text: str) -> None:
    words = [Word(char, i * 0.1, i * 0.1 + 0.1, 0) for i, char in enumerate(text) if char.strip()]
    items = [item for group in shown(build(words, language="ja")) for item in group]
    for before, item in pairwise(items):
        assert item[0] not in ORPHANS
        # A small letter that nothing stands before is no mistake of the line's.
        assert item[0] not in SMALL_KANA or is_punctuation(before[-1]) or before[-1].isascii()


@pytest.mark.parametrize("name", STYLE_NAMES)
def test_initials_are_no_cues_of_their_own(name: str) -> None:
    track = build(said("by", "J.", "R.", "R.", "Tolkien", "himself"), name=name)
    assert not any(is_initial(item) for group in shown(track) for item in group)
    assert "J. R. R. Tolkien" in {item for group in shown(track) for item in group}


def test_an_initial_at_the_end_of_a_breath_keeps_its_place() -> None:
    words = [*said("plan", "B."), Word("Then", 2.0, 2.4, 0)]
    assert shown(build(words)) == [("plan", "B."), ("Then",)]


def test_emoji_join_the_word_before_them_or_at_the_start_the_one_after() -> None:
    assert shown(build(said("party", "🎉", "time"))) == [("party 🎉", "time")]
    assert shown(build(said("🎉", "party"))) == [("🎉 party",)]
    assert shown(build([*said("one"), Word("🎉", 1, 1.2, 1), Word("two", 3, 3.4, 2)])) == [("one 🎉",), ("two",)]
    assert shown(build(said("🎉", "🎊"))) == [("🎉 🎊",)]


def test_punctuation_before_a_word_goes_to_the_word_that_it_ends() -> None:
    assert shown(build(said("so", ",and", ".NET", "is", ".5"))) == [("so,",), ("and", ".NET"), ("is", ".5")]
    assert shown(build(said("?what"))) == [("what",)]
    assert shown(build(said("(", "yes", ")", "!"))) == [("(yes)!",)]


@pytest.mark.parametrize(
    ("language", "syllables", "expected"),
    [
        ("ja", "ラ ー メ ン を 、", ["ラーメンを、"]),
        ("ja", "ち ょ っ と 待 っ て", ["ちょっと", "待って"]),
        ("zh", "今 天 去 看 电 影 ， 好 吗 ？", ["今天", "去", "看", "电影，", "好", "吗？"]),
        ("th", "ส วัส ดี ชาว โล ก", ["สวัสดี", "ชาว", "โลก"]),
        ("ja", "「 東 京 」 Python", ["「東京」", "Python"]),
    ],
)
def test_syllables_become_words(language: str, syllables: str, expected: list[str]) -> None:
    items = [item for group in shown(build(said(*syllables.split()), language=language)) for item in group]
    assert items == expected


@pytest.mark.parametrize("language", ["fr", "pl", "fr-ca"])
def test_a_number_of_several_groups_of_digits_stays_in_one_piece(language: str) -> None:
    track = build(said("Elle", "vaut", "1", "200", "350", "€,", "dit-il"), language=language)
    assert any("1\u00a0200\u00a0350" in text for words in shown(track) for text in words)


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ("room", "12", "300", "times")),
        ("fr", ("en", "2023", "300", "fois")),
        ("fr", ("le", "12", "mai", "200")),
    ],
)
def test_numbers_beside_each_other_stay_two(language: str, texts: tuple[str, ...]) -> None:
    track = build(said(*texts), language=language)
    assert [text for words in shown(track) for text in words] == list(texts)


@pytest.mark.parametrize(
    ("written", "language", "shown"),
    [
        ("rose 45 % and A & B", "en", ["rose", "45\u00a0%", "and", "A\u00a0&", "B"]),
        ("# El puerto", "es", ["#\u00a0El", "puerto"]),
        ("« Oui ! » dit-il .", "fr", ["«\u00a0Oui\u00a0!\u00a0»", "dit-il."]),
        ("Hello ! World", "en", ["Hello!", "World"]),
    ],
)
def test_signs_keep_the_space_that_they_were_written_with(written: str, language: str, shown: list[str]) -> None:
    words = [Word(text, at * 0.3, at * 0.3 + 0.3, 0) for at, text in enumerate(written.split(" "))]
    assert [token.text for token in tokens_of(words, language=language, offset_s=0.0, max_chars=30)] == shown

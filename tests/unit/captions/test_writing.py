"""Clean text, emoji, letters of a style."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.captions.breaks import clusters
from nvpipe.captions.text import cased, clean, closing_lead, ends_sentence, is_initial, is_symbols, prefers_emoji

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a\n\tb\u00a0c ", "a b c"),
        ("e\u0301", "é"),
        ("a\u202eb\u200bc\ufeffd", "abcd"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👨\u200d👩", "👨\u200d👩"),
        (f"{FLAG}\U000e0041", FLAG),
        ("a\U000e0041b", "ab"),
        ("\U0001fae8", "\U0001fae8"),
        ("\ue000\ufdd0\uffff\ud800x", "x"),
        ("\u0600٣", "\u0600٣"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text(max_size=40))
def test_clean_text_is_one_line_and_stays_clean(text: str) -> None:
    found = clean(text)
    assert clean(found) == found == found.strip()
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") for char in found)


@pytest.mark.parametrize(
    "text", ["😀", "⌚", "❤\ufe0f", "1\ufe0f\u20e3", "🇩🇪", "👍🏽", "👨\u200d👩\u200d👧", FLAG, "🀄"]
)
def test_pictures(text: str) -> None:
    assert clusters(text) == [text]
    assert prefers_emoji(text)
    assert is_symbols(text)
    assert is_symbols(f"{text} {text}!")


@pytest.mark.parametrize("text", ["a", "1", "❤", "☀\ufe0e", "😀\ufe0e", "©", "你", "〈", "ﾊ", "#", ""])
def test_letters_and_text_symbols_are_no_pictures(text: str) -> None:
    assert not prefers_emoji(text)


@pytest.mark.parametrize("text", ["", "a", "!", "—", "a😀", "1", "1️⃣st", "©2024"])
def test_text_beside_a_picture_is_read(text: str) -> None:
    assert not is_symbols(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [(",a", 1), ("!?a", 2), (".NET", 0), (".5", 0), ("...so", 3), ("(a", 0), ("」の", 1), ("a,", 0)],
)
def test_what_closes_the_word_before(text: str, count: int) -> None:
    assert closing_lead(text) == count


def test_initials() -> None:
    assert [is_initial(text) for text in ("J.", "“J.", "Ж.", "j.", "U.S.", "J", "Mr.", "1.")] == [
        *(True, True, True),
        *(False,) * 5,
    ]
    assert not ends_sentence("J.", "Smith")
    assert ends_sentence("so.", "Then")
    assert not ends_sentence("U.S.", "law")


def test_letters_of_a_style() -> None:
    assert cased("straße", "upper", "de") == "STRASSE"
    assert cased("izmir", "upper", "tr") == "İZMİR"
    assert cased("ISPARTA İZMİR", "lower", "tr") == "ısparta izmir"
    assert cased("Ωμέγα ϊ", "upper", "el") == "ΩΜΕΓΑ Ϊ"
    assert cased("Mixed", "as written", "en") == "Mixed"
    assert cased("LOUD", "lower", "en") == "loud"

"""Direction of text: cases worked out by the rules of Unicode Standard Annex 9."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.captions.bidi import base_level, levels, visual_order


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABC אבג 123", "00001111222"),
        ("אבג ABC", "1111222"),
        ("אב 12-34", "11122222"),
        ("אב 12,34", "11122222"),
        ("אב $5", "11122"),
        ("سلام 12-34", "1111122122"),
        ("a(אב)c", "001100"),
        ("א(ab)ב", "112211"),
        ("א (ab", "11122"),
        ("אב! ", "1111"),
        ("א\u05b8ב", "111"),
        ("12 אב", "22111"),
    ],
)
def test_levels(text: str, expected: str) -> None:
    found = levels(text, base_level(text, "en"))
    assert "".join(map(str, found)) == expected


def test_the_first_letter_decides_and_else_the_language() -> None:
    assert [base_level(text, "en") for text in ("abc", "אבג", "سلام", "12 ב a", "12")] == [0, 1, 1, 1, 0]
    assert [base_level(text, "he") for text in ("abc", "abc, 2", "abc אבג", "12 ב a")] == [0, 0, 1, 1]
    assert [base_level("12", language) for language in ("he", "ar-EG", "en")] == [1, 1, 0]


def test_visual_order() -> None:
    assert visual_order([0, 0, 1, 1, 0]) == [0, 1, 3, 2, 4]
    assert visual_order([1, 2, 2, 1]) == [3, 1, 2, 0]
    assert visual_order([]) == []


@given(st.text(alphabet="aאع12٣ ()[].,+-$%\u05b8", max_size=20), st.sampled_from([0, 1]))
def test_every_character_gets_a_level_and_a_place(text: str, base: int) -> None:
    found = levels(text, base)
    assert len(found) == len(text)
    assert all(base <= level <= base + 2 for level in found)
    assert sorted(visual_order(found)) == list(range(len(text)))

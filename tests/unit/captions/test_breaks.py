"""Where text may be broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.captions.breaks import clusters, line_units, word_units


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("क्षत्रिय", ["क्ष", "त्रि", "य"]),
        ("e\u0301x", ["e\u0301", "x"]),
        ("👨‍👩‍👧👍🏽🇩🇪🇫🇷1️⃣", ["👨‍👩‍👧", "👍🏽", "🇩🇪", "🇫🇷", "1️⃣"]),
        ("한글", ["한", "글"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("", []),
        ("a\ud800b", ["a", "\ud800", "b"]),
    ],
)
def test_what_a_reader_takes_for_characters(text: str, expected: list[str]) -> None:
    assert clusters(text) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("「東京」は、", "ja", ["「東", "京」", "は、"]),
        ("ちょっと", "ja", ["ちょっ", "と"]),
        ("コーヒー", "en", ["コー", "ヒー"]),
        ("你好，（世界）。", "zh", ["你", "好，", "（世", "界）。"]),
        ("Python入門", "ja", ["Python", "入", "門"]),
        ("a well-known word", "en", ["a ", "well-", "known ", "word"]),
        ("สวัสดีชาวโลก", "th", ["สวัสดี", "ชาว", "โลก"]),
        ("$10.50 (net)", "xx-bad_tag", ["$10.50 ", "(net)"]),
    ],
)
def test_lines(text: str, language: str, expected: list[str]) -> None:
    assert line_units(text, language) == expected


def test_words_of_scripts_without_spaces() -> None:
    assert word_units("今天去看电影", "zh") == ["今天", "去", "看", "电影"]
    assert word_units("ラーメンを", "ja") == ["ラーメンを"]
    assert word_units("", "ja") == []


@given(st.text(max_size=60), st.sampled_from(["en", "ja", "zh", "th", "", "x-klingon", "EN-us"]))
def test_nothing_is_lost(text: str, language: str) -> None:
    assert (
        "".join(clusters(text)) == "".join(line_units(text, language)) == "".join(word_units(text, language)) == text
    )

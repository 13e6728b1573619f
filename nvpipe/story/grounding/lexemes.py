"""Text into tokens that keep their place, whatever digits and letters it is written in."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u0963\u0971-\u0dff\u0e31-\u0e4e"
"""Vowel signs and accents that Python's `\\w` leaves out."""
_LETTER = rf"(?:[^\W\d_]|[{_MARKS}])"
LONGEST_NUMBER_DIGITS = 40
_TOKEN = re.compile(
    rf"""
      (?P<number>\d+(?:[.,'’]\d+)*|\d{{1,3}}(?:[ \u00a0\u202f]\d{{3}}(?!\d))+(?:[.,]\d+)?)
    | (?P<word>{_LETTER}+(?:['’]{_LETTER}+)*)
    | (?P<mark>\S)
    """,
    re.VERBOSE,
)
_SPACED_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f]\d{3}(?![\d.,]?\d))+(?:[.,]\d+)?")
_NARROW_NUMBER = re.compile(r"\d{1,3}(?:[\u00a0\u202f]\d{3}(?![\d.,]?\d))+(?:[.,]\d+)?")
_POINT_LANGUAGE_CODES = "en hi zh ja ko he th ur bn ta te mr ne pa gu kn ml si my km lo sw ms tl cy ga"
_POINT_LANGUAGES = frozenset(_POINT_LANGUAGE_CODES.split())
_SEPARATORS = {"٫": ".", "٬": ",", "，": ",", "％": "%", "＄": "$", "−": "-", "‐": "-", "‑": "-", "‒": "–"}
_ALIKE = str.maketrans({"ँ": "ं", "’": "'", "ё": "е"})


class Token(NamedTuple):
    """A run of digits, a word or a single mark; the places are those of the text."""

    text: str
    key: str
    """Casefolded, without accents and nuktas."""
    start: int
    end: int
    kind: str
    """`n` number in digits, `w` word, `p` mark."""


def plain_digits(text: str) -> str:
    """The text with every decimal digit of any script as ASCII and one dash for many; of the same length."""
    if text.isascii():
        return text
    return "".join(
        char if char < "\x80" else str(unicodedata.decimal(char)) if char.isdecimal() else _SEPARATORS.get(char, char)
        for char in text
    )


def word_key(word: str) -> str:
    """What equal words have in common: casefolded, without accents, nuktas and curly apostrophes."""
    if word.isascii():
        return word.casefold()
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in parts if not ("\u0300" <= char <= "\u036f" or char == "\u093c")).translate(_ALIKE)


def key_set(words: str) -> frozenset[str]:
    """The keys of words parted by spaces."""
    return frozenset(map(word_key, words.split()))


def tokens_of(text: str, language: str) -> list[Token]:
    """The tokens of a text, in order; white space parts them and is none."""
    text = plain_digits(text)
    spaced = _NARROW_NUMBER if language in _POINT_LANGUAGES else _SPACED_NUMBER
    tokens: list[Token] = []
    at = 0
    while (found := _TOKEN.search(text, at)) is not None:
        start, end, kind = found.start(), found.end(), (found.lastgroup or "mark")[0]
        if kind == "n" and (longer := spaced.match(text, start)) and longer.end() > end:
            end = longer.end()
        written = text[start:end]
        tokens.append(Token(written, word_key(written), start, end, "p" if kind == "m" else kind))
        at = end
    return tokens


def digits_value(written: str, language: str) -> str:
    """A number in digits as a plain decimal numeral; empty for what is not one number (an address, a version).

    Both separators: the last is the decimal one. One separator before three digits parts thousands where the
    language writes it so (a point in German, a comma in English), else decimals.
    """
    written = re.sub(r"[ \u00a0\u202f'’]", "", written)
    if len(written) > LONGEST_NUMBER_DIGITS:
        return ""
    marks = [char for char in written if char in ".,"]
    if not marks:
        return written
    group = "," if language in _POINT_LANGUAGES else "."
    if len(set(marks)) == 2:
        decimal = marks[-1]
        if marks.count(decimal) > 1:
            return ""
        return written.replace("." if decimal == "," else ",", "").replace(decimal, ".")
    parts = written.split(marks[0])
    grouped = len(parts[-1]) == 3 and 1 <= len(parts[0]) <= 3 and all(len(part) in (2, 3) for part in parts[1:])
    if len(marks) > 1:
        return "".join(parts) if grouped else ""
    if grouped and marks[0] == group and parts[0] != "0":
        return "".join(parts)
    return ".".join(parts)

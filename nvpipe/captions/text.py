"""What captions need to know of writing: clean text, spaces, punctuation, widths, clusters."""

from __future__ import annotations

import re
import unicodedata

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff01-\uff65\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Han, kana, bopomofo and full-width forms; Hangul is written with spaces."""

_SENTENCE_END = ".!?…。！？．؟۔।॥"
_CLAUSE_END = ",;:،؛、，；：—–"
_DASHES = "-‐‑‒–—―"
_TITLES = frozenset(
    ("Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Sr", "Jr", "Gen", "Sen", "Rep", "Gov", "Lt", "Col", "Sgt", "vs")
)
_INITIALS = re.compile(r"(?:\w\.)+", re.UNICODE)
_ZERO_WIDTH_JOINER = "\u200d"
_KEPT_FORMATS = "\u200c\u200d"


def clean(text: str) -> str:
    """NFC text without control, unassigned and invisible formatting characters, single-spaced.

    The zero-width joiner and non-joiner stay: they change the shapes of Persian and Indic letters.
    """
    kept = (
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", text)
        if char in _KEPT_FORMATS
        or char.isspace()
        or unicodedata.category(char) not in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
    )
    return " ".join("".join(kept).split())


def is_unspaced(text: str) -> bool:
    """Whether the text is in a script that is written without spaces between words."""
    return bool(_UNSPACED.search(text))


def needs_space(before: str, after: str) -> bool:
    """Whether a space stands between two words."""
    return not (before and after and is_unspaced(before[-1]) and is_unspaced(after[0]))


def join(words: tuple[str, ...]) -> str:
    """Words as they are written in a row."""
    text = ""
    for word in words:
        text += f" {word}" if text and word and needs_space(text, word) else word
    return text


def is_punctuation(text: str) -> bool:
    """Whether the text consists of punctuation alone."""
    return bool(text) and all(unicodedata.category(char)[0] in "PZ" for char in text)


def is_opening(text: str) -> bool:
    """Whether punctuation belongs to the word after it."""
    return all(char in "¿¡" or unicodedata.category(char) in ("Ps", "Pi") for char in text)


def is_dash(text: str) -> bool:
    """Whether punctuation is a dash, which keeps its space."""
    return all(char in _DASHES for char in text)


def _stem(text: str) -> str:
    """Text without the quotes and brackets that close it."""
    end = len(text)
    while end and (text[end - 1] in "\"'’»" or unicodedata.category(text[end - 1]) in ("Pe", "Pf")):
        end -= 1
    return text[:end]


def ends_sentence(text: str, following: str) -> bool:
    """Whether a sentence ends with this word; titles and initials (`Mr.`, `U.S.`) do not end one."""
    stem = _stem(text)
    if not stem or stem[-1] not in _SENTENCE_END:
        return False
    if stem[-1] != "." or stem.endswith(".."):
        return True
    word = stem.lstrip("\"'(“‘«[").rstrip(".")
    return not (word in _TITLES or (_INITIALS.fullmatch(stem.lstrip("(“‘")) and following[:1].islower()))


def ends_clause(text: str) -> bool:
    """Whether a comma, colon or dash ends this word."""
    stem = _stem(text)
    return bool(stem) and stem[-1] in _CLAUSE_END


def columns(text: str) -> int:
    """Width in character cells: wide East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def clusters(text: str) -> list[str]:
    """Text split where a line may be broken without separating marks, conjuncts or jamo from their base.

    A short form of UAX 29's extended grapheme clusters, with Indic conjuncts kept whole.
    """
    parts: list[str] = []
    for char in text:
        if parts and _continues(parts[-1], char):
            parts[-1] += char
        else:
            parts.append(char)
    return parts


def _continues(cluster: str, char: str) -> bool:
    last = cluster[-1]
    return (
        unicodedata.category(char)[0] == "M"
        or char in _KEPT_FORMATS
        or last == _ZERO_WIDTH_JOINER
        or unicodedata.combining(last) == 9  # a virama: the next consonant is part of the conjunct
        or "\u1160" <= char <= "\u11ff"
        or char in "、。，．！？：；）」』】〉》"
    )

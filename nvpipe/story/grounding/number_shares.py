"""Shares of one: `half a million`, `two thirds`, `and a half`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from nvpipe.story.grounding.lexemes import Token
from nvpipe.story.grounding.number_words import NumberWords


class Found(NamedTuple):
    """A number that ends before the token `end`."""

    end: int
    values: tuple[Fraction, ...]
    kind: str = "cardinal"
    weak: bool = False
    """It may be no number at all: `one`, `un`, `eine`."""
    parts: tuple[Fraction, ...] = ()


_HALF = {
    "en": ("and a half", "and one half", "and a quarter", "and three quarters", "and a third", "and two thirds"),
    "es": ("y medio", "y media", "y cuarto"),
    "fr": ("et demi", "et demie", "et quart"),
    "pt": ("e meio", "e meia", "e um quarto"),
    "it": ("e mezzo", "e mezza", "e un quarto"),
    "hi": (),
    "de": ("einhalb",),
}
_QUARTERS = ("quarter", "cuarto", "quart", "quarto")
_HALF_VALUES = dict.fromkeys(_QUARTERS, Fraction(1, 4)) | {
    "third": Fraction(1, 3),
    "quarters": Fraction(3, 4),
    "thirds": Fraction(2, 3),
}


def share_of(tokens: Sequence[Token], at: int, words: NumberWords) -> Found | None:
    """`half a million`, `a quarter of a million`, `medio millón`, `a third`, `two thirds`, `डेढ़ लाख`."""
    many, after = Fraction(1), at
    key = tokens[at].key
    if key in words.articles and at + 1 < len(tokens) and tokens[at + 1].key in words.halves:
        after = at + 1
    elif key in words.values and at + 1 < len(tokens):
        after = at + 2 if tokens[at + 1].text == "-" else at + 1
        many = Fraction(words.values[key])
        if after >= len(tokens) or tokens[after].key not in words.halves or not 1 < many < 20:
            return None
        if words.halves[tokens[after].key].denominator <= many:
            return None
    if after >= len(tokens) or tokens[after].key not in words.halves:
        return None
    share = words.halves[tokens[after].key]
    if after == at and tokens[at].key in words.ordinals:
        return None
    end = after + 1
    scale, end = _scale_of(tokens, end, words)
    if scale:
        return multiplied(tokens, end, many * share * scale, words)
    values: tuple[Fraction, ...] = (many * share,)
    if many == 1 and tokens[after].key in words.ordinals:
        values = (*values, Fraction(words.ordinals[tokens[after].key]))
    return Found(end, values, "share")


def multiplied(tokens: Sequence[Token], end: int, value: Fraction, words: NumberWords) -> Found:
    """A value times the hundreds and scales that follow it."""
    while end < len(tokens):
        key = tokens[end].key
        scale = words.scales.get(key) or (100 if key in words.hundreds else 0)
        if not scale:
            break
        value, end = value * scale, end + 1
    return Found(end, (value,))


def _scale_of(tokens: Sequence[Token], end: int, words: NumberWords) -> tuple[int, int]:
    """The scale that a share is of, and the token after it; 0 where it is of something else."""
    for skip in range(3):
        if end + skip >= len(tokens):
            break
        key = tokens[end + skip].key
        hundred = 100 if key in words.hundreds and not skip else 0
        scale = words.scales.get(key) or words.collective.get(key, 0) or hundred
        if scale:
            return scale, end + skip + 1
        if key not in words.articles and key not in ("of", "de", "di", "-", "d"):
            break
    return 0, end


def half_after(tokens: Sequence[Token], at: int, language: str) -> tuple[int, Fraction] | None:
    """What `and a half` and its like add, and the token after it."""
    for phrase in _HALF.get(language, ()):
        keys = phrase.split()
        if [token.key for token in tokens[at : at + len(keys)]] == keys:
            return at + len(keys), _HALF_VALUES.get(keys[-1], Fraction(1, 2))
    return None

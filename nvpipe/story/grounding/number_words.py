"""The words that numbers are written with, in English, Spanish, French, Portuguese, Italian, Hindi and German."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache

LONGEST_COMPOUND_CHARS = 100


@dataclass(frozen=True)
class NumberWords:
    """The number words of one language, by their keys (`lexemes.word_key`)."""

    values: Mapping[str, int]
    """Those below a thousand, which are added."""
    hundreds: frozenset[str]
    """Those that multiply by a hundred what stands before them."""
    scales: Mapping[str, int]
    """Those that multiply by a thousand and more."""
    links: frozenset[str]
    """`and` within a number."""
    points: frozenset[str]
    """The decimal point."""
    halves: Mapping[str, Fraction]
    """Shares of one, as in `half a million` and `three and a half`."""
    articles: frozenset[str] = frozenset()
    """What stands before a share or a scale and says one."""
    ordinals: Mapping[str, int] = field(default_factory=dict)
    collective: Mapping[str, int] = field(default_factory=dict)
    """A dozen and its like."""
    vague: Mapping[str, int] = field(default_factory=dict)
    """Plurals that say only the order of magnitude: hundreds, thousands."""
    minus: frozenset[str] = frozenset()


_NONE = NumberWords({}, frozenset(), {}, frozenset(), frozenset(), {})


@cache
def number_words(language: str) -> NumberWords:
    """The number words of a language (ISO 639-1); of one that is not known, none."""
    from nvpipe.story.grounding.number_tables import MAKERS

    return MAKERS[language]() if language in MAKERS else _NONE


@lru_cache(maxsize=8192)
def compound_value(key: str, language: str) -> int | None:
    """The value of a number below a million written as one word, in German and Italian; None for another word.

    Args:
        key: the word's key (`lexemes.word_key`).
    """
    if len(key) > LONGEST_COMPOUND_CHARS:
        return None
    if language == "de":
        return _german_compound(key)
    return _italian_compound(key) if language == "it" else None


def _german_compound(key: str) -> int | None:
    for word, factor in (("tausend", 1000), ("hundert", 100)):
        left, found, right = key.partition(word)
        if found:
            before = _german_compound(left) if left else 1
            after = _german_compound(right.removeprefix("und") if right else "null")
            if before is None or after is None or not 0 < before < 1000 or after >= factor:
                return None
            return before * factor + after
    values = number_words("de").values
    unit, link, ten = key.partition("und")
    if link and unit in values and ten in values and values[unit] < 10 <= 20 <= values[ten]:
        return values[unit] + values[ten]
    return values.get(key)


def _italian_compound(key: str) -> int | None:
    if key.startswith("mille") and len(key) > 5:
        after = _italian_compound(key[5:])
        return 1000 + after if after is not None and after < 1000 else None
    left, found, right = key.partition("mila")
    if found:
        before, after = _italian_compound(left), _italian_compound(right) if right else 0
        if before is None or after is None or not 1 < before < 1000 or after >= 1000:
            return None
        return before * 1000 + after
    return _italian_below_thousand(key)


def _italian_below_thousand(key: str) -> int | None:
    values = number_words("it").values
    if key in values:
        return values[key]
    for elided in ("cento", "cent"):
        left, found, right = key.partition(elided)
        if found:
            before = values.get(left) if left else 1
            after = _italian_below_thousand(right) if right else 0
            if before is not None and after is not None and before < 10 and after < 100:
                return before * 100 + after
    for ten, value in values.items():
        if 20 <= value < 100 and key.startswith(ten[:-1]):
            rest = key[len(ten) :] if key.startswith(ten) else key[len(ten) - 1 :]
            unit = values.get(rest)
            if unit is not None and 0 < unit < 10 and (key.startswith(ten) or rest in ("uno", "un", "otto")):
                return value + unit
    return None

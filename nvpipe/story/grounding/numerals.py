"""Numbers in a text, in digits and in words, with what they count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from nvpipe.story.grounding.lexemes import Token, key_set, tokens_of, word_key
from nvpipe.story.grounding.number_joins import Quantity, joined, nearness
from nvpipe.story.grounding.number_scan import scan_number
from nvpipe.story.grounding.number_shares import Found, half_after
from nvpipe.story.grounding.number_words import number_words
from nvpipe.story.grounding.units import (
    CURRENCIES,
    PERCENT_PHRASES,
    POINT_WORDS,
    SYMBOLS,
    Unit,
    unit_named,
    unit_words,
)

_BEFORE_UNIT = key_set("us percentage full whole square cubic de d di more")
_NOT_MINUS_AFTER = key_set("al lo pelo ao au du d'au o ou or oder ni nem")
"""`al menos 5` is at least five, `plus ou moins 5` about five."""
_BELOW_ZERO = {
    word_key(words)
    for words in ("below zero", "below freezing", "unter null", "bajo cero", "sous zéro", "sotto zero")
}
_HOUR_S = 3600
_EACH = key_set("a an per each every al por par pro am im all'ora ao")
_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_COUNTRY_DOLLARS = re.compile(r"(?:US|A|AU|C|CA|HK|NZ|S|R)")


def quantities_of(text: str, language: str) -> tuple[Quantity, ...]:
    """The numbers of a text in order, each with its unit.

    Not read: `one` and its like in words without a unit (an article or a pronoun as often as a number), `first`, and
    words that multiply without a number (double, both).

    Args:
        language: ISO 639-1 code; words are read in en, es, fr, pt, it, hi and de, digits in every language.
    """
    return quantities_in(tokens_of(text, language), language)


def quantities_in(tokens: Sequence[Token], language: str) -> tuple[Quantity, ...]:
    """As `quantities_of`, of a text already in tokens."""
    units = unit_words(language)
    read: list[Quantity] = []
    at = 0
    while at < len(tokens):
        found = _unit_and_half(tokens, at, units, language) or scan_number(tokens, at, language) or _roman(tokens, at)
        if found is None:
            if tokens[at].kind == "n":
                read.append(_unread(tokens[at]))
            at += 1
            continue
        quantity, after = _with_unit(tokens, at, found, units, language)
        read.append(quantity)
        at = max(after, at + 1)
    return joined(read, tokens)


def _unit_and_half(tokens: Sequence[Token], at: int, units: dict[str, Unit], language: str) -> Found | None:
    """`a year and a half`: the article is the number."""
    if tokens[at].key not in number_words(language).articles or at + 2 >= len(tokens):
        return None
    if tokens[at + 1].key in units and half_after(tokens, at + 2, language):
        return Found(at + 1, (Fraction(1),))
    return None


def _with_unit(
    tokens: Sequence[Token], at: int, found: Found, units: dict[str, Unit], language: str
) -> tuple[Quantity, int]:
    unit, first, after = _unit_around(tokens, at, found, units)
    kind = found.kind
    if unit is not None and kind == "ordinal" and unit.base not in CURRENCIES and unit.base != "percent":
        unit, after = None, found.end
    factor = unit.factor if unit is not None else Fraction(1)
    values = found.values
    if unit is not None and (half := half_after(tokens, after, language)):
        after, share = half
        values = tuple(value + share for value in values)
    sign = -1 if _is_negative(tokens, first, language) else 1
    if _is_below_zero(tokens, after):
        sign, after = -1, after + 2
    quantity = Quantity(
        text=" ".join(_spaced(tokens[first:after])),
        start=tokens[first].start,
        end=tokens[after - 1].end,
        values=tuple(sign * value * factor for value in values),
        kind=kind,
        unit=unit.base if unit is not None else "",
        near=nearness(tokens, first, after, language),
        noun=_noun(tokens, after, units),
        parts=found.parts,
        factor=factor,
        weak=found.weak
        and (unit is None or (unit.base != "percent" and unit.base not in CURRENCIES and values == found.values)),
    )
    return quantity, after


def _spaced(tokens: Sequence[Token]) -> list[str]:
    words: list[str] = []
    for at, token in enumerate(tokens):
        if at and tokens[at - 1].end == token.start:
            words[-1] += token.text
        else:
            words.append(token.text)
    return words


def _unit_around(
    tokens: Sequence[Token], at: int, found: Found, units: dict[str, Unit]
) -> tuple[Unit | None, int, int]:
    """The unit of a number, the first token of both, and the token after both."""
    end = found.end
    first = at
    unit = None
    if at and tokens[at - 1].text in SYMBOLS and SYMBOLS[tokens[at - 1].text] in CURRENCIES:
        unit, first = unit_named(SYMBOLS[tokens[at - 1].text]), at - 1
        if first and _COUNTRY_DOLLARS.fullmatch(tokens[first - 1].text):
            first -= 1
    if unit is not None:
        named = units.get(tokens[end].key) if end < len(tokens) else None
        return unit, first, end + 1 if named is not None and named.base == unit.base else end
    after = end
    if after < len(tokens) and tokens[after].text in "-‑ " and after + 1 < len(tokens):
        after += 1
    pair = " ".join(token.key for token in tokens[after : after + 2])
    if pair in PERCENT_PHRASES:
        return _percent(tokens, after + 2, first)
    if after >= len(tokens):
        return None, first, end
    token = tokens[after]
    if token.text in SYMBOLS:
        after += 1
        if SYMBOLS[token.text] == "percent":
            return _percent(tokens, after, first)
        if SYMBOLS[token.text] == "degree" and after < len(tokens) and tokens[after].text in ("C", "F"):
            after += 1
        return unit_named(SYMBOLS[token.text]), first, after
    skipped = _BEFORE_UNIT | ({"a", "an", "of"} if found.kind == "share" else set())
    while after < len(tokens) and tokens[after].key in skipped and after < end + 3:
        after += 1
    named = units.get(tokens[after].key.removeprefix("d'")) if after < len(tokens) else None
    if named is None:
        return None, first, end
    if named.base == "percent":
        return _percent(tokens, after + 1, first)
    if named.base == "point" and tokens[after].text in ("point", "points") and tokens[after - 1].key != "percentage":
        return None, first, end
    if (
        named.base in ("metre", "second", "watt", "gram")
        and len(tokens[after].text) == 1
        and tokens[after].text.isupper()
    ):
        return None, first, end
    if named.base in ("metre", "mile") and (hour := _hour_after(tokens, after + 1, units)):
        return unit_named("kmh" if named.base == "metre" else "mph"), first, hour
    return named, first, after + 1


def _hour_after(tokens: Sequence[Token], at: int, units: dict[str, Unit]) -> int:
    """The token after `/h` or `per hour`; 0 where that does not stand there."""
    if at + 1 >= len(tokens):
        return 0
    if tokens[at].key in ("all'ora", "l'heure"):
        return at + 1
    hour = units.get(tokens[at + 1].key.removeprefix("l'"))
    each = tokens[at].key in _EACH or tokens[at].text == "/"
    return at + 2 if each and hour is not None and hour.factor == _HOUR_S else 0


def _noun(tokens: Sequence[Token], at: int, units: dict[str, Unit]) -> str:
    """What the number counts, or how often it does."""
    if at >= len(tokens) or tokens[at].kind != "w":
        return ""
    if tokens[at].key in _EACH and at + 1 < len(tokens) and (unit := units.get(tokens[at + 1].key)):
        return f"per {tokens[at + 1].key}" if unit.base in ("second", "month") else ""
    return tokens[at].key


def _percent(tokens: Sequence[Token], after: int, first: int) -> tuple[Unit, int, int]:
    """Percent, or percentage points where that is what follows: they are no per cent."""
    if after < len(tokens) and tokens[after].key in POINT_WORDS:
        return unit_named("point"), first, after + 1
    return unit_named("percent"), first, after


def _is_negative(tokens: Sequence[Token], first: int, language: str) -> bool:
    if not first:
        return False
    before = tokens[first - 1]
    if before.key in number_words(language).minus:
        return first < 2 or (tokens[first - 2].kind != "n" and tokens[first - 2].key not in _NOT_MINUS_AFTER)
    glued = before.text in "-–" and before.end == tokens[first].start
    return glued and (first < 2 or tokens[first - 2].end < before.start or tokens[first - 2].text in "(\"'“")


def _is_below_zero(tokens: Sequence[Token], after: int) -> bool:
    """`five degrees below zero`."""
    return " ".join(token.key for token in tokens[after : after + 2]) in _BELOW_ZERO


def _roman(tokens: Sequence[Token], at: int) -> Found | None:
    """A roman numeral after a name or a heading word: `Henry VIII`, `World War II`, `Chapter IV`."""
    token = tokens[at]
    if not at or token.kind != "w" or not 1 < len(token.text) < 16 or not _ROMAN.fullmatch(token.text):
        return None
    if not tokens[at - 1].text[:1].isupper() or token.text in ("MD", "CD", "DC", "MC", "CV", "MI", "DI", "MIX"):
        return None
    values = [_ROMAN_VALUES[char] for char in token.text]
    total = sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))
    return Found(at + 1, (Fraction(total),), "either")


def _unread(token: Token) -> Quantity:
    """Digits that are not one number (a version, an address): equal only to the same digits."""
    return Quantity(token.text, token.start, token.end, (), "literal", "", "", "")

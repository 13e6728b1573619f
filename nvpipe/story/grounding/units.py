"""What is counted: currencies, percentages, times and measures, under one name in every language."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from nvpipe.story.grounding.lexemes import word_key


class Unit(NamedTuple):
    """A unit and how many of its base unit it is."""

    base: str
    factor: Fraction


SYMBOLS = {
    "$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee", "₽": "rouble", "₩": "won", "₿": "bitcoin",
    "%": "percent", "‰": "permille", "°": "degree", "℃": "degree", "℉": "degree",
}  # fmt: skip
CURRENCIES = frozenset(
    ("dollar", "euro", "pound", "yen", "rupee", "rouble", "won", "franc", "krona", "yuan", "peso", "real", "bitcoin")
)
_BASES = {
    "cent": ("dollar", Fraction(1, 100)),
    "permille": ("percent", Fraction(1, 10)),
    "minute": ("second", Fraction(60)),
    "hour": ("second", Fraction(3600)),
    "day": ("second", Fraction(86_400)),
    "week": ("second", Fraction(7 * 86_400)),
    "fortnight": ("second", Fraction(14 * 86_400)),
    "year": ("month", Fraction(12)),
    "decade": ("month", Fraction(120)),
    "century": ("month", Fraction(1200)),
    "kilometre": ("metre", Fraction(1000)),
    "centimetre": ("metre", Fraction(1, 100)),
    "millimetre": ("metre", Fraction(1, 1000)),
    "kilogram": ("gram", Fraction(1000)),
    "milligram": ("gram", Fraction(1, 1000)),
    "tonne": ("gram", Fraction(1_000_000)),
    "kilowatt": ("watt", Fraction(1000)),
    "megawatt": ("watt", Fraction(10**6)),
    "gigawatt": ("watt", Fraction(10**9)),
    "kilobyte": ("byte", Fraction(1000)),
    "megabyte": ("byte", Fraction(10**6)),
    "gigabyte": ("byte", Fraction(10**9)),
    "terabyte": ("byte", Fraction(10**12)),
}
"""Those that are read into another: a month is no number of days, a mile no number of metres that anybody says."""

PERCENT_PHRASES = frozenset(("per cent", "por ciento", "pour cent", "por cento", "per cento", "v h"))
"""Two words that say percent, by their keys."""
POINT_WORDS = frozenset(("point", "points", "puntos", "pontos", "punti", "prozentpunkte", "अंक"))


@cache
def unit_words(language: str) -> dict[str, Unit]:
    """The units of a language by the keys of their words and abbreviations (`lexemes.word_key`)."""
    tables = tomllib.loads(files("nvpipe.story.grounding").joinpath("units.toml").read_text(encoding="utf-8"))
    table: dict[str, Unit] = {}
    for name, words in (*tables["any"].items(), *tables.get(language, {}).items()):
        table |= dict.fromkeys(map(word_key, words.split()), unit_named(name))
    return table


def unit_named(name: str) -> Unit:
    """The base unit of a unit's name, which stands for itself unless it is part of another."""
    base, factor = _BASES.get(name, (name, Fraction(1)))
    return Unit(base, factor)

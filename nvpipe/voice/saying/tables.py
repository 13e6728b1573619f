"""How a language says numbers, units, currencies and abbreviations: its table, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

LANGUAGES = ("en", "es", "fr", "pt", "it", "de", "hi")
"""Those that have a table; texts of others are said as they are written."""
_POINT_DECIMALS = frozenset(("en", "hi"))
_POINT_REGIONS = frozenset(("es-419", "es-mx", "es-us", "de-ch"))


def word_list(words: str) -> list[str]:
    """Words that are parted by spaces."""
    return words.split()


def word_set(words: str) -> frozenset[str]:
    return frozenset(word_list(words))


class Noun(NamedTuple):
    """What is counted."""

    one: str
    many: str
    gender: str
    """`m` or `f`."""

    def of(self, number: str, few: bool) -> str:
        return f"{number} {self.one if few else self.many}"


@dataclass(frozen=True)
class Tongue:
    """A language as it is said."""

    tag: str
    """With its region, where that was given: `en-gb`."""
    code: str
    decimal: str
    """The character before the decimals."""
    text: Mapping[str, str]
    scales: Mapping[str, str]
    fractions: Mapping[str, str]
    units: Mapping[str, Noun]
    currencies: Mapping[str, tuple[Noun, Noun | None]]
    abbreviations: Mapping[str, str]
    before_number: Mapping[str, str]
    days: Mapping[str, str]
    nouns: Mapping[str, frozenset[str]]
    rulers: Mapping[str, str]
    """First names of rulers, and the gender of each."""
    alone: frozenset[str]
    """Words after which a roman numeral may be one letter."""


def noun(written: str) -> Noun:
    """`singular|plural`, feminine with a star before it."""
    gender = "f" if written.startswith("*") else "m"
    one, _, many = written.removeprefix("*").partition("|")
    return Noun(one, many or one, gender)


def _currency(written: str) -> tuple[Noun, Noun | None]:
    parts = written.split("|")
    small = noun("|".join(parts[2:4])) if len(parts) > 2 else None
    return noun("|".join(parts[:2])), small


@cache
def tongue(tag: str) -> Tongue | None:
    """The table of a language, perhaps with its region; None of one that has none."""
    parts = tag.lower().replace("_", "-").split("-")
    code, tag = parts[0], "-".join(parts[:2])
    if code not in LANGUAGES:
        return None
    written = files("nvpipe.voice.saying").joinpath(f"languages/{code}.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(written)
    roman = table["roman"]
    return Tongue(
        tag=tag,
        code=code,
        decimal="." if code in _POINT_DECIMALS or tag in _POINT_REGIONS else ",",
        text=table["text"],
        scales=table["scales"],
        fractions=table["fractions"],
        units={symbol: noun(words) for symbol, words in table["units"].items()},
        currencies={code: _currency(words) for code, words in table["currencies"].items()},
        abbreviations=table["abbreviations"],
        before_number=table["before_number"],
        days=table.get("days", {}),
        nouns={name: frozenset(words.split()) for name, words in table.get("nouns", {}).items()},
        rulers={name.removeprefix("+"): "f" if name[0] == "+" else "m" for name in roman["rulers"].split()},
        alone=frozenset(roman["alone"].split()),
    )


def gender_of(word: str, speech: Tongue) -> str:
    """`f` for a word that is known or looks to be a feminine noun, else `m`."""
    table = speech.nouns
    if not table or not word:
        return "m"
    if word in table["masculine"]:
        return "m"
    if word in table["feminine"]:
        return "f"
    endings = table["feminine_endings"]
    return "f" if len(word) > 3 and any(word.endswith(ending) for ending in endings) else "m"

"""The rules of saying of a language, in the order in which they have their turn."""

from __future__ import annotations

import re
from functools import cache

from nvpipe.voice.saying import Rule, rule, template
from nvpipe.voice.saying_tables import tongue

_SUPERSCRIPT = str.maketrans("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ ")


def _raised(match: re.Match[str]) -> list[tuple[str, int, int]]:
    return [(match[1].translate(_SUPERSCRIPT).strip(), *match.span())]


@cache
def raw_rules(language: str) -> tuple[Rule, ...]:
    """For the text as it is written: what is made of signs that are never said."""
    speech = tongue(language)
    if speech is None:
        return ()
    from nvpipe.voice.saying_addresses import address_rules, hashtag_rules

    caret = rule(r"(?<=[\w)])\^([-+]?\d{1,21})(?!\d)", _raised)
    return (*address_rules(speech), *hashtag_rules(), caret)


@cache
def said_rules(language: str) -> tuple[Rule, ...]:
    """For the text without emoji and the like; none for a language that has no table."""
    speech = tongue(language)
    if speech is None:
        return ()
    from nvpipe.voice import saying_amounts, saying_dates, saying_digits, saying_figures, saying_names

    return (
        saying_digits.long_rows(speech),
        template(r"(?<=\d) ?º ?(?=[CF](?!\w))", "°"),
        *saying_names.abbreviation_rules(speech),
        *saying_figures.phone_rules(speech),
        *saying_figures.version_rules(speech),
        *saying_dates.date_rules(speech),
        *saying_amounts.money_rules(speech),
        *saying_amounts.percent_rules(speech),
        *saying_figures.ordinal_rules(speech),
        *saying_figures.fraction_rules(speech),
        *saying_amounts.unit_rules(speech),
        *saying_figures.range_rules(speech),
        *saying_figures.power_rules(speech),
        *saying_figures.model_rules(speech),
        *saying_names.roman_rules(speech),
        *saying_names.acronym_rules(),
        *saying_names.sign_rules(speech),
        *saying_digits.number_rules(speech),
    )


def is_told(language: str) -> bool:
    """Whether there are rules for a language."""
    return tongue(language) is not None

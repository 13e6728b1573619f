"""The rules of saying of a language, in the order in which they have their turn."""

from __future__ import annotations

import re
from functools import cache

from nvpipe.voice.saying.rewriting import Rule, rule, template
from nvpipe.voice.saying.tables import tongue

_SUPERSCRIPT = str.maketrans("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ ")


def _raised(match: re.Match[str]) -> list[tuple[str, int, int]]:
    return [(match[1].translate(_SUPERSCRIPT).strip(), *match.span())]


@cache
def raw_rules(language: str) -> tuple[Rule, ...]:
    """For the text as it is written: what is made of signs that are never said."""
    speech = tongue(language)
    if speech is None:
        return ()
    from nvpipe.voice.saying.addresses import address_rules, hashtag_rules

    caret = rule(r"(?<=[\w)])\^([-+]?\d{1,21})(?!\d)", _raised)
    return (*address_rules(speech), *hashtag_rules(), caret)


@cache
def said_rules(language: str) -> tuple[Rule, ...]:
    """For the text without emoji and the like; none for a language that has no table."""
    speech = tongue(language)
    if speech is None:
        return ()
    from nvpipe.voice.saying import amounts, dates, digits, figures, names

    return (
        digits.long_rows(speech),
        template(r"(?<=\d) ?º ?(?=[CF](?!\w))", "°"),
        *names.abbreviation_rules(speech),
        *figures.phone_rules(speech),
        *figures.version_rules(speech),
        *dates.date_rules(speech),
        *amounts.money_rules(speech),
        *amounts.percent_rules(speech),
        *figures.ordinal_rules(speech),
        *figures.fraction_rules(speech),
        *amounts.unit_rules(speech),
        *figures.range_rules(speech),
        *figures.power_rules(speech),
        *figures.model_rules(speech),
        *names.roman_rules(speech),
        *names.acronym_rules(),
        *names.sign_rules(speech),
        *digits.number_rules(speech),
    )


def is_told(language: str) -> bool:
    """Whether there are rules for a language."""
    return tongue(language) is not None

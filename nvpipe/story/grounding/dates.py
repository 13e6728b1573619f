"""Dates, weekdays and times of day in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from nvpipe.story.grounding.lexemes import Token, key_set, plain_digits, word_key
from nvpipe.story.grounding.number_joins import Quantity


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date as far as it is told; 0 for what is not."""

    text: str
    start: int
    end: int
    year: int = 0
    month: int = 0
    day: int = 0
    other_reading: tuple[int, int] = (0, 0)
    """Month and day the other way round, of `3/4/2024`."""
    weekday: int = 0
    """Monday is 1."""
    minute: int = -1
    """Minutes since midnight; on a clock of twelve hours where `half` is not told."""
    half: str = ""
    """`am` or `pm` where it is told or follows from the hour."""


_ISO = re.compile(r"(?<![\d-])([12]\d{3})-([01]?\d)-([0-3]?\d)(?![\d-])")
_NUMERIC = re.compile(r"(?<![\d./-])([0-3]?\d)([./-])([0-3]?\d)\2([12]\d{3}|\d{2})(?![\d/-])")
_CLOCK = re.compile(
    r"(?<![\d:.,$€£])([01]?\d|2[0-4])"
    r"(?:[:h.]([0-5]\d)(?![\d.,:%])|(?= ?(?:[ap]\.?m\b|o['’]clock|Uhr\b|heures\b|h\b)))"
    r"(?: ?(?:(?P<half>[ap])\.? ?m\b\.?|(?P<named>o['’]clock|Uhr|hrs|heures|h\b)))?"
    r"(?: (?:in the|at) (?P<part>morning|afternoon|evening|night)\b)?",
    re.IGNORECASE,
)
_SPOKEN_PARTS = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "pm"}
_BETWEEN_DATE_PARTS = frozenset(("of", "de", "del", "do", "di", "the", ",", ".", "den", "le", "el"))
_SHY_MONTHS = key_set("may march mar set mai mars marte sept dec jan jun ago gen")
"""Words that are months only beside a day, a year or a preposition."""
_BEFORE_MONTH = key_set(
    "in since until by of last next this early late mid before after during from through to for en desde "
    "hasta de enero depuis avant après avril fin début em até desde im seit bis anfang ende mitte a da "
    "dal nel"
)
_MORE_MONTHS = {
    "hi": {"सितम्बर": 9, "नवम्बर": 11, "दिसम्बर": 12, "अक्तूबर": 10},
    "en": {"sept": 9},
    "es": {"setiembre": 9},
}
_MORE_DAYS = {
    "pt": {"segunda-feira": 1, "terça-feira": 2, "quarta-feira": 3, "quinta-feira": 4, "sexta-feira": 5},
    "hi": {"बृहस्पतिवार": 4, "वीरवार": 4},
    "de": {"sonnabend": 6},
    "en": {"tues": 2, "weds": 3, "thurs": 4},
}
_SHY_DAYS = key_set("sun sat mar mer sab dom lun gio ven mon wed fri di do mi so sa")


@cache
def calendar_words(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """Months (from 1) and weekdays (Monday is 1) of a language by their keys, from Unicode's CLDR."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return {}, {}
    months: dict[str, int] = {}
    days: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            months |= {word_key(str(name)).strip("."): at for at, name in locale.months[context][width].items()}
            days |= {word_key(str(name)).strip("."): at + 1 for at, name in locale.days[context][width].items()}
    months |= {word_key(name): at for name, at in _MORE_MONTHS.get(language, {}).items()}
    days |= {word_key(name): at for name, at in _MORE_DAYS.get(language, {}).items()}
    digits = re.compile(r"\d|\A.\Z")
    days = {name: at for name, at in days.items() if not digits.search(name) and name not in _SHY_DAYS}
    return {name: at for name, at in months.items() if not digits.search(name)}, days


def dates_in(
    text: str, tokens: Sequence[Token], quantities: Sequence[Quantity], language: str
) -> tuple[list[DateMention], list[Quantity]]:
    """The dates and times of a text, and of its quantities those that are none of them."""
    plain = plain_digits(text)
    mentions = [*_written(plain), *_clock_times(plain)]
    months, days = calendar_words(language)
    by_end = {quantity.end: quantity for quantity in quantities}
    by_start = {quantity.start: quantity for quantity in quantities}
    for at, token in enumerate(tokens):
        if token.kind != "w":
            continue
        if token.key in months:
            found = _around_month(tokens, at, months[token.key], by_start, by_end, language)
            if found is not None:
                mentions.append(found)
        day = days.get(token.key) or days.get(token.key.removesuffix("s")) or _hyphened_day(tokens, at, days)
        if day:
            mentions.append(DateMention(token.text, token.start, token.end, weekday=day))
    mentions += _spoken_times(tokens, by_start, by_end, language)
    mentions = [replace(mention, text=text[mention.start : mention.end]) for mention in mentions]
    inside = [(mention.start, mention.end) for mention in mentions]
    rest = [one for one in quantities if not any(start <= one.start < end for start, end in inside)]
    return mentions, rest


def _hyphened_day(tokens: Sequence[Token], at: int, days: dict[str, int]) -> int:
    joined = "".join(token.key for token in tokens[at : at + 3])
    return days.get(joined, 0) if "-" in joined else 0


def _written(text: str) -> list[DateMention]:
    found = []
    for match in _ISO.finditer(text):
        year, month, day = (int(group) for group in match.groups())
        if 1 <= month <= 12 and 1 <= day <= 31:
            found.append(DateMention(match[0], match.start(), match.end(), year, month, day))
    for match in _NUMERIC.finditer(text):
        one, two, year = int(match[1]), int(match[3]), int(match[4])
        if year < 100:
            year += 2000 if year < 70 else 1900
        if match[2] == "." and len(match[4]) == 2 and not (1 <= one <= 31 and 1 <= two <= 12):
            continue
        month, day = (two, one) if two <= 12 else (one, two)
        if 1 <= month <= 12 and 1 <= day <= 31:
            other = (day, month) if day <= 12 else (0, 0)
            found.append(DateMention(match[0], match.start(), match.end(), year, month, day, other))
    return found


def _clock_times(text: str) -> list[DateMention]:
    found = []
    for match in _CLOCK.finditer(text):
        hour, minute = int(match[1]), int(match[2] or 0)
        dotted = text[match.end(1) : match.end(1) + 1] == "."
        if dotted and not (match["half"] or match["named"]):
            continue
        half = f"{match['half'].casefold()}m" if match["half"] else "pm" if hour > 12 else ""
        half = half or _SPOKEN_PARTS.get((match["part"] or "").casefold(), "")
        found.append(_time(match[0], match.start(), match.end(), hour, minute, half))
    return found


def _time(text: str, start: int, end: int, hour: int, minute: int, half: str) -> DateMention:
    return DateMention(text, start, end, minute=(hour % 12) * 60 + minute, half=half)


def _around_month(
    tokens: Sequence[Token],
    at: int,
    month: int,
    by_start: dict[int, Quantity],
    by_end: dict[int, Quantity],
    language: str,
) -> DateMention | None:
    last = at
    day = year = 0
    left = _skipped(tokens, at - 1, -1)
    before = by_end.get(tokens[left].end) if left >= 0 else None
    if before is None and left >= 1 and tokens[left].kind == "p":
        before = by_end.get(tokens[left - 1].end)
    if before is not None and (found := _whole(before, 1, 31)):
        day = found
        start = before.start
    else:
        start = tokens[at].start
    right = _skipped(tokens, at + 1, 1)
    after = by_start.get(tokens[right].start) if right < len(tokens) else None
    if after is not None and not day and (found := _whole(after, 1, 31)) and not after.unit:
        day = found
        last = _token_ending(tokens, right, after.end)
        right = _skipped(tokens, last + 1, 1)
        after = by_start.get(tokens[right].start) if right < len(tokens) else None
    if after is not None and (found := _whole(after, 1000, 2999)) and not after.unit:
        year = found
        last = _token_ending(tokens, right, after.end)
    token = tokens[at]
    if not day and not year and (token.key in _SHY_MONTHS or (language == "en" and not token.text[0].isupper())):
        if token.text[0].islower() and language == "en":
            return None
        if not at or tokens[at - 1].key not in _BEFORE_MONTH:
            return None
    return DateMention("", start, tokens[last].end, year, month, day)


def _skipped(tokens: Sequence[Token], at: int, step: int) -> int:
    for _ in range(2):
        if 0 <= at < len(tokens) and tokens[at].key in _BETWEEN_DATE_PARTS:
            at += step
    return at


def _token_ending(tokens: Sequence[Token], at: int, end: int) -> int:
    while at + 1 < len(tokens) and tokens[at].end < end:
        at += 1
    return at


def _whole(quantity: Quantity, low: int, high: int) -> int:
    if quantity.kind not in ("cardinal", "ordinal", "share") or quantity.near:
        return 0
    return next((int(value) for value in quantity.values if value.denominator == 1 and low <= value <= high), 0)


def _spoken_times(
    tokens: Sequence[Token], by_start: dict[int, Quantity], by_end: dict[int, Quantity], language: str
) -> list[DateMention]:
    """`half past six`, `quarter to nine`, `six o'clock`, `six thirty in the morning`, `noon`, in English."""
    if language != "en":
        return []
    found: list[DateMention] = []
    for at, token in enumerate(tokens):
        if token.key in ("noon", "midday", "midnight"):
            half = "am" if token.key == "midnight" else "pm"
            found.append(_time(token.text, token.start, token.end, 12, 0, half))
        elif token.key in ("past", "to") and at + 1 < len(tokens) and at:
            found += _past_or_to(tokens, at, by_start, by_end)
        elif (
            token.key in ("o'clock", "in", "am", "pm", "a", "p")
            and at
            and not (found and found[-1].end >= token.start - 1)
        ):
            found += _before_part(tokens, at, by_start)
    return found


def _past_or_to(
    tokens: Sequence[Token], at: int, by_start: dict[int, Quantity], by_end: dict[int, Quantity]
) -> list[DateMention]:
    hour = by_start.get(tokens[at + 1].start)
    shift = {"half": 30, "quarter": 15}.get(tokens[at - 1].key, 0)
    first = at - 2 if at > 1 and shift and tokens[at - 2].key == "a" else at - 1
    start = tokens[first].start
    before = by_end.get(tokens[at - 1].end)
    if not shift and before is not None and tokens[at].key == "past":
        shift, start = _whole(before, 1, 29), before.start
    found_hour = _whole(hour, 1, 12) if hour is not None and shift else 0
    if hour is None or not found_hour or hour.unit:
        return []
    minutes = found_hour * 60 + (shift if tokens[at].key == "past" else -shift)
    after = _token_ending(tokens, at + 1, hour.end) + 1
    return [_time("", start, hour.end, minutes // 60, minutes % 60, _part(tokens, after))]


def _part(tokens: Sequence[Token], at: int) -> str:
    keys = [token.key for token in tokens[at : at + 4]]
    return (
        next((_SPOKEN_PARTS[key] for key in keys if key in _SPOKEN_PARTS), "") if keys[:1] in (["in"], ["at"]) else ""
    )


def _before_part(tokens: Sequence[Token], at: int, by_start: dict[int, Quantity]) -> list[DateMention]:
    hour = next(
        (by_start[tokens[i].start] for i in (at - 3, at - 2, at - 1) if i >= 0 and tokens[i].start in by_start), None
    )
    if hour is None or tokens[at - 1].kind == "n" or hour.end != tokens[at - 1].end or hour.unit:
        return []
    key = tokens[at].key
    half = (
        "am" if key in ("am", "a") else "pm" if key in ("pm", "p") else _part(tokens, at if key == "in" else at + 1)
    )
    if key in ("a", "p") and [token.key for token in tokens[at + 1 : at + 3]] != [".", "m"]:
        return []
    if key == "in" and not half:
        return []
    whole, minute = (int(part) for part in (hour.parts or (hour.values[0], 0)))
    if not 1 <= whole <= 12 or not 0 <= minute < 60:
        return []
    end = tokens[at].end if key != "in" else hour.end
    return [_time(hour.text, hour.start, end, whole, minute, half)]

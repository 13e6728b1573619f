"""Which numbers and dates of a line its sources state."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from nvpipe.story.grounding.dates import DateMention
from nvpipe.story.grounding.lexemes import key_set
from nvpipe.story.grounding.number_joins import Quantity

ABOUT = Fraction(5, 100)
"""How far a number may be from the source's where the line says `about`."""
BELOW, ABOVE = Fraction(10, 100), Fraction(20, 100)
"""How far it may be on the right side where the line says `nearly` or `more than`."""
_PAIR_WORDS = key_set("both pair couple twins ambos ambas deux beide beiden entrambi दोनों par paar zwei")
_CLOCK_MINUTES = 720


def number_fault(
    quantity: Quantity,
    sources: Sequence[Quantity],
    dates: Sequence[DateMention],
    words: Collection[str],
) -> str:
    """What is wrong with a number of a line; empty where the sources state it.

    Args:
        words: keys of all words of the sources.
    """
    same = [source for source in sources if _agrees(quantity, source)]
    if same:
        return _swap_fault(quantity, same, sources)
    if any(_is_vague_of(quantity, source) for source in sources) or _is_year_of(quantity, dates):
        return ""
    if quantity.values[:1] == (Fraction(2),) and not quantity.unit and not _PAIR_WORDS.isdisjoint(words):
        return ""
    if quantity.parts and all(_has_value(part, sources) for part in quantity.parts):
        return ""
    if any(_has_value(value, sources) for value in quantity.values) and quantity.unit:
        return f"The sources have the number of “{quantity.text}” with another unit or none."
    return f"The number “{quantity.text}” is not in the sources."


def _has_value(value: Fraction, sources: Sequence[Quantity]) -> bool:
    return any(value in source.values or value in source.parts for source in sources)


def _agrees(line: Quantity, source: Quantity) -> bool:
    if _is_below_zero(line) != _is_below_zero(source):
        return False
    if line.text.casefold() == source.text.casefold():
        return True
    if "vague" in (line.kind, source.kind):
        return False
    if "decade" in (line.kind, source.kind):
        return _same_decade(line, source)
    if not _kinds_agree(line, source):
        return False
    if _is_percent_of(line, source) or _is_percent_of(source, line):
        return True
    for one in _readings(line, source):
        for two in _readings(source, line):
            if one == two or _rounds(line, source, one, two):
                return True
    return False


def _is_below_zero(quantity: Quantity) -> bool:
    return bool(quantity.values) and quantity.values[0] < 0


def _is_percent_of(percent: Quantity, share: Quantity) -> bool:
    """Whether a percentage is a share of one, rounded to its own decimals: 66.7 percent are two thirds."""
    if percent.unit != "percent" or share.kind != "share" or share.unit or not percent.values or not share.values:
        return False
    decimals = next((many for many in range(4) if (percent.values[0] * 10**many).denominator == 1), None)
    return decimals is not None and round(share.values[0] * 100, decimals) == percent.values[0]


def _same_decade(line: Quantity, source: Quantity) -> bool:
    return line.kind == source.kind and any(
        one == two or (one % 100 == two % 100 and min(one, two) < 100) for one in line.values for two in source.values
    )


def _kinds_agree(line: Quantity, source: Quantity) -> bool:
    if not _units_agree(line, source):
        return False
    kinds = {line.kind, source.kind}
    if "ordinal" in kinds and "cardinal" in kinds:
        return False
    return kinds != {"ordinal", "share"} or len(line.values) > 1 or len(source.values) > 1


def _units_agree(line: Quantity, source: Quantity) -> bool:
    if line.unit == source.unit:
        return True
    if {line.kind, source.kind} == {"share", "cardinal"} and {line.unit, source.unit} == {"", "percent"}:
        return True
    return not line.unit and source.unit not in ("percent", "point")


def _readings(quantity: Quantity, other: Quantity) -> tuple[Fraction, ...]:
    """Its values as the other number is written: a share of one as percent, without a unit in the other's own."""
    values = quantity.values
    if quantity.kind == "share" and other.unit == "percent" and not quantity.unit:
        values = tuple(value * 100 for value in values)
    if not other.unit and quantity.unit:
        values = tuple(value / quantity.factor for value in values)
    return values


def _rounds(line: Quantity, source: Quantity, one: Fraction, two: Fraction) -> bool:
    """Whether a number of the line is the source's, rounded as the line says."""
    if not line.near or not two or _digits(one / line.factor) > _digits(two / source.factor):
        return False
    difference = (one - two) / abs(two)
    if line.near == "about":
        return abs(difference) <= ABOUT
    if line.near == "below":
        return 0 <= difference <= BELOW
    return -ABOVE <= difference <= 0


def _digits(value: Fraction) -> int:
    """Significant digits of a number."""
    scaled = value
    for _ in range(12):
        if scaled.denominator == 1:
            break
        scaled *= 10
    return len(str(abs(int(scaled))).rstrip("0"))


def _is_vague_of(line: Quantity, source: Quantity) -> bool:
    """`Thousands` of a number in the thousands."""
    if line.kind != "vague":
        return False
    if source.kind == "vague":
        return source.values[0] == line.values[0]
    least = line.values[0] if line.values[0] > 12 else Fraction(24)
    return least <= source.values[0] / source.factor < line.values[0] * 1000


def _is_year_of(quantity: Quantity, dates: Sequence[DateMention]) -> bool:
    return any(date.year and date.year in quantity.values for date in dates)


def _swap_fault(line: Quantity, same: Sequence[Quantity], sources: Sequence[Quantity]) -> str:
    """Whether the line gives a number the noun that another number of the sources has."""
    noun = line.noun
    rates = [source.noun for source in same]
    if noun.startswith("per ") and noun not in rates and all(rate.startswith("per ") for rate in rates):
        return f"The sources say “{same[0].text} {rates[0]}”, not “{noun}”."
    if len(noun) < 3 or any(_may_count(noun, source, line) for source in same):
        return ""
    others = [
        source
        for source in sources
        if source not in same
        and _same_noun(noun, source.noun)
        and source.unit == line.unit
        and source.kind == line.kind
    ]
    if not others:
        return ""
    return f"The sources say “{others[0].text} {noun}”, not “{line.text} {noun}”."


def _may_count(noun: str, source: Quantity, line: Quantity) -> bool:
    """Whether a number of the sources may count what the line's noun says."""
    return _same_noun(noun, source.noun) or (not source.noun and source.unit == line.unit)


def _same_noun(one: str, two: str) -> bool:
    return bool(one) and bool(two) and (one == two or one.rstrip("s") == two.rstrip("s"))


def is_date_known(line: DateMention, dates: Sequence[DateMention], quantities: Sequence[Quantity]) -> bool:
    """Whether what a line tells of a date or a time agrees with one of the sources'."""
    if line.minute >= 0:
        return any(_same_time(line, date) for date in dates)
    if line.weekday:
        return any(line.weekday == date.weekday for date in dates)
    return any(_same_day(line, date, quantities) for date in dates)


def _same_time(line: DateMention, source: DateMention) -> bool:
    if source.minute < 0 or line.minute % _CLOCK_MINUTES != source.minute % _CLOCK_MINUTES:
        return False
    return not line.half or not source.half or line.half == source.half


def _same_day(line: DateMention, source: DateMention, quantities: Sequence[Quantity]) -> bool:
    year_known = (
        not line.year
        or line.year == source.year
        or (not source.year and any(line.year in quantity.values for quantity in quantities))
    )
    if not year_known:
        return False
    if (line.month, line.day) == (source.month, source.day):
        return True
    if line.day and (line.month, line.day) == source.other_reading:
        return True
    return bool(line.month) and line.month == source.month and not line.day

"""Whether a line of a script says only what the sentences say that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from nvpipe.story.grounding.facts import Facts, facts_of
from nvpipe.story.grounding.grounded_names import ungrounded_names
from nvpipe.story.grounding.grounded_numbers import is_date_known, number_fault
from nvpipe.story.grounding.number_joins import Quantity
from nvpipe.story.grounding.quotes import is_quoted_from
from nvpipe.story.grounding.scores import reversed_pairs

LONGEST_LINE_CHARS = 800
"""A line that is longer is judged by its beginning; `rules` forbids it anyway."""


@dataclass(frozen=True, slots=True)
class Ungrounded:
    """Something in a line that its sources don't say."""

    kind: Literal["number", "name", "date", "quotation"]
    text: str
    """As the line has it."""
    reason: str
    """One sentence that can be put into a prompt."""


def check_line(
    text: str, sources: Sequence[str], language: str, *, article: Sequence[str] = ()
) -> tuple[Ungrounded, ...]:
    """The numbers, names, dates and quotations of a line that are not in its sources, in this order.

    Numbers are compared by value and unit, however they are spelt. A percentage is no percentage point; half is
    fifty per cent; units of one kind are read into each other (18 months are a year and a half). A line may round
    only where it says so: `about` within 5 %, `nearly` within 10 % and `more than` within 20 % on the right side, and
    to no more digits. What the article doesn't state but could be worked out (a sum, the years since) is not found.
    A number that stands with what another number counts in the sources is reported as swapped. Dates: what the line
    tells of a date must agree; `yesterday` is not looked at. Names need their words in the sources; a name from
    the sentences around may replace a pronoun or a description. Quotations must stand there word for word.

    This can't see who did what to whom: `A sued B` passes where the sources say that B sued A. Nor can it see that
    a statement was denied, or a single invented name where German puts it like any noun or where it begins a
    sentence.

    Args:
        sources: the sentences that the line rests on.
        language: ISO 639-1 code of both.
        article: all sentences of the article in order, the title first.
    """
    line = facts_of(text[:LONGEST_LINE_CHARS], language)
    said = [facts_of(sentence, language) for sentence in sources]
    found = [*_numbers(line, said), *_dates(line, said)]
    found += _names(line, sources, article, language)
    found += _quotations(line, sources)
    return tuple(found)


def _numbers(line: Facts, said: Sequence[Facts]) -> list[Ungrounded]:
    quantities = _unlike(quantity for facts in said for quantity in facts.quantities)
    dates = [date for facts in said for date in facts.dates]
    words = frozenset(token.key for facts in said for token in facts.tokens)
    faults = []
    for quantity in _unlike(line.quantities):
        fault = number_fault(quantity, quantities, dates, words)
        if fault:
            faults.append(Ungrounded("number", quantity.text, fault))
    for pair, source in reversed_pairs(line, said):
        faults.append(Ungrounded("number", pair.text, f"The sources say “{source.text}”, not “{pair.text}”."))
    return faults


def _unlike(quantities: Iterable[Quantity]) -> list[Quantity]:
    """Quantities without those that say the same again."""
    seen = {(one.text, one.values, one.unit, one.kind, one.near, one.noun): one for one in quantities}
    return list(seen.values())


def _dates(line: Facts, said: Sequence[Facts]) -> list[Ungrounded]:
    dates = [date for facts in said for date in facts.dates]
    quantities = [quantity for facts in said for quantity in facts.quantities]
    return [
        Ungrounded("date", date.text, f"The sources don't give the date or time “{date.text}”.")
        for date in line.dates
        if not is_date_known(date, dates, quantities)
    ]


def _names(line: Facts, sources: Sequence[str], article: Sequence[str], language: str) -> list[Ungrounded]:
    around = _neighbours(sources, article)
    faults = ungrounded_names(line, tuple(sources), around, tuple(article), language)
    return [Ungrounded("name", name.text, reason) for name, reason in faults]


def _neighbours(sources: Sequence[str], article: Sequence[str]) -> tuple[str, ...]:
    """The title, the first sentence, and up to four sentences before each source."""
    wanted = set(sources)
    near: dict[str, None] = dict.fromkeys(article[:2])
    for at, sentence in enumerate(article):
        if sentence in wanted:
            near |= dict.fromkeys(article[max(0, at - 4) : at])
    return tuple(sentence for sentence in near if sentence not in wanted)


def _quotations(line: Facts, sources: Sequence[str]) -> list[Ungrounded]:
    return [
        Ungrounded("quotation", quotation.text, f"The sources don't have the words “{quotation.text}” in this order.")
        for quotation in line.quotations
        if not is_quoted_from(quotation.text, sources)
    ]

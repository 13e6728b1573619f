"""What can be checked of a sentence: its numbers, dates, names and quotations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from nvpipe.story.grounding.dates import DateMention, dates_in
from nvpipe.story.grounding.lexemes import Token, tokens_of
from nvpipe.story.grounding.names import Mentions, Name, mentions_of, names_of
from nvpipe.story.grounding.number_joins import Quantity
from nvpipe.story.grounding.numerals import quantities_in
from nvpipe.story.grounding.quotes import Quotation, quotations_of

LONGEST_SENTENCE_CHARS = 6000
"""Of a longer sentence only its beginning is looked at."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What can be checked of one text."""

    tokens: tuple[Token, ...]
    quantities: tuple[Quantity, ...]
    dates: tuple[DateMention, ...]
    names: tuple[Name, ...]
    quotations: tuple[Quotation, ...]


@lru_cache(maxsize=4096)
def facts_of(text: str, language: str) -> Facts:
    """What can be checked of a text; remembered, since a sentence is looked at for many lines."""
    text = text[:LONGEST_SENTENCE_CHARS]
    tokens = tuple(tokens_of(text, language))
    dates, quantities = dates_in(text, tokens, quantities_in(tokens, language), language)
    names = names_of(text, language, tokens=tokens)
    return Facts(tokens, tuple(quantities), tuple(dates), names, quotations_of(text))


@lru_cache(maxsize=64)
def mentions_in(sentences: tuple[str, ...], language: str) -> Mentions:
    """The names and words that sentences mention; remembered, since an article is asked for every line."""
    facts = [facts_of(sentence, language) for sentence in sentences]
    return mentions_of([(one.names, one.tokens) for one in facts])

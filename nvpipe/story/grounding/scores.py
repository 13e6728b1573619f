"""Results of two sides: 3-1 is not 1-3."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from nvpipe.story.grounding.facts import Facts
    from nvpipe.story.grounding.lexemes import Token
    from nvpipe.story.grounding.number_joins import Quantity

_BETWEEN = frozenset(("-", "–", "—", ":", "to", "zu", "bis", "a", "à"))


class Pair(NamedTuple):
    """Two numbers that are said as one."""

    text: str
    values: tuple[Fraction, Fraction]


def reversed_pairs(line: Facts, said: Sequence[Facts]) -> list[tuple[Pair, Pair]]:
    """Pairs of numbers of a line that its sources have the other way round only, each with the sources'."""
    known = [pair for facts in said for pair in _pairs(facts.quantities, facts.tokens)]
    found = []
    for pair in _pairs(line.quantities, line.tokens):
        same = [one for one in known if set(one.values) == set(pair.values)]
        if same and all(one.values != pair.values for one in same):
            found.append((pair, same[0]))
    return found


def _pairs(quantities: Sequence[Quantity], tokens: Sequence[Token]) -> list[Pair]:
    between = {token.start: token for token in tokens if token.key in _BETWEEN}
    found = []
    for one, two in pairwise(quantities):
        links = [at for at in between if one.end <= at < two.start] if two.start - one.end < 5 else []
        if len(links) != 1 or {one.kind, two.kind} != {"cardinal"}:
            continue
        link = between[links[0]].text
        pair = (one.values[0] / one.factor, two.values[0] / two.factor)
        if pair[0] != pair[1]:
            said = f" {link} " if link.isalpha() else link
            found.append(Pair(f"{one.text}{said}{two.text}", pair))
    return found

"""Rewriting a line as people say it, keeping for each character which atom it is said for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

NOBODY = -1
Piece = tuple[str, int, int]
"""Words, and the span of the line's text that they are said for."""
Say = Callable[["re.Match[str]"], "Sequence[Piece] | None"]
"""What a match is said as, in order; None leaves it as it is."""


class Rule(NamedTuple):
    """What is found, and how it is said."""

    pattern: re.Pattern[str]
    say: Say


class Line(NamedTuple):
    """Text, and for each character the atom that it is said for."""

    text: str
    owners: list[int]


def rule(pattern: str, say: Say) -> Rule:
    return Rule(re.compile(pattern), say)


def template(pattern: str, words: str) -> Rule:
    """A rule that says the same words for every match."""
    return rule(pattern, lambda match: [(words, *match.span())])


def rewritten(line: Line, rules: Iterable[Rule]) -> Line:
    """The line after each rule has had its turn."""
    for pattern, say in rules:
        line = _applied(line, pattern, say)
    return line


def _applied(line: Line, pattern: re.Pattern[str], say: Say) -> Line:
    text: list[str] = []
    owners: list[int] = []
    at = 0
    for match in pattern.finditer(line.text):
        pieces = say(match)
        if pieces is None:
            continue
        text.append(line.text[at : match.start()])
        owners += line.owners[at : match.start()]
        at = match.end()
        before = text[-1][-1:] or (text[-2][-1:] if len(text) > 1 else "")
        said, whose = _said(pieces, line)
        after = line.text[at : at + 1]
        if said and _is_wordy(before) and _is_wordy(said[0]):
            said, whose = f" {said}", [whose[0], *whose]
        if said and _is_wordy(after) and _is_wordy(said[-1]):
            said, whose = f"{said} ", [*whose, whose[-1]]
        text.append(said)
        owners += whose
    return Line("".join([*text, line.text[at:]]), owners + line.owners[at:]) if at else line


def _is_wordy(character: str) -> bool:
    return character.isalpha() or character.isdecimal()


def _said(pieces: Sequence[Piece], line: Line) -> tuple[str, list[int]]:
    text: list[str] = []
    owners: list[int] = []
    latest = NOBODY
    for words, start, end in pieces:
        if not words:
            continue
        if text:
            text.append(" ")
            owners.append(latest)
        for word, owner in _shared(words, line.owners[start:end], latest):
            latest = max(latest, owner)
            text.append(word)
            owners += [latest] * len(word)
    return "".join(text), owners


def _shared(words: str, owners: Sequence[int], latest: int) -> Iterable[tuple[str, int]]:
    """The words with the atom of each: several atoms get them in order, in equal parts."""
    whose = sorted({owner for owner in owners if owner != NOBODY})
    if len(whose) < 2:
        return [(words, whose[0] if whose else latest)]
    parts = re.findall(r"\S+\s*", words)
    return [(part, whose[place * len(whose) // len(parts)]) for place, part in enumerate(parts)]

"""Whose each phoneme is, where words were read together: the reading of a sentence held against that of its words.

As Needleman and Wunsch (1970), in a band. Words lean on each other when they are read together (liaison, weak forms,
two words become one), so the two readings differ a little and nearly always in the same places.
"""

from __future__ import annotations

from collections.abc import Sequence

from nvpipe.voice.kokoro.chunks import PUNCTUATION, Phoneme
from nvpipe.voice.saying.rewriting import NOBODY

_MARKS = frozenset("ˈˌː")
_BAND = 60
_OTHER_SOUND, _OTHER_KIND = 1.0, 2.5
_GAP, _GAP_MARK = 1.0, 0.4


def owned(together: str, alone: Sequence[tuple[str, int]]) -> list[Phoneme]:
    """The phonemes of a sentence, each with its owner.

    Args:
        together: the sentence's phonemes.
        alone: for each of its words in order the phonemes that it has when read alone, and its owner.
    """
    words: list[Phoneme] = []
    for phonemes, owner in alone:
        if words:
            words.append((" ", NOBODY))
        words += [(character, owner) for character in phonemes]
    matched = _matches(together, "".join(character for character, _ in words))
    owners = [NOBODY if at is None else words[at][1] for at in matched]
    return list(zip(together, _filled(together, owners), strict=True))


def _kind(character: str) -> int:
    return 0 if character == " " else 1 if character in PUNCTUATION else 2


def _gap(character: str) -> float:
    return _GAP_MARK if character == " " or character in _MARKS else _GAP


def _matches(first: str, second: str) -> list[int | None]:
    """For each character of the first the place of its counterpart in the second."""
    rows, columns = len(first), len(second)
    band = _BAND + abs(rows - columns)
    infinite = float("inf")
    costs = [0.0]
    for character in second:
        costs.append(costs[-1] + _gap(character))
    steps: list[tuple[int, bytearray]] = []
    low, before_low = 0, 0
    for row in range(1, rows + 1):
        centre = row * columns // rows
        low, high = max(0, centre - band), min(columns, centre + band)
        character = first[row - 1]
        kind, gap = _kind(character), _gap(character)
        line: list[float] = []
        taken = bytearray()
        for column in range(low, high + 1):
            at = column - before_low
            best = costs[at] + gap if at < len(costs) else infinite
            step = 1
            if column and 0 <= at - 1 < len(costs):
                other = second[column - 1]
                wrong = 0.0 if other == character else _OTHER_SOUND if _kind(other) == kind else _OTHER_KIND
                if costs[at - 1] + wrong <= best:
                    best, step = costs[at - 1] + wrong, 0
            if line and line[-1] + _gap(second[column - 1]) < best:
                best, step = line[-1] + _gap(second[column - 1]), 2
            line.append(best)
            taken.append(step)
        steps.append((low, taken))
        costs, before_low = line, low
    return _traced(steps, columns, first, second)


def _traced(steps: Sequence[tuple[int, bytearray]], columns: int, first: str, second: str) -> list[int | None]:
    found: list[int | None] = [None] * len(steps)
    row, column = len(steps), columns
    while row:
        low, taken = steps[row - 1]
        step = taken[column - low]
        if step == 2:
            column -= 1
            continue
        row -= 1
        if step == 0:
            column -= 1
            if _kind(first[row]) == _kind(second[column]):
                found[row] = column
    return found


def _filled(text: str, owners: list[int]) -> list[int]:
    """Owners for the phonemes that no word has alone: the word that they stand in or follow; rising throughout."""
    filled = list(owners)
    for at, character in enumerate(text):
        if character != " " and filled[at] == NOBODY and at and text[at - 1] != " ":
            filled[at] = filled[at - 1]
    for at in range(len(text) - 2, -1, -1):
        if text[at] != " " and filled[at] == NOBODY and text[at + 1] != " ":
            filled[at] = filled[at + 1]
    latest = next((owner for owner in filled if owner != NOBODY), NOBODY)
    for at, character in enumerate(text):
        latest = max(latest, filled[at])
        if filled[at] != NOBODY or (character != " " and character not in PUNCTUATION):
            filled[at] = latest
    return filled

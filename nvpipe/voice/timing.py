"""Times of the words, from the synthesiser's marks and from the sound itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.types import Word
from nvpipe.voice.saying.rewriting import NOBODY
from nvpipe.voice.spoken import SpokenText
from nvpipe.voice.tokens import Atom, is_spaceless

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PAUSE_S = 0.09
"""Silence at the end of a word that is longer than a plosive's closure is a pause, not a part of the word."""
_SILENT_WORD_S = 0.12
_STOLEN_SHARE = 0.25
_SHORTEST_S = 0.002
"""Of a word without a sound of its own."""
_MICROSECONDS = 1_000_000
_CHUNK_CLUSTERS = 4
"""Characters of a script without spaces that are shown as one word."""
_ALPHABET_CHUNK_CLUSTERS = 6
"""The same for alphabets without spaces (Thai, Lao, Khmer, Myanmar, Tibetan), whose clusters are sounds."""


@dataclass(slots=True)
class _Span:
    start_s: float
    end_s: float
    marked: bool = True


def first_marks(spoken: SpokenText, marks: Sequence[tuple[int, float]]) -> dict[int, float]:
    """The time at which each atom is begun, for the atoms that have a mark, in order.

    Args:
        marks: (position in the spoken text from 1, seconds), one or more for a word, none for some.
    """
    begun: dict[int, float] = {}
    latest, latest_s = -1, 0.0
    for position, time_s in marks:
        owner = _owner_at(spoken, position - 1)
        if owner > latest:
            latest, latest_s = owner, max(time_s, latest_s)
            begun[owner] = latest_s
    return begun


def _owner_at(spoken: SpokenText, index: int) -> int:
    """Whose character stands there; a mark on the space before a word is meant for the word."""
    while 0 <= index < len(spoken.owners) and spoken.text[index].isspace():
        index += 1
    return spoken.owners[index] if 0 <= index < len(spoken.owners) else NOBODY


def _heard_until(loud: NDArray[np.bool_], frame_s: float, start_s: float, end_s: float) -> float:
    """The end of the sound between two times, or `end_s` when no pause stands before it."""
    import numpy as np

    first, last = int(start_s / frame_s), min(int(end_s / frame_s), len(loud))
    heard = np.flatnonzero(loud[first:last])
    if not len(heard):
        return min(end_s, start_s + _SILENT_WORD_S)
    until_s = (first + int(heard[-1]) + 1) * frame_s
    return until_s if end_s - until_s >= _PAUSE_S else end_s


def _share(spans: dict[int, _Span], members: list[int], atoms: Sequence[Atom], start_s: float, end_s: float) -> None:
    """Give atoms that were spoken under one mark their parts of its time, by their letters."""
    weights = [max(1, sum(character.isalnum() for character in atoms[member].text)) for member in members]
    at_s = start_s
    for member, weight in zip(members, weights, strict=True):
        width_s = (end_s - start_s) * weight / sum(weights)
        spans[member] = _Span(at_s, at_s + width_s, member == members[0])
        at_s += width_s


def _spoken_spans(
    atoms: Sequence[Atom], sounded: frozenset[int], begun: dict[int, float], loud: NDArray[np.bool_], frame_s: float
) -> dict[int, _Span]:
    groups: list[list[int]] = []
    waiting: list[int] = []
    for index in sorted(sounded | begun.keys()):
        if index in begun:
            groups.append([*waiting, index])
            waiting = []
        elif groups and (atoms[index].line == atoms[groups[-1][-1]].line):
            groups[-1].append(index)
        else:
            waiting.append(index)
    if waiting and groups:
        groups[-1] += waiting
    total_s = len(loud) * frame_s
    starts = [begun[next(index for index in group if index in begun)] for group in groups]
    spans: dict[int, _Span] = {}
    for group, start_s, next_s in zip(groups, starts, [*starts[1:], total_s], strict=True):
        _share(spans, group, atoms, start_s, _heard_until(loud, frame_s, start_s, next_s))
    return spans


def _place_silent(spans: dict[int, _Span], atoms: Sequence[Atom], total_s: float) -> list[_Span]:
    """Give atoms that are shown but not said (an emoji, a dash) a moment in the pause, or of their neighbour."""
    placed: list[_Span] = []
    index = 0
    while index < len(atoms):
        if index in spans:
            placed.append(spans[index])
            index += 1
            continue
        stop = index
        while stop < len(atoms) and stop not in spans:
            stop += 1
        before = placed[-1] if placed else None
        after = spans.get(stop)
        placed += _silent_run(stop - index, before, after, total_s, atoms[index].line != atoms[index - 1].line)
        index = stop
    return placed


def _silent_run(count: int, before: _Span | None, after: _Span | None, total_s: float, new_line: bool) -> list[_Span]:
    low_s = before.end_s if before else 0.0
    high_s = after.start_s if after else total_s
    wanted_s = count * _SILENT_WORD_S
    if high_s - low_s < wanted_s / 2:
        if before and not (new_line and after):
            low_s -= min(wanted_s, (before.end_s - before.start_s) * _STOLEN_SHARE)
            before.end_s = low_s
        elif after:
            high_s += min(wanted_s, (after.end_s - after.start_s) * _STOLEN_SHARE)
            after.start_s = high_s
    width_s = min(wanted_s, high_s - low_s)
    start_s = high_s - width_s if new_line and after else low_s
    return [_Span(start_s + width_s * k / count, start_s + width_s * (k + 1) / count, False) for k in range(count)]


def _in_order(spans: list[_Span], duration_s: float) -> None:
    """Make every span positive and none overlap, whatever came before, in whole microseconds."""
    total = int(duration_s * _MICROSECONDS)
    least = min(1000, total // (2 * len(spans) + 1))
    at = 0
    for number, span in enumerate(spans):
        latest = total - least * (len(spans) - number)
        start = max(at, min(round(span.start_s * _MICROSECONDS), latest))
        at = max(start + least, min(round(span.end_s * _MICROSECONDS), latest + least))
        span.start_s, span.end_s = start / _MICROSECONDS, at / _MICROSECONDS


def _chunk_ends(run: Sequence[Atom], spans: Sequence[_Span]) -> list[int]:
    """Where to cut a run of glued atoms into words to show: even pieces, at marks, after punctuation."""
    alphabet = any("\u0e00" <= character <= "\u1fff" for atom in run for character in atom.text)
    cap = _ALPHABET_CHUNK_CLUSTERS if alphabet else _CHUNK_CLUSTERS
    ends: list[int] = []
    start = 0
    while start < len(run):
        stop = start + 1
        while stop < len(run) and not _ends_clause(run[stop - 1]):
            stop += 1
        left = sum(map(_width, run[start:stop]))
        even = -(-left // -(-left // cap))
        end, width = start + 1, _width(run[start])
        while end < stop and width + _width(run[end]) <= even:
            width += _width(run[end])
            end += 1
        marked = (at for at in range(end, start, -1) if at == stop or spans[at].marked)
        ends.append(next(marked, end))
        start = ends[-1]
    return ends


def _ends_clause(atom: Atom) -> bool:
    last = atom.text[-1]
    return not (last.isalnum() or is_spaceless(last))


def _width(atom: Atom) -> int:
    """How many characters of a spaceless script an atom counts for."""
    return 1 if any(map(is_spaceless, atom.text)) else -(-len(atom.text) // 2)


def _words(atoms: Sequence[Atom], spans: Sequence[_Span]) -> tuple[Word, ...]:
    words: list[Word] = []
    index = 0
    while index < len(atoms):
        stop = index + 1
        while stop < len(atoms) and atoms[stop].glued:
            stop += 1
        at = index
        for end in _chunk_ends(atoms[index:stop], spans[index:stop]):
            text = "".join(atom.text for atom in atoms[at : index + end])
            words.append(Word(text, spans[at].start_s, spans[index + end - 1].end_s, atoms[at].line))
            at = index + end
        index = stop
    return tuple(words)


def timed_words(
    atoms: Sequence[Atom],
    spoken: SpokenText,
    marks: Sequence[tuple[int, float]],
    loud: NDArray[np.bool_],
    *,
    frame_s: float,
    offset_s: float,
    duration_s: float,
) -> tuple[Word, ...]:
    """Every atom in a word, in order, without overlap, inside of the narration.

    Args:
        marks: (position in the spoken text from 1, seconds in the untrimmed recording).
        loud: for each frame of the untrimmed recording whether anything is heard.
        frame_s: the length of such a frame.
        offset_s: where the narration begins in the untrimmed recording.
    """
    spans = _spoken_spans(atoms, spoken.sounded(), first_marks(spoken, marks), loud, frame_s)
    placed = _place_silent(spans, atoms, len(loud) * frame_s)
    for span in placed:
        span.start_s -= offset_s
        span.end_s -= offset_s
    _in_order(placed, duration_s)
    return _words(atoms, placed)


def exact_words(
    atoms: Sequence[Atom], spans: Mapping[int, tuple[float, float]], duration_s: float
) -> tuple[Word, ...]:
    """Every atom in a word, in order; those whose times are known keep them to the microsecond.

    Args:
        spans: by atom its start and end in seconds, disjoint and rising, of a microsecond at least.
        duration_s: of the narration. Atoms that are not said get a moment in the pause beside them, or the last
            milliseconds of a neighbour where there is none.
    """
    known = {index: _Span(*times) for index, times in spans.items()}
    placed: list[_Span] = []
    index = 0
    while index < len(atoms):
        if index in known:
            placed.append(known[index])
            index += 1
            continue
        stop = next((at for at in range(index, len(atoms)) if at in known), len(atoms))
        placed += _in_pause(
            stop - index,
            placed[-1] if placed else None,
            known.get(stop),
            duration_s,
            bool(index) and atoms[index].line != atoms[index - 1].line,
        )
        index = stop
    _in_order(placed, duration_s)
    return _words(atoms, placed)


def _in_pause(count: int, before: _Span | None, after: _Span | None, total_s: float, new_line: bool) -> list[_Span]:
    """Spans in the pause between two words, which are touched only where it is too short to be seen at all."""
    low_s = before.end_s if before else 0.0
    high_s = after.start_s if after else total_s
    least_s = count * _SHORTEST_S
    if high_s - low_s < least_s and before:
        low_s = max(before.start_s + _SHORTEST_S, high_s - least_s)
        before.end_s = low_s
    elif high_s - low_s < least_s and after:
        high_s = min(after.end_s - _SHORTEST_S, low_s + least_s)
        after.start_s = high_s
    width_s = min(count * _SILENT_WORD_S, high_s - low_s)
    start_s = high_s - width_s if new_line and after else low_s
    return [_Span(start_s + width_s * k / count, start_s + width_s * (k + 1) / count, False) for k in range(count)]

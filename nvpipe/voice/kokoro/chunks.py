"""Phonemes with their owners, and how they are cut into what Kokoro says in one go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nvpipe.voice.saying.rewriting import NOBODY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Phoneme = tuple[str, int]
"""A character of Kokoro's alphabet and the atom that it is said for, or `NOBODY`."""
End = Literal["clause", "sentence", "line"]

PUNCTUATION = frozenset(";:,.!?—…\"()“”¿¡«»-–'‘’")
_CLAUSE_ENDS = frozenset(";:,.!?—…)”")
_SHORTEST = 20
"""Sentences of fewer phonemes are said together with a neighbour: Kokoro says very short ones badly."""
_LATE_ENOUGH = 0.25
"""Of the limit: a clause's end before that is not worth a cut."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Phonemes that are said in one go."""

    phonemes: str
    owners: tuple[int, ...]
    """For each phoneme."""
    end: End
    """What ends with it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A chunk as Kokoro said it."""

    chunk: Chunk
    frames: tuple[int, ...]
    """Predicted duration of the silence before, of each phoneme and of the silence after, in frames of 1/40 s."""
    samples: NDArray[np.float32]
    """Mono at 24 kHz, 600 for each frame."""


def is_sounding(character: str) -> bool:
    """Whether a phoneme is anything but a pause."""
    return not character.isspace() and character not in PUNCTUATION


def tidy(phonemes: Iterable[Phoneme], alphabet: frozenset[str]) -> list[Phoneme]:
    """Only what the model knows, without spaces at the ends or two in a row."""
    kept: list[Phoneme] = []
    for character, owner in phonemes:
        if character not in alphabet or (character == " " and (not kept or kept[-1][0] == " ")):
            continue
        kept.append((character, owner))
    while kept and kept[-1][0] == " ":
        kept.pop()
    return kept


def chunks_of(sentences: Sequence[Sequence[Phoneme]], limit: int) -> list[Chunk]:
    """The chunks of one line of the script.

    Args:
        sentences: the line's sentences, tidied.
        limit: the most phonemes of a chunk.
    """
    groups: list[list[Phoneme]] = []
    for sentence in sentences:
        if not any(is_sounding(character) for character, _ in sentence):
            continue
        short = groups and min(_sounds(groups[-1]), _sounds(sentence)) < _SHORTEST
        if short and len(groups[-1]) + 1 + len(sentence) <= limit:
            groups[-1] += [(" ", NOBODY), *sentence]
        else:
            groups.append(list(sentence))
    chunks: list[Chunk] = []
    for number, group in enumerate(groups):
        parts = _parts(group, limit)
        last: End = "line" if number == len(groups) - 1 else "sentence"
        for index, part in enumerate(parts):
            text = "".join(character for character, _ in part)
            end = last if index == len(parts) - 1 else "clause"
            chunks.append(Chunk(text, tuple(owner for _, owner in part), end))
    return chunks


def _sounds(phonemes: Sequence[Phoneme]) -> int:
    return sum(is_sounding(character) for character, _ in phonemes)


def _parts(phonemes: list[Phoneme], limit: int) -> list[list[Phoneme]]:
    """A sentence in parts of at most `limit`: cut after a clause, else after a word, in one only in despair."""
    parts: list[list[Phoneme]] = []
    while len(phonemes) > limit:
        spaces = [at for at in range(1, limit + 1) if phonemes[at][0] == " "]
        words = [at for at in spaces if _parts_words(phonemes, at)] or spaces
        clauses = [at for at in words if phonemes[at - 1][0] in _CLAUSE_ENDS and at >= limit * _LATE_ENOUGH]
        at = (clauses or words or [limit])[-1]
        parts.append(phonemes[:at])
        phonemes = phonemes[at + 1 :] if phonemes[at][0] == " " else phonemes[at:]
    return [part for part in (*parts, phonemes) if any(is_sounding(character) for character, _ in part)]


def _parts_words(phonemes: Sequence[Phoneme], at: int) -> bool:
    """Whether the words before and after a space belong to different atoms."""
    before, after = phonemes[at - 1][1], phonemes[at + 1][1] if at + 1 < len(phonemes) else NOBODY
    return before != after or NOBODY in (before, after)

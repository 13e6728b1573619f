"""A script into atoms: the smallest pieces of display text that can have a time of their own."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from nvpipe.types import Script

_SPACELESS_RANGES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # CJK radicals
    (0x3005, 0x3007),  # ideographic iteration mark, zero
    (0x3041, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # half-width kana
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFD),
)
_HAN_RANGES = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD))
_VIRAMA = 9
"""Canonical combining class of the signs that join the next consonant to a cluster (Unicode, UAX 44)."""
_STACKING = frozenset("\u1039\u17d2")
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
_NEVER_FIRST = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々ゝゞヽヾｧｨｩｪｫｬｭｮｯｰﾞﾟะาๆฯำຳະາ")
"""Signs that belong to the character before them (kinsoku, JIS X 4051; Thai and Lao trailing vowels)."""
_JOINERS = frozenset("\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Atom:
    """A piece of display text."""

    text: str
    line: int
    glued: bool
    """It continues the piece before it without a space."""


def _within(character: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(character) <= last for first, last in ranges)


def is_han(character: str) -> bool:
    return _within(character, _HAN_RANGES)


def is_spaceless(character: str) -> bool:
    """Whether the character belongs to a script that writes no spaces between its words."""
    return character > "\u0dff" and _within(character, _SPACELESS_RANGES)


def _is_wide_punctuation(character: str) -> bool:
    return ord(character) > 0x3000 and unicodedata.category(character)[0] == "P"


def _extends(character: str, before: str) -> bool:
    """Whether the character stays with the one before it."""
    return (
        unicodedata.category(character).startswith("M")
        or character in _JOINERS
        or character in _NEVER_FIRST
        or before in _LEADING_VOWELS
        or before in _STACKING
        or before == "\u200d"
        or unicodedata.combining(before) == _VIRAMA
        or not any(is_spaceless(one) or _is_wide_punctuation(one) for one in (character, before))
    )


def _clusters(token: str) -> Iterator[str]:
    """Cut where a reader may: between clusters of spaceless scripts, never inside other runs."""
    start = 0
    for index in range(1, len(token)):
        if not _extends(token[index], token[index - 1]):
            yield token[start:index]
            start = index
    yield token[start:]


def _attach_punctuation(clusters: Iterator[str]) -> list[str]:
    """Give opening punctuation to the cluster after it and all else that is not a word to the one before."""
    pieces: list[str] = []
    opening = ""
    for cluster in clusters:
        if any(character.isalnum() for character in cluster):
            pieces.append(opening + cluster)
            opening = ""
        elif unicodedata.category(cluster[0]) in ("Ps", "Pi") or not pieces:
            opening += cluster
        else:
            pieces[-1] += opening + cluster
            opening = ""
    if opening:
        pieces[-1:] = [(pieces[-1] if pieces else "") + opening]
    return pieces


def atoms_of(script: Script) -> list[Atom]:
    """All of a script's text but its white space, in order."""
    atoms: list[Atom] = []
    for number, line in enumerate(script.lines):
        for token in line.text.split():
            spaceless = any(is_spaceless(character) for character in token)
            pieces = _attach_punctuation(_clusters(token)) if spaceless else [token]
            atoms += [Atom(piece, number, index > 0) for index, piece in enumerate(pieces)]
    return atoms

"""Quotations in a text, and whether they stand word for word in another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

LONGEST_QUOTATION_CHARS = 2000


class Quotation(NamedTuple):
    """What stands between quotation marks, without them."""

    text: str
    start: int
    end: int


_PAIRS = (("“", "”"), ("„", "“”"), ("«", "»"), ("»", "«"), ("「", "」"), ("『", "』"), ("‹", "›"), ("”", "”"))
_CLOSERS = {opener: frozenset(closers) for opener, closers in _PAIRS}
_SINGLE = re.compile(
    r"(?<!\w)['‘‚](?!\d|(?:tis|twas|em|til|cause|bout|n)\b)(?=\S)((?:[^'‘’‚]|['’](?=\w)){1,300}?)(?<=\S)['’‘](?!\w)",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"\[?(?:\.\s?\.\s?\.|…)\]?|\[[^\]\[]{0,80}\]")
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0963\u0971-\u0dff]+[^\W_]*)*")
_NO_SPACES = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\u0e01-\u0e4e]")


def quotations_of(text: str) -> tuple[Quotation, ...]:
    """The quotations of a text in order; an opening mark that nothing closes opens none.

    An apostrophe is a quotation mark only where it cannot be part of a word.
    """
    found: list[Quotation] = []
    straight = -1
    opened: tuple[int, frozenset[str]] | None = None
    for at, char in enumerate(text):
        if char == '"':
            if straight < 0:
                straight = at
            else:
                found.append(Quotation(text[straight + 1 : at], straight + 1, at))
                straight = -1
        elif opened is not None and char in opened[1]:
            found.append(Quotation(text[opened[0] + 1 : at], opened[0] + 1, at))
            opened = None
        elif opened is None and char in _CLOSERS:
            opened = (at, _CLOSERS[char])
    spans = [(one.start, one.end) for one in found]
    found += [
        Quotation(match[1], match.start(1), match.end(1))
        for match in _SINGLE.finditer(text)
        if not any(start <= match.start() < end for start, end in spans)
    ]
    return tuple(sorted(one for one in found if one.text.strip()))


def is_quoted_from(quotation: str, sources: Sequence[str]) -> bool:
    """Whether a quotation stands in the sources word for word.

    Case, marks and white space are no difference; an ellipsis or a word in brackets stands for any words left
    out. The parts must follow each other in the sources taken together, in their order.
    """
    haystack = _flat(" ".join(sources), quotation)
    at = 0
    for part in _ELLIPSIS.split(quotation[:LONGEST_QUOTATION_CHARS]):
        needle = _flat(part, quotation)
        if not needle.strip():
            continue
        found = haystack.find(needle, at)
        if found < 0:
            return False
        at = found + len(needle) - 1
    return True


def _flat(text: str, sample: str) -> str:
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("'", ""))
    return "".join(words) if _NO_SPACES.search(sample) else f" {' '.join(words)} "

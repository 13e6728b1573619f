"""Titles into file names that every file system takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

MAX_SLUG_CHARS = 60
MAX_SLUG_BYTES = 180
"""Leaves room for a suffix below the 255 bytes that most file systems allow a name."""
EMPTY_SLUG = "short"

_SPELT_OUT = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i"}
    | dict.fromkeys("'’ʼ")
)
_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
_LAST_ACCENTED = "\u03ff"
"""Latin and Greek lose their marks; further on a mark is part of the letter (й, が, कि)."""


def slugify(title: str) -> str:
    """A readable file name of a title: lower case, words joined by hyphens, at most 60 characters.

    Latin and Greek letters lose their accents; letters of other scripts are kept. The result is never
    empty, holds only letters, digits, marks and single inner hyphens, and is no reserved name of Windows.
    """
    words = "".join(_slug_char(char) for char in _plain_letters(title)).split("-")
    slug = ""
    for word in filter(None, words):
        longer = f"{slug}-{word}" if slug else word
        if _too_long(longer):
            slug = slug or _shortened(word)
            break
        slug = longer
    if not slug or _RESERVED.fullmatch(slug):
        return f"{slug}-{EMPTY_SLUG}".lstrip("-")
    return slug


def unique_slugs(
    slugs: Iterable[str],
    foreign: Sequence[Callable[[str], bool]] = (),
    endings: Sequence[Sequence[str]] = (),
) -> list[str]:
    """The slugs in their order, equal ones told apart by -2, -3 and so on.

    A number that another slug already bears is passed over: `a, a, a-2` gives `a, a-3, a-2`. Names are
    compared without regard to case, as some file systems do.

    Args:
        slugs: what is wanted.
        foreign: for each of them, whether a name belongs to something else already; none does when empty.
        endings: for each of them, what is put behind its name for further files, which need names of their own.
    """
    wanted = list(slugs)
    reserved = {slug.casefold() for slug in wanted}
    taken: set[str] = set()
    unique = []
    for at, slug in enumerate(wanted):
        name, number = slug, 1
        more = endings[at] if endings else ()
        while (
            not taken.isdisjoint(every := _folded(name, more))
            or (number > 1 and name.casefold() in reserved)
            or (foreign and any(foreign[at](one) for one in (name, *(name + ending for ending in more))))
        ):
            number += 1
            name = f"{slug}-{number}"
        taken |= every
        unique.append(name)
    return unique


def _folded(name: str, endings: Sequence[str]) -> set[str]:
    return {name.casefold(), *((name + ending).casefold() for ending in endings)}


def _too_long(slug: str) -> bool:
    return len(slug) > MAX_SLUG_CHARS or len(slug.encode()) > MAX_SLUG_BYTES


def _shortened(word: str) -> str:
    word = word[:MAX_SLUG_CHARS]
    while _too_long(word):
        word = word[:-1]
    return word


def _slug_char(char: str) -> str:
    return char if unicodedata.category(char)[0] in "LMN" else "-"


def _plain_letters(title: str) -> str:
    """Lower case and NFKC, without the marks on Latin and Greek letters."""
    text = title.encode("utf-8", "ignore").decode().casefold().translate(_SPELT_OUT)
    letters: list[str] = []
    base = " "
    for char in unicodedata.normalize("NFKD", text):
        is_mark = unicodedata.category(char).startswith("M")
        if is_mark and base <= _LAST_ACCENTED:
            continue
        base = base if is_mark else char
        letters.append(char)
    return unicodedata.normalize("NFC", "".join(letters))

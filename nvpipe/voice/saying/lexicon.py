"""The user's own pronunciations: words of the script, and what is said instead; the captions show the script."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nvpipe.errors import UsageError
from nvpipe.voice.saying.rewriting import Line

Entries = tuple[tuple[str, str, str], ...]
"""(language or "" for all, as it is written, as it is said)."""
_LONGEST = 200
_FIRST_MARK, _LAST_MARK = 0xF0000, 0xFFFFD
"""A private plane of Unicode: what was replaced is out of reach of every other rule until it is put in."""
_HINT = 'give words as people read them: "SQL" = "sequel"'


def parse_lexicon(table: object, where: str) -> Entries:
    """The entries of `[lexicon]` and its tables of languages, `[lexicon.es]`.

    Raises:
        UsageError: something in it is no word and its saying; `where` names the place.
    """
    if not isinstance(table, dict):
        raise UsageError(f"{where} takes a table, not {table!r}", hint='[lexicon] and under it "SQL" = "sequel"')
    found: list[tuple[str, str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            if not re.fullmatch(r"[a-z]{2,3}", str(name)):
                raise UsageError(f"{where}: {name!r} is no language code", hint="[lexicon.es] holds for Spanish")
            found += [_entry(name, one, said, f"{where}.{name}") for one, said in value.items()]
        else:
            found.append(_entry("", name, value, where))
    return tuple(found)


def _entry(language: str, written: object, said: object, where: str) -> tuple[str, str, str]:
    word = " ".join(str(written).split())
    if not any(character.isalnum() for character in word) or len(word) > _LONGEST:
        raise UsageError(f"{where}: {str(written)[:50]!r} is no word or phrase", hint=_HINT)
    if not isinstance(said, str):
        raise UsageError(f"{where}: {word!r} takes text, not {said!r}", hint=_HINT)
    words = " ".join(said.split())
    if len(words) > 1 and words.startswith("/") and words.endswith("/"):
        raise UsageError(
            f"{where}: {word!r} is given in phonetic signs, which not every speaker can read", hint=_HINT
        )
    wrong = next((one for one in words if not ((one.isprintable() and (one.isalnum() or one in " .,;:!?'’-"))
                                               or _is_mark(one))), "")  # fmt: skip
    if wrong or not any(character.isalnum() for character in words) or len(words) > _LONGEST:
        reason = f"has {wrong!r} in it" if wrong else "is too long" if len(words) > _LONGEST else "says nothing"
        raise UsageError(f"{where}: the saying of {word!r} {reason}", hint=_HINT)
    return language, word, words


def _is_mark(character: str) -> bool:
    import unicodedata

    return unicodedata.category(character) in ("Mn", "Mc") or character in "\u200c\u200d"


def entries_for(entries: Iterable[tuple[str, str, str]], language: str) -> dict[str, str]:
    """What is said for what in a language; its own entries win over those for all."""
    code = language.partition("-")[0].lower()
    code = {"cmn": "zh"}.get(code, code)
    chosen = {written: said for one, written, said in entries if not one}
    return chosen | {written: said for one, written, said in entries if one == code}


def is_mark(character: str) -> bool:
    """Whether the character stands for something said of the lexicon."""
    return _FIRST_MARK <= ord(character) <= _LAST_MARK


def marked(line: Line, sayings: dict[str, str]) -> tuple[Line, list[tuple[str, list[int]]]]:
    """The line with each entry replaced by a mark, and what each mark stands for.

    Whole words are found. An entry without capitals holds for any case, another only as it is written; the longest
    wins.
    """
    text = "".join(" " if is_mark(character) else character for character in line.text)
    if not sayings:
        return Line(text, line.owners), []
    exact = [word for word in sayings if word != word.lower()]
    loose = [word for word in sayings if word == word.lower()]
    words = sorted(exact, key=len, reverse=True), sorted(loose, key=len, reverse=True)
    parts = [rf"(?:{_any(words[0])})"] if exact else []
    parts += [rf"(?i:{_any(words[1])})"] if loose else []
    pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(parts)})(?![^\W_])")
    held: list[tuple[str, list[int]]] = []
    pieces: list[str] = []
    owners: list[int] = []
    at = 0
    for match in pattern.finditer(text):
        if len(held) > _LAST_MARK - _FIRST_MARK:
            break
        found = " ".join(match[0].split())
        said = sayings.get(found) or sayings.get(found.lower()) or found
        pieces += [text[at : match.start()], chr(_FIRST_MARK + len(held))]
        whose = sorted({owner for owner in line.owners[match.start() : match.end()] if owner >= 0})
        owners += [*line.owners[at : match.start()], whose[0] if whose else -1]
        held.append((said, whose))
        at = match.end()
    return Line("".join([*pieces, text[at:]]), owners + line.owners[at:]), held


def _any(words: list[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)


def unmarked(pairs: Iterable[tuple[str, int]], held: list[tuple[str, list[int]]]) -> list[tuple[str, int]]:
    """Characters and owners with what is said in the place of each mark; several atoms share the words in order."""
    if not held:
        return list(pairs)
    result: list[tuple[str, int]] = []
    for character, owner in pairs:
        if not is_mark(character):
            result.append((character, owner))
            continue
        said, whose = held[ord(character) - _FIRST_MARK]
        parts = re.findall(r"\S+\s*", said)
        for place, part in enumerate(parts):
            speaker = whose[place * len(whose) // len(parts)] if whose else owner
            result += [(letter, speaker) for letter in part]
    return result

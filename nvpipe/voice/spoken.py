"""What the synthesiser reads: the display text less what must not be said, and whose each character is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nvpipe.voice.saying.all import is_told, raw_rules, said_rules
from nvpipe.voice.saying.digits import plain_digits
from nvpipe.voice.saying.lexicon import entries_for, is_mark, marked, unmarked
from nvpipe.voice.saying.rewriting import NOBODY, Line, rewritten
from nvpipe.voice.tokens import Atom, is_han
from nvpipe.voice.wording import rules_for

_SAID_SYMBOLS = frozenset("%&+=@$£€¥₹₩₨¢°§№×÷±−≤≥≠≈√∞‰⁻")
_KEPT_PUNCTUATION = frozenset(".,;:!?'’‘-‐‑–—…()/#\"“”%&@§¿¡‰")
_ENDERS = frozenset(".!?。．！？।؟۔…")
_REPLACED = {"॥": "।", "：": ":", "；": ";", "，": ",", "．": ".", "´": "'", "⁄": "/"}
_PREFORMED = ("℃", "℉", "￥", "￡", "％", "＆", "＋", "＝", "＄", "＃", "＠")
_JOINERS = frozenset("\u200c\u200d")
_SHORT_ENDING = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,2}$")


@dataclass(frozen=True, slots=True)
class SpokenText:
    """Text for the synthesiser."""

    text: str
    owners: tuple[int, ...]
    """For each character the index of the atom that it is said for, or `NOBODY`."""

    def sounded(self) -> frozenset[int]:
        """The atoms of which something is said."""
        return frozenset(
            owner
            for character, owner in zip(self.text, self.owners, strict=True)
            if owner != NOBODY and (character.isalnum() or character in _SAID_SYMBOLS)
        )


Pair = tuple[str, int]


def _said_as(character: str, before: str, *, say_han: bool) -> str:
    """A character as it is to be read; a space for one that must not be."""
    category = unicodedata.category(character)
    if character in _REPLACED:
        return _REPLACED[character]
    if character in _PREFORMED or (ord(character) >= 0xFF10 and _is_styled(character)):
        return unicodedata.normalize("NFKC", character)
    if category in ("Mn", "Mc"):
        variation_selector = 0xFE00 <= ord(character) <= 0xFE0F or ord(character) >= 0xE0100
        return "" if variation_selector or not _is_letter(before) else character
    if category == "Cf":
        return character if character in _JOINERS and _is_letter(before) else ""
    if category[0] == "P":
        script_own = 0x0370 <= ord(character) < 0x2000 or 0x3001 <= ord(character) <= 0x3002
        return character if character in _KEPT_PUNCTUATION or script_own or ord(character) > 0xFF00 else " "
    if category in ("Sm", "So", "Sk", "Sc"):
        return character if character in _SAID_SYMBOLS or category == "Sc" or character == "~" else " "
    if category[0] in "CZ" or category == "Me" or (is_han(character) and not say_han):
        return " "
    return character


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" if character else False


def _is_styled(character: str) -> bool:
    """Full-width forms and mathematical alphabets: ordinary letters and digits in other clothes."""
    code = ord(character)
    return (0xFF10 <= code <= 0xFF5A or 0x1D400 <= code <= 0x1D7FF) and character.isalnum()


def _cleaned(line: Line, *, say_han: bool) -> Line:
    before = ""
    text: list[str] = []
    owners: list[int] = []
    for character, owner in zip(line.text, line.owners, strict=True):
        kept = owner == NOBODY or is_mark(character)
        said = character if kept else _said_as(character, before, say_han=say_han)
        text.append(said)
        owners += [owner] * len(said)
        before = said[-1:] or before
    return Line("".join(text), owners)


def rewrite(pairs: Sequence[Pair], pattern: re.Pattern[str], template: str) -> list[Pair]:
    """Replace each match by the template; a group keeps its owners, new text is said for what stands before it."""
    text = "".join(character for character, _ in pairs)
    result: list[Pair] = []
    at = 0
    for match in pattern.finditer(text):
        result += pairs[at : match.start()]
        at = match.end()
        owner = pairs[match.start()][1] if match.end() > match.start() else NOBODY
        for piece in re.split(r"(\\\d)", template):
            if piece.startswith("\\"):
                start, end = match.span(int(piece[1]))
                group = pairs[start:end] if start >= 0 else ()
                result += group
                owner = next((one for _, one in reversed(group) if one != NOBODY), owner)
            else:
                result += [(character, owner) for character in piece]
    return result + list(pairs[at:])


def _ended(pairs: list[Pair]) -> list[Pair]:
    """A line with the full stop and line break that make the synthesiser end a sentence."""
    text = "".join(character for character, _ in pairs)
    core = text.rstrip().rstrip("".join(_ENDERS) + ",;:-–—()'’‘ ,、，：；")
    tail = text[len(core) :]
    ender = next((character for character in tail if character in _ENDERS and character != "…"), ".")
    # A full stop after one or two letters is taken for an abbreviation, an empty line never is.
    stop = ender + ("\n\n" if _SHORT_ENDING.search(core) else "\n")
    return pairs[: len(core)] + [(character, NOBODY) for character in stop]


def _single_spaced(pairs: Sequence[Pair]) -> list[Pair]:
    """One space for several, and none before what ends a clause."""
    kept: list[Pair] = []
    for pair in pairs:
        if kept and kept[-1][0] == " " and pair[0] in " ,.;:!?":
            kept.pop()
        kept.append(pair)
    return kept


def _line(atoms: Iterable[tuple[int, Atom]], language: str, sayings: dict[str, str], *, say_han: bool) -> list[Pair]:
    text: list[str] = []
    owners: list[int] = []
    for index, atom in atoms:
        if text and not atom.glued:
            text.append(" ")
            owners.append(NOBODY)
        text.append(atom.text)
        owners += [index] * len(atom.text)
    line, held = marked(Line("".join(text), owners), sayings)
    if is_told(language):
        line = Line(plain_digits(line.text), line.owners)
    line = rewritten(_cleaned(rewritten(line, raw_rules(language)), say_han=say_han), said_rules(language))
    pairs: list[Pair] = list(zip(line.text, line.owners, strict=True))
    plain = line.text
    for pattern, template in rules_for(language.partition("-")[0]):
        if pattern.search(plain):
            pairs = rewrite(pairs, pattern, template)
            plain = "".join(character for character, _ in pairs)
    pairs = _single_spaced(unmarked(pairs, held))
    return _ended(pairs) if any(character.isalnum() or character in _SAID_SYMBOLS for character, _ in pairs) else []


def spoken_text(
    atoms: Sequence[Atom], language: str, *, say_han: bool, lexicon: Sequence[tuple[str, str, str]] = ()
) -> SpokenText:
    """The text to be read for the atoms: numbers, abbreviations and the like in words.

    Args:
        atoms: the display text.
        language: code of the voice's language, perhaps with its region (`en-gb`), which chooses how things are said.
        say_han: whether the voice can read Chinese characters; others spell them as "Chinese letter".
        lexicon: the user's own pronunciations (`voice.lexicon`).
    """
    sayings = entries_for(lexicon, language)
    pairs: list[Pair] = []
    by_line: dict[int, list[tuple[int, Atom]]] = {}
    for index, atom in enumerate(atoms):
        by_line.setdefault(atom.line, []).append((index, atom))
    for members in by_line.values():
        pairs += _line(members, language, sayings, say_han=say_han)
    return SpokenText("".join(character for character, _ in pairs), tuple(owner for _, owner in pairs))

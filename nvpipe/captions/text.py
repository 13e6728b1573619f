"""What captions need to know of writing: clean text, spaces, punctuation, emoji, widths."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Case = Literal["as written", "upper", "lower"]

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff01-\uff65\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Han, kana, bopomofo and full-width forms; Hangul is written with spaces."""

_SENTENCE_END = ".!?…。！？．؟۔।॥"
_CLAUSE_END = ",;:،؛、，；：—–"
_DASHES = "-‐‑‒–—―"
_TITLES = frozenset(
    (
        *("Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Sr", "Jr", "Gen", "Sen", "Rep", "Gov", "Lt", "Col", "Sgt", "vs"),
        *("Sra", "Srta", "Dra", "Profa", "EE", "Av", "sig", "dott", "on", "L'on", "डॉ", "पं", "श्री", "प्रो"),
    )
)
_INITIALS = re.compile(r"(?:\w\.)+", re.UNICODE)
_KEPT_FORMATS = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u08e2")
_TAGGED_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
_KEYCAPS = re.compile("[#*0-9]\ufe0f?\u20e3")
_SYMBOLS = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
_OF_SYMBOLS = frozenset("\ufe0e\ufe0f\u200d")
_EMOJI_STYLE = "\ufe0f"
_TEXT_STYLE = "\ufe0e"
_KEYCAP = "\u20e3"
_FRENCH_APART = frozenset("!?:;«»")
_SIGNS = frozenset("%‰‱&/\\#@*§¶†‡٪")
_CLOSING = frozenset(".,;:!?)]}…‥、。，．：；！？）］｝」』】〉》〕｡､｣؟،؛۔।॥།၊။៖។៕።፣፤፥፦፧")


def clean(text: str) -> str:
    """NFC text without control, private and invisible formatting characters, single-spaced.

    The zero-width joiner and non-joiner stay: they change the shapes of Persian and Indic letters and make one
    emoji of several; so do the tags of a flag. Characters newer than Python's tables stay too.
    """
    normal = unicodedata.normalize("NFC", text)
    tagged = {place for match in _TAGGED_FLAG.finditer(normal) for place in range(*match.span())}
    kept = (
        " " if char.isspace() else char
        for place, char in enumerate(normal)
        if char in _KEPT_FORMATS or place in tagged or char.isspace() or _is_shown(char)
    )
    return " ".join("".join(kept).split())


def _is_shown(char: str) -> bool:
    code = ord(char)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return False  # noncharacters
    return unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")


def prefers_emoji(cluster: str) -> bool:
    """Whether a grapheme cluster is shown as a picture rather than as a letter.

    An emoji whose presentation is a picture by default is East Asian wide (UAX 11); the others ask for it with a
    variation selector, as keycaps do (UTS 51).
    """
    if _TEXT_STYLE in cluster:
        return False
    if _EMOJI_STYLE in cluster or _KEYCAP in cluster:
        return True
    code = ord(cluster[0]) if cluster else 0
    if 0x1F1E6 <= code <= 0x1F1FF:
        return True
    if 0x1F300 <= code <= 0x1FAFF and unicodedata.category(cluster[0]) == "Cn":
        return True  # newer than Python's tables
    return (0x231A <= code <= 0x2BFF or 0x1F000 <= code <= 0x1FAFF) and (
        unicodedata.east_asian_width(cluster[0]) == "W" and code not in (0x2329, 0x232A)
    )


def is_symbols(text: str) -> bool:
    """Whether the text is emoji, arrows or ornaments with nothing to read beside them but punctuation."""
    text = _KEYCAPS.sub("\u2b50", text)
    return bool(_SYMBOLS.search(text)) and all(
        _SYMBOLS.match(char)
        or char in _OF_SYMBOLS
        or 0xE0020 <= ord(char) <= 0xE007F
        or unicodedata.category(char)[0] in "PZ"
        for char in text
    )


def is_unspaced(text: str) -> bool:
    """Whether the text is in a script that is written without spaces between words."""
    return bool(_UNSPACED.search(text))


def needs_space(before: str, after: str) -> bool:
    """Whether a space stands between two words."""
    return not (before and after and is_unspaced(before[-1]) and is_unspaced(after[0]))


def join(words: tuple[str, ...]) -> str:
    """Words as they are written in a row."""
    text = ""
    for word in words:
        text += f" {word}" if text and word and needs_space(text, word) else word
    return text


def is_punctuation(text: str) -> bool:
    """Whether the text consists of punctuation alone."""
    return bool(text) and all(unicodedata.category(char)[0] in "PZ" for char in text)


def stands_apart(text: str, language: str) -> bool:
    """Whether punctuation keeps the space with which it was written: `45 %`, `A & B`, in French `« Oui ! »`."""
    apart = _SIGNS | _FRENCH_APART if language.lower().partition("-")[0] == "fr" else _SIGNS
    return bool(text) and all(char in apart for char in text)


def is_opening(text: str) -> bool:
    """Whether punctuation belongs to the word after it."""
    return all(char in "¿¡" or unicodedata.category(char) in ("Ps", "Pi") for char in text)


def closing_lead(text: str) -> int:
    """How many characters at the start of a word close what stands before it; the dot of `.5` does not."""
    count = 0
    while count < len(text) and text[count] in _CLOSING:
        count += 1
    if count and text[count - 1] == "." and text[:count] == "." and text[count:][:1].isalnum():
        return 0
    return count


def is_initial(text: str) -> bool:
    """Whether a word is one capital letter and a dot."""
    stem = text.lstrip("\"'(“‘«[")
    return len(stem) == 2 and stem[1] == "." and (stem[0].isupper() or stem[0].istitle())


def is_dash(text: str) -> bool:
    """Whether punctuation is a dash, which keeps its space."""
    return all(char in _DASHES for char in text)


def _stem(text: str) -> str:
    """Text without the quotes and brackets that close it."""
    end = len(text)
    while end and (text[end - 1] in "\"'’»" or unicodedata.category(text[end - 1]) in ("Pe", "Pf")):
        end -= 1
    return text[:end]


def ends_sentence(text: str, following: str) -> bool:
    """Whether a sentence ends with this word; titles and initials (`Mr.`, `J.`, `U.S.`) do not end one."""
    stem = _stem(text)
    if not stem or stem[-1] not in _SENTENCE_END:
        return False
    if stem[-1] != "." or stem.endswith(".."):
        return True
    if is_initial(stem):
        return not following
    word = stem.lstrip("\"'(“‘«[").rstrip(".")
    return not (word in _TITLES or (_INITIALS.fullmatch(stem.lstrip("(“‘")) and following[:1].islower()))


def ends_clause(text: str) -> bool:
    """Whether a comma, colon or dash ends this word."""
    stem = _stem(text)
    return bool(stem) and stem[-1] in _CLAUSE_END


def cased(text: str, case: Case, language: str) -> str:
    """Text in the letters of a style; Turkish keeps the dot of its i, Greek capitals lose their accents."""
    primary = language.lower().partition("-")[0]
    dotted = primary in ("tr", "az")
    if case == "upper":
        text = (text.replace("i", "İ") if dotted else text).upper()
        if primary == "el":  # Greek capitals have no accent but the dialytika
            text = unicodedata.normalize("NFD", text).replace("\u0301", "")
    elif case == "lower":
        text = (text.replace("İ", "i").replace("I", "ı") if dotted else text).lower()
    else:
        return text
    return unicodedata.normalize("NFC", text)


def columns(text: str) -> int:
    """Width in character cells: wide East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )

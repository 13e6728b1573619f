"""What digits look like in a language, as parts of patterns, and where a bare number's words come from."""

from __future__ import annotations

import re
import unicodedata

from nvpipe.voice.saying.numbers import cardinal, digits, spoken_number, year
from nvpipe.voice.saying.rewriting import Piece, Rule, rule
from nvpipe.voice.saying.tables import Tongue, gender_of, word_set

_PLAIN = r"\d{1,21}"
_POINT = r"\d{1,3}(?:,\d{2,3}){0,6},\d{3}(?!\d)(?:\.\d{1,21}(?!\d))?|\d{1,3}(?:\.\d{3}){1,6},\d{1,2}(?!\d)"
_COMMA = (
    r"\d{1,3}(?:\.\d{3}){1,6}(?!\d)(?:,\d{1,21}(?!\d))?|\d{1,3}(?:[ ’']\d{3}){1,6}(?!\d)(?:,\d{1,21}(?!\d))?"
    r"|\d{1,3}(?:,\d{3}){2,6}(?!\d)|\d{1,3}(?:,\d{3}){1,6}\.\d{1,2}(?!\d)"
)
SIGN = r"(?P<sign>(?<![\w.,)%°])[-−+±])?"
START = r"(?<![\d])(?<!\d[.,])"
END = r"(?!\d)"
_SIGNS = {"-": "minus", "−": "minus", "+": "plus", "±": "plus_minus"}
_YEARS = range(1100, 2100)
_YEAR_CONTEXT = word_set("in since by until from year of early late before after around circa")


def number(speech: Tongue) -> str:
    """Pattern of a number without its sign, with its groups and decimals."""
    if speech.decimal == ".":
        return rf"(?:{_POINT}|{_PLAIN}(?:\.{_PLAIN})?){END}"
    return rf"(?:{_COMMA}|{_PLAIN}(?:[.,]{_PLAIN})?){END}"


def signed(sign: str | None, speech: Tongue) -> str:
    """The words of a sign, with a space behind them."""
    return f"{speech.text[_SIGNS[sign]]} " if sign else ""


def is_year(written: str) -> bool:
    return len(written) == 4 and written.isdigit() and int(written) in _YEARS


def plain(written: str, speech: Tongue, gender: str = "") -> str:
    """A bare number in words: four digits without a separator as a year, where the language says years otherwise."""
    if is_year(written) and speech.code in ("en", "de", "hi"):
        return year(int(written), speech)
    return spoken_number(written, speech, gender)


def following(match: re.Match[str], speech: Tongue) -> str:
    """The gender that a number takes from the word after it, or nothing where no noun seems to follow."""
    found = _NEXT_WORD.match(match.string, match.end())
    if found is None:
        return ""
    word = found[1]
    scales = speech.scales["words"].split()
    if word in scales:
        return "f" if speech.code == "de" else "m"
    if speech.code == "de" and not word[0].isupper():
        return ""
    one = match["number"] == "1"
    if not one and speech.code in ("es", "pt", "fr") and word[-1] not in "sx":
        return ""
    if one and _NUMBERED.search(match.string, max(0, match.start() - 12), match.start()):
        return ""
    if speech.code != "de" and (len(word) < 3 or not word[0].islower() or word in _NO_NOUNS):
        return ""
    return gender_of(word, speech)


_NEXT_WORD = re.compile(r" ([^\W\d_]{1,40})")
_NUMBERED = re.compile(
    r"(?i)(?:n[uú]mero|numéro|nummer|p[aá]gina|page|cap[ií]tulo|chapitre|capitolo|kapitel|nivel|niveau|level|fase|phase"
    r"|d[ií]a|grupo|groupe|gruppe|part[ei]?|teil|platz|tipo|typ[e]?|f[oó]rmul[ae]|formel|canal) $"
)
"""Words that a number names: no noun that it counts follows."""
_NO_NOUNS = word_set(
    "que por per pour para con sin pero que del las los the dans des les sur avec est sont son era fue hasta "
    "como desde entre contra sobre pas par mais aux une qui dos das nos nas uma foi não sem che dal nel alla "
    "alle dei degli non sono più fra tra gli lo la"
)


def number_rules(speech: Tongue) -> tuple[Rule, ...]:
    """The last to have a turn: what is left of numbers, and of digits in any other surroundings."""

    def bare(match: re.Match[str]) -> list[Piece]:
        written = match["number"]
        gender = following(match, speech)
        if is_year(written) and (gender == "m" or written[-1] == "1"):
            gender = ""
        words = plain(written, speech, gender)
        if speech.code == "en" and written.isdigit() and 1010 <= int(written) < 1100 and len(written) == 4:
            before = match.string[: match.start()].rsplit(" ", 2)[-2:-1]
            words = year(int(written), speech) if before and before[0].lower() in _YEAR_CONTEXT else words
        return [(signed(match["sign"], speech) + words, *match.span())]

    def one_by_one(match: re.Match[str]) -> list[Piece]:
        return [(digits(match[0], speech), *match.span())]

    return (
        rule(rf"{SIGN}{START}(?P<number>{number(speech)})", bare),
        rule(r"\d{1,21}", lambda match: [(_left(match[0], speech), *match.span())]),
        rule(r"\d+", one_by_one),
    )


def _left(written: str, speech: Tongue) -> str:
    if len(written) < 4 and (written[0] != "0" or len(written) == 1):
        return cardinal(int(written), speech)
    return digits(written, speech)


def long_rows(speech: Tongue) -> Rule:
    """Rows of digits that are no number that anybody says: card numbers, constants, nonsense."""
    return rule(r"\d{16,}", lambda match: [(digits(match[0], speech), *match.span())])


def plain_digits(text: str) -> str:
    """Digits of other scripts, in circles and the like as ASCII digits, one character for each; superscripts stay."""
    return "".join(map(_plain_digit, text)) if not text.isascii() else text


def _plain_digit(character: str) -> str:
    if character.isascii() or not character.isdigit() or character in "⁰¹²³⁴⁵⁶⁷⁸⁹":
        return character
    return str(unicodedata.digit(character))

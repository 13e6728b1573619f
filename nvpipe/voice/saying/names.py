"""Abbreviations, acronyms, roman numerals and signs.

An acronym of two to five capitals is spelled unless it is in a list of those that are words, looks like one (four
letters or more with vowels between consonants), is a common word in capitals, or stands in a line of capitals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from nvpipe.voice.saying.amounts import _alternatives, currency
from nvpipe.voice.saying.figures import GERMAN_WEAK
from nvpipe.voice.saying.numbers import cardinal, ordinal
from nvpipe.voice.saying.rewriting import Piece, Rule, rule
from nvpipe.voice.saying.tables import Tongue, word_set

_SAID_AS_WORDS = word_set(
    "NASA NATO UNESCO UNICEF OPEC AIDS FIFA UEFA NAFTA ASEAN SIM RAM ROM PIN GIF LASER RADAR COVID SARS MERS "
    "DARPA NOAA OSHA IKEA OTAN OVNI SIDA ONU OMS NAS SAT CAPTCHA POTUS SCOTUS FEMA MIDI WASP YOLO ZIP VAT "
    "AWOL NIMBY BAFTA SWAT UNRWA ETA RENFE PEMEX ONCE INSEE SMIC ENA FNAC SNES NEET TOEFL DAX INPS "
    "ISTAT ANSA RAI FIAT ISRO UNO EXIT SATA TUI DIN TÜV"
)
_COMMON = word_set(
    "A I AN AND ARE AS ASK ALL ANY BAD BE BIG BUT BUY BY CAN CAR DAY DID DO FOR FREE FROM FUN GET GO GOOD GOT "
    "GUY HAD HAS HE HER HIM HIS HOT HOW IF IN IS JOB JUST KEY LET LOL MAN MAY ME MEN MOM MUST MY NEVER NEW NO "
    "NOT NOW OF OFF OH OK OLD ON ONE ONLY OR OUR OUT OWN PAY REAL RED RUN SAD SAY SEE SEX SHE SIX SO SON STOP "
    "SUN TEN THAN THAT THE THEM THEN THEY THIS TO TOO TOP TRY TWO UP USE VERY WAR WAS WAY WE WERE WHAT WHEN "
    "WHERE WHY WILL WIN WITH WOW YES YET YOU YOUR ZERO NI LA EL LE LES LOS LAS UN UNA DE DU DES ET EN Y O "
    "QUE QUI SE SI SU SUS TU VOS NOUS VOUS ILS CE CES DA DO DOS DAS ELE NÃO SIM MAS MÁS COM SEM POR PAR "
    "POUR IL LO GLI CHE PER CON NON SONO DER DIE DAS UND IST EIN NICHT MIT AUF ICH DU ER SIE WIR"
)
_VOWELS = frozenset("AEIOUYÄÖÜÁÉÍÓÚ")
_ROMAN = r"(?=[IVX]|[LC][IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_END_ABLE = word_set("etc. Inc. Ltd. Corp. Co. Jr. Sr. a.m. p.m. ecc. usw. EE.UU. S.A. d.C. a.C. Bros. aprox. Str.")
_BEFORE_NAMES = word_set("D. M. MM. Fr. Hr. v. St St. Ste Pr Dr On. Ing. Avv. Gen. Sen. Rep. Col. Rev. Gov. Lt.")


def abbreviation_rules(speech: Tongue) -> tuple[Rule, ...]:
    """Those of the table; a full stop that ends a sentence too is kept."""
    words = speech.abbreviations

    def say(match: re.Match[str]) -> list[Piece] | None:
        short = match[1]
        rest = match.string[match.end() : match.end() + 2]
        if short in _BEFORE_NAMES and not (rest[:1] in " -" and rest[1:2].isupper()):
            return None
        if short in ("v.", "D.") and re.search(
            r"\b[A-Z]\.? ?$", match.string[max(0, match.start() - 3) : match.start()]
        ):
            return None
        ends = short.endswith(".") and (
            not rest.strip()
            or (short in _END_ABLE and (short != "Sr." or speech.code == "en") and rest[1:2].isupper())
        )
        said = words[short]
        return [(f"{said}." if ends else said, *match.span())]

    def numbered(match: re.Match[str]) -> list[Piece]:
        return [(speech.before_number[match[1]], *match.span(1))]

    rules = [rule(rf"(?<![\w.])({_alternatives(list(speech.before_number))}) ?(?=\d)", numbered)]
    if speech.code == "en":
        street = r"(?<=[a-z] )(St|Dr|Ave|Blvd|Rd)\.(?! [A-Z])"
        streets = {"St": "Street", "Dr": "Drive", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road"}
        rules.append(rule(street, lambda match: [(streets[match[1]] + _stop(match), *match.span())]))
        rules.append(rule(r"(?<!\w)St\.(?= [A-Z])", lambda match: [("Saint", *match.span())]))
    return (*rules, rule(rf"(?<![\w.])({_alternatives(list(words))})(?!\w)", say))


def _stop(match: re.Match[str]) -> str:
    return "" if match.string[match.end() :][:2].strip() else "."


@lru_cache(maxsize=4)
def _is_shouted(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return " " in text.strip() and sum(map(str.isupper, letters)) > len(letters) * 0.7


def acronym_rules() -> tuple[Rule, ...]:
    """`FBI` letter by letter, `NASA` as it stands."""

    def say(match: re.Match[str]) -> list[Piece] | None:
        letters = match[1]
        if letters in _SAID_AS_WORDS or letters in _COMMON or _is_shouted(match.string):
            return None
        if len(letters) > 3 and _is_pronounceable(letters):
            return None
        plural = "'s" if match[2] else ""
        return [(f"{' '.join(letters)}{plural}", *match.span())]

    return (rule(r"(?<![\w.'’])([A-ZÄÖÜ]{2,5})(s)?(?![\w]|['’]\w{2})", say),)


def _is_pronounceable(letters: str) -> bool:
    """Whether vowels and consonants take turns, at most two of a kind together."""
    kinds = "".join("v" if letter in _VOWELS else "c" for letter in letters)
    return "vvv" not in kinds and "ccc" not in kinds and "cc" not in (kinds[:2], kinds[-2:]) and "v" in kinds


def roman_value(numeral: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


def roman_rules(speech: Tongue) -> tuple[Rule, ...]:
    """Rulers, centuries, wars and parts: `Louis XIV`, `siglo XXI`, `XIXe siècle`, `World War II`, `Rocky IV`."""
    if not speech.rulers:
        return ()

    def ruler(match: re.Match[str]) -> list[Piece]:
        value = roman_value(match["roman"])
        return [(_reign(value, speech.rulers[match[1].rsplit(" ", 1)[-1]], speech), *match.span("roman"))]

    def counted(match: re.Match[str]) -> list[Piece] | None:
        if not match["roman"]:
            return None
        return [(cardinal(roman_value(match["roman"]), speech), *match.span("roman"))]

    def placed(match: re.Match[str]) -> list[Piece] | None:
        end = match.groupdict().get("end") or ""
        gender = "f" if end == "re" else "m"
        words = ordinal(roman_value(match["roman"]), speech, gender)
        before = match.string[max(0, match.start() - 24) : match.start()].split()
        weak = speech.code == "de" and before and before[-1].lower() in GERMAN_WEAK
        return [(words + ("n" if weak else ""), match.start(), match.end())]

    names = _alternatives(list(speech.rulers))
    stop = r"\.?" if speech.code == "de" else ""
    after = rf"(?P<roman>(?<= ){_ROMAN}(?<=[IVXLC]))"
    rules = []
    if speech.code == "fr":
        rules.append(rule(rf"(?<!\w)(?P<roman>{_ROMAN})(?P<end>er|re|ère|ème|e|ᵉ)(?!\w)", placed))
    if speech.code == "it":
        rules.append(rule(rf"(?<!\w)(?P<roman>{_ROMAN}) (?=secolo\b)", placed))
    if speech.code == "de":
        rules.append(rule(rf"(?<!\w)(?P<roman>{_ROMAN})\.(?= Jahrhundert)", placed))
    reign = rf"(?<!\w)({names}) {after}(?!\w)"
    if speech.code == "de":
        reign = rf"(?<!\w)({names}) (?P<roman>(?<= ){_ROMAN}(?<=[IVXLC])\.?)(?!\w)"
        rules.append(rule(reign, lambda match: _german_reign(match, speech)))
    else:
        rules.append(rule(reign, ruler))
    alone = _alternatives(sorted(speech.alone))
    rules.append(rule(rf"(?<!\w)(?:{alone}) {after}{stop}(?!\w)", counted))
    rules.append(
        rule(
            r"(?<!\w)[A-ZÀ-Ý][\w’'-]{1,30} (?P<roman>(?<= )(?=[IVX]{2})X{0,3}(?:IX|IV|V?I{0,3}))(?![\w.-])",
            counted,
        )
    )
    return tuple(_only_the_numeral(one) for one in rules)


def _german_reign(match: re.Match[str], speech: Tongue) -> list[Piece]:
    written = match["roman"].rstrip(".")
    article = "die" if speech.rulers[match[1]] == "f" else "der"
    words = f"{article} {ordinal(roman_value(written), speech).capitalize()}"
    ended = match["roman"].endswith(".") and not match.string[match.end() :].strip()
    return [(words + ("." if ended else ""), *match.span("roman"))]


def _only_the_numeral(one: Rule) -> Rule:
    """The same rule with what stands before the numeral kept as it is."""

    def say(match: re.Match[str]) -> Sequence[Piece] | None:
        pieces = one.say(match)
        start = match.start("roman")
        if pieces is None or start == match.start():
            return pieces
        return [(match.string[match.start() : start].rstrip(), match.start(), start), *pieces]

    return Rule(one.pattern, say)


def _reign(value: int, gender: str, speech: Tongue) -> str:
    if speech.code == "en":
        return f"the {ordinal(value, speech)}"
    if speech.code == "it" or (speech.code in ("es", "pt") and value <= 10) or value == 1:
        return ordinal(value, speech, gender)
    return cardinal(value, speech)


def sign_rules(speech: Tongue) -> tuple[Rule, ...]:
    """Signs that have a word."""
    text = speech.text
    names = {
        "&": "and", "=": "equals", "±": "plus_minus", "≤": "less", "≥": "more", "≠": "unequal", "≈": "about",
        "∞": "infinity", "√": "root", "%": "percent", "‰": "permille", "№": "number", "÷": "divided", "×": "times",
        "@": "at",
    }  # fmt: skip

    def sign(match: re.Match[str]) -> list[Piece]:
        return [(f" {text[names[match[0]]]} ", *match.span())]

    def coin(match: re.Match[str]) -> list[Piece]:
        codes = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
        return [(f" {currency(codes[match[0]], speech)[0].many} ", *match.span())]

    return (
        rule(r"C#(?!\w)", lambda match: [("C sharp", *match.span())]),
        rule(r"\+\+(?!\w)", lambda match: [(f" {text['plus']} {text['plus']}", *match.span())]),
        rule(r"\+", lambda match: [(f" {text['plus']} ", *match.span())]),
        rule(r"[#№] ?(?=\d)", lambda match: [(f"{text['number']} ", *match.span())]),
        rule(r"§{1,2} ?(?=\d)", lambda match: [(f"{text['section']} ", *match.span())]),
        rule(r"(?<!\w)[~≈] ?(?=[\d$£€])", lambda match: [(f"{text['about']} ", *match.span())]),
        rule("[" + "".join(names) + "]", sign),
        rule("[$€£¥₹]", coin),
    )

"""Numbers in words: cardinals, ordinals, decimals, years and rows of digits.

Words below a thousand and ordinals come from num2words (Hindi's from a table); what stands above is put together
here, since num2words takes a millisecond for each number and knows neither gender nor the Indian scales.
"""

from __future__ import annotations

from functools import cache, lru_cache

from nvpipe.voice.saying.tables import Tongue

MOST_DIGITS = 15
"""Longer numbers are said digit by digit."""
_GLUED_CHARS = 48
"""German compounds longer than this are parted, so that no synthesiser meets an endless word."""
_SCALES = {
    "en": ((12, "one trillion", "trillion"), (9, "one billion", "billion"), (6, "one million", "million")),
    "es": ((12, "un billón", "billones"), (6, "un millón", "millones")),
    "fr": ((12, "un billion", "billions"), (9, "un milliard", "milliards"), (6, "un million", "millions")),
    "pt": ((12, "um trilhão", "trilhões"), (9, "um bilhão", "bilhões"), (6, "um milhão", "milhões")),
    "it": ((12, "un bilione", "bilioni"), (9, "un miliardo", "miliardi"), (6, "un milione", "milioni")),
    "de": ((12, "eine Billion", "Billionen"), (9, "eine Milliarde", "Milliarden"), (6, "eine Million", "Millionen")),
    "hi": ((11, "एक खरब", "खरब"), (9, "एक अरब", "अरब"), (7, "एक करोड़", "करोड़"), (5, "एक लाख", "लाख")),
}
_SCALES_PT_PT = ((12, "um bilião", "biliões"), (6, "um milhão", "milhões"))
_HINDI_FIRST = {1: "पहल", 2: "दूसर", 3: "तीसर", 4: "चौथ", 6: "छठ"}
_OWN_CONVERTER = {"pt": "pt_BR", "pt-pt": "pt", "fr-be": "fr_BE", "fr-ch": "fr_CH"}


@cache
def _hindi() -> tuple[str, ...]:
    from nvpipe.language.hindi import BELOW_HUNDRED

    return tuple(spellings.partition("|")[0] for spellings in BELOW_HUNDRED.split())


def _converted(number: int, converter: str, to: str = "cardinal") -> str:
    from num2words import num2words

    return str(num2words(number, lang=converter, to=to))


@lru_cache(maxsize=16384)
def _below_thousand(number: int, tag: str) -> str:
    code = tag.partition("-")[0]
    if code == "hi":
        hundreds, rest = divmod(number, 100)
        high = [f"{_hindi()[hundreds]} सौ"] if hundreds else []
        return " ".join([*high, _hindi()[rest]] if rest or not high else high)
    converter = _OWN_CONVERTER.get(tag) or _OWN_CONVERTER.get(code, code)
    words = _converted(number, converter)
    if code == "en" and tag != "en-gb":
        words = words.replace(" and ", " ")
    if code == "de" and number == 100:
        return "hundert"
    return words


def cardinal(number: int, speech: Tongue, gender: str = "") -> str:
    """A number in words, without a sign.

    Args:
        gender: of the noun that follows (`m`, `f`), or nothing where none does.
    """
    return _cardinal(number, speech.tag, gender)


@lru_cache(maxsize=16384)
def _cardinal(number: int, tag: str, gender: str) -> str:
    code = tag.partition("-")[0]
    parts: list[str] = []
    rest = number
    for power, one, many in _SCALES_PT_PT if tag == "pt-pt" else _SCALES[code]:
        count, rest = divmod(rest, 10**power)
        if count:
            parts.append(one if count == 1 else f"{_cardinal(count, tag, _before_scale(code))} {many}")
    if rest or not parts:
        low = _below_million(rest, tag, gender)
        linked = code == "pt" and parts and (rest < 100 or (rest < 1000 and rest % 100 == 0) or rest % 1000 == 0)
        parts.append(f"e {low}" if linked else low)
    return " ".join(parts)


def _before_scale(code: str) -> str:
    return "f" if code == "de" else "m"


def _below_million(number: int, tag: str, gender: str) -> str:
    code = tag.partition("-")[0]
    thousands, rest = divmod(number, 1000)
    low = _inflected(_below_thousand(rest, tag), rest, code, gender) if rest or not thousands else ""
    if not thousands:
        return low
    high = _below_thousand(thousands, tag)
    if code == "de":
        words = f"{'' if number == 1000 else 'ein'}tausend" if thousands == 1 else f"{_joining(high)}tausend"
        return f"{words}{low}" if len(words) + len(low) <= _GLUED_CHARS else f"{words} {low}"
    if code == "it":
        return (
            f"mille{low}"
            if thousands == 1
            else f"{high.removesuffix('uno') + 'un' if high.endswith('uno') else high}mila{low}"
        )
    if code in ("es", "pt", "fr"):
        head = {"es": "mil", "pt": "mil", "fr": "mille"}[code]
        if thousands > 1:
            if code == "fr":
                high = high.removesuffix("s") if high.endswith(("cents", "vingts")) else high
            else:
                high = _inflected(high, thousands, code, gender or "m")
            head = f"{high} {head}"
        link = "e " if code == "pt" and rest and (rest < 100 or rest % 100 == 0) else ""
        return f"{head} {link}{low}".rstrip()
    head = f"{high} {'thousand' if code == 'en' else 'हज़ार'}"
    link = "and " if tag == "en-gb" and 0 < rest < 100 else ""
    return f"{head} {link}{low}".rstrip()


def _joining(words: str) -> str:
    """German numbers lose the s of eins within a compound."""
    return words.removesuffix("s") if words.endswith("eins") else words


def _inflected(words: str, number: int, code: str, gender: str) -> str:
    """A number below a thousand as it stands before a noun of a gender."""
    if not gender:
        return words
    last = number % 100
    if code == "es":
        if gender == "f":
            words = words.replace("cientos", "cientas").replace("quinientos", "quinientas")
            return words.removesuffix("uno") + "una" if words.endswith("uno") else words
        if words.endswith("veintiuno"):
            return words.removesuffix("veintiuno") + "veintiún"
        return words.removesuffix("o") if words.endswith("uno") else words
    if code == "pt" and gender == "f":
        words = words.replace("entos", "entas")
        if last != 11 and words.endswith("um"):
            return words + "a"
        return words.removesuffix("dois") + "duas" if words.endswith("dois") else words
    if code == "fr" and gender == "f":
        return words + "e" if words.endswith("un") else words
    if code == "it" and number == 1:
        return "una" if gender == "f" else "un"
    if code == "de" and number == 1:
        return "eine" if gender == "f" else "ein"
    return words


@lru_cache(maxsize=4096)
def _ordinal(number: int, tag: str) -> str:
    code = tag.partition("-")[0]
    words = _converted(number, _OWN_CONVERTER.get(tag) or _OWN_CONVERTER.get(code, code), to="ordinal")
    return words.replace(" and ", " ").replace(",", "") if code == "en" else words


def ordinal(number: int, speech: Tongue, gender: str = "m") -> str:
    """A number's place in a row, in words; beyond a thousand the cardinal is said where that is usual."""
    if speech.code == "hi":
        ending = "ी" if gender == "f" else "ा"
        if number in _HINDI_FIRST:
            return _HINDI_FIRST[number] + ending
        return cardinal(number, speech) + ("वीं" if gender == "f" else "वां")
    if number == 0 or number >= (10**9 if speech.code in ("en", "de", "fr") else 1000):
        return cardinal(number, speech)
    words = _ordinal(number, speech.tag)
    if gender != "f":
        return words
    if speech.code in ("es", "pt", "it"):
        return " ".join(word[:-1] + "a" if word.endswith("o") else word for word in words.split(" "))
    return "première" if speech.code == "fr" and words == "premier" else words


def digits(text: str, speech: Tongue) -> str:
    """Digits one by one."""
    return " ".join(_below_thousand(int(digit), speech.tag) for digit in text)


def paired(text: str, speech: Tongue) -> str:
    """Four digits as people say those of a model's name: 4090 is forty ninety."""
    high, low = int(text[:2]), int(text[2:])
    if speech.code == "en" and low == 0:
        return f"{cardinal(high, speech)} hundred" if high % 10 else cardinal(high * 100, speech)
    if high < 10 or low < 10:
        return cardinal(int(text), speech)
    return f"{cardinal(high, speech)} {cardinal(low, speech)}"


def year(number: int, speech: Tongue) -> str:
    """A year: in pairs in English, in hundreds in German and Hindi up to 1999, as a number elsewhere."""
    high, low = divmod(number, 100)
    hundreds = speech.code in ("de", "hi") and 11 <= high <= 19
    if speech.code == "en" and 11 <= high <= 20 and not 2000 <= number <= 2009:
        if low == 0:
            return f"{cardinal(high, speech)} hundred"
        return f"{cardinal(high, speech)} {'oh ' if low < 10 else ''}{cardinal(low, speech)}"
    if not hundreds:
        return cardinal(number, speech)
    rest = cardinal(low, speech) if low else ""
    if speech.code == "de":
        return f"{cardinal(high, speech)}hundert{rest}"
    return f"{cardinal(high, speech)} सौ {rest}".rstrip()


def split_number(written: str, speech: Tongue) -> tuple[str, str, str]:
    """A number's digits before and after the decimal point, and that point ("" if none).

    A lone separator groups thousands where it is the language's and three digits follow; otherwise it is the
    decimal point, whatever the language.
    """
    bare = written.replace(" ", "").replace("'", "").replace("’", "")
    marks = [character for character in bare if character in ".,"]
    if not marks:
        return bare, "", ""
    if len(set(marks)) == 1:
        mark = marks[0]
        before, _, after = bare.rpartition(mark)
        groups = len(marks) > 1 or (
            mark != speech.decimal and len(after) == 3 and before[0] != "0" and len(before) < 4
        )
        if groups:
            return bare.replace(mark, ""), "", ""
        return before, after, mark
    before, _, after = bare.rpartition(marks[-1])
    return before.replace(marks[0], ""), after, marks[-1]


def spoken_number(written: str, speech: Tongue, gender: str = "") -> str:
    """A number as it is written in digits, without its sign, in words."""
    before, after, mark = split_number(written, speech)
    if (len(before) > 1 and before[0] == "0") or len(before) > MOST_DIGITS:
        words = digits(before, speech)
    else:
        words = cardinal(int(before or "0"), speech, gender if not mark else "")
    if not mark:
        return words
    point = speech.text["dot" if mark == "." and speech.code != "hi" else "point"]
    return f"{words} {point} {_decimals(after, speech)}"


def _decimals(after: str, speech: Tongue) -> str:
    """Digit by digit in English, German and Hindi; elsewhere two digits as one number."""
    if speech.code in ("en", "de", "hi") or len(after) > 2:
        return digits(after, speech)
    zeros = len(after) - len(after.lstrip("0"))
    rest = after[zeros:]
    words = [cardinal(0, speech)] * zeros + ([cardinal(int(rest), speech)] if rest else [])
    return " ".join(words)


def is_one(written: str, speech: Tongue) -> bool:
    """Whether the singular follows; French says it for all below two."""
    before, _, mark = split_number(written, speech)
    if speech.code == "fr":
        return before.lstrip("0") in ("", "1")
    return before == "1" and not mark

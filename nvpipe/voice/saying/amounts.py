"""Amounts of money, percentages, and measures with their units.

The number is said before its currency, wherever the sign stands; two decimals are cents ("three dollars fifty").
`$10 bill` is said in the plural as any amount is: to know that it is one would need the grammar of the sentence.
"""

from __future__ import annotations

import re
from functools import cache

from nvpipe.voice.saying.digits import SIGN, START, number, signed
from nvpipe.voice.saying.numbers import cardinal, is_one, split_number, spoken_number
from nvpipe.voice.saying.rewriting import Piece, Rule, rule
from nvpipe.voice.saying.tables import Noun, Tongue, noun, word_list

_SYMBOLS = {
    "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "HK$": "HKD", "NZ$": "NZD", "S$": "SGD",
    "MX$": "MXN", "NT$": "TWD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW",
    "₽": "RUB", "₿": "BTC", "₺": "TRY", "₪": "ILS", "₫": "VND", "₦": "NGN", "₱": "PHP", "฿": "THB", "₴": "UAH",
    "zł": "PLN", "Kč": "CZK", "Rs.": "INR", "Rs": "INR", "रु.": "INR", "रु": "INR", "Fr.": "CHF",
}  # fmt: skip
_CODES = tuple(
    word_list(
        "USD EUR GBP JPY CNY INR KRW RUB BRL AUD CAD CHF SEK NOK DKK PLN CZK HUF TRY MXN ARS CLP COP ZAR NGN ILS "
        "AED SAR THB VND IDR PHP MYR SGD HKD TWD NZD UAH EGP PKR BDT KES BTC ISK RON"
    )
)
_SINGULAR = {
    "millones": "millón", "billones": "billón", "millions": "million", "milliards": "milliard",
    "billions": "billion", "milhões": "milhão", "bilhões": "bilhão", "trilhões": "trilhão", "milioni": "milione",
    "miliardi": "miliardo", "Millionen": "Million", "Milliarden": "Milliarde", "Billionen": "Billion",
    "mila": "mille",
}  # fmt: skip
_THOUSANDS = frozenset(("mil", "mille", "mila"))
_FEMININE_NAMES = {
    "fr": ("couronne", "livre", "roupie", "lire"),
    "de": ("Krone", "Rupie", "Lira"),
    "es": ("libra", "corona", "rupia", "lira", "grivna"),
    "pt": ("libra", "coroa", "rupia", "lira"),
    "it": ("sterlina", "corona", "rupia", "lira"),
}
_ONLY_MONEY = frozenset(("m", "b", "B", "T", "t", "mm"))
"""Short scales that are units, or nothing, beside a number without a currency."""
_COUNTED_IN_MILLIONS = (
    "people|users|views|viewers|copies|players|subscribers|customers|jobs|homes|barrels|downloads|followers|years"
    "|children|workers|members|visitors|passengers|votes|vehicles|cars|tonnes|tons|shares"
)


@cache
def _currency(code: str, speech_code: str) -> Noun:
    """A currency that the table lacks, as CLDR names it."""
    from babel.numbers import get_currency_name

    one = get_currency_name(code, count=1, locale=speech_code)
    many = get_currency_name(code, count=2, locale=speech_code)
    feminine = any(word.startswith(_FEMININE_NAMES.get(speech_code, ())) for word in re.split(r"[\s-]", one))
    return noun(f"{'*' if feminine and speech_code in _FEMININE_NAMES else ''}{one}|{many}")


def currency(code: str, speech: Tongue) -> tuple[Noun, Noun | None]:
    """A currency and its hundredth, if that has a name here."""
    return speech.currencies.get(code) or (_currency(code, speech.code), None)


def _alternatives(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _scale_pattern(speech: Tongue, *, money: bool) -> str:
    """A scale after a number: a word of the language, or short for one; ends at a word's end."""
    short = [one for one in speech.scales if one != "words" and (money or one not in _ONLY_MONEY)]
    full = [word for word in speech.scales["words"].split() if word not in ("hundred", "Hundert", "hundert")]
    pairs = [f"mil {word}" for word in full if speech.code == "es" and word == "millones"]
    return rf"(?:[ -]?(?P<scale>{_alternatives([*pairs, *full, *short])})(?![\w]|(?<=\w)(?=[²³])))"


def _scale_words(written: str, singular: bool, speech: Tongue) -> str:
    words = speech.scales.get(written, written)
    return _SINGULAR.get(words, words) if singular else words


def _linked(scale: str, name: str, speech: Tongue) -> str:
    """The currency with what links it to a scale: millions de dollars, millions d'euros."""
    link = speech.text["of"]
    if not link or not scale or scale in _THOUSANDS:
        return name
    return f"d'{name}" if speech.code == "fr" and name[0] in "aeiouhé" else f"{link} {name}"


def scaled(match: re.Match[str], speech: Tongue, gender: str) -> tuple[list[Piece], str]:
    """The words of a match's `number` and `scale`, and those of the scale alone."""
    written = match["number"]
    span = match.span("number")
    if match["scale"] is None:
        return [(spoken_number(written, speech, gender), *span)], ""
    one = is_one(written, speech)
    scale = _scale_words(match["scale"], one, speech)
    before = "f" if speech.code == "de" and scale[0] == "M" else "m"
    words = "" if one and scale in _THOUSANDS else spoken_number(written, speech, before)
    return [(words, *span), (scale, *match.span("scale"))], scale


def _range(match: re.Match[str], speech: Tongue, gender: str) -> list[Piece]:
    if match["first"] is None:
        return []
    words = f"{spoken_number(match['first'], speech, gender)} {speech.text['to']}"
    return [(words, *match.span("first"))]


def _money(match: re.Match[str], speech: Tongue) -> list[Piece]:
    code = _SYMBOLS.get(match["currency"], match["currency"])
    name, small = currency(code, speech)
    start = match.start("first") if match["first"] else match.start("number")
    first: list[Piece] = []
    if match["sign"]:
        first.append((signed(match["sign"], speech).strip(), match.start(), start))
    whole, cents, _ = split_number(match["number"], speech)
    end = match.end()
    if not match["scale"] and not match["first"] and len(cents) == 2 and small is not None and len(whole) < 13:
        return [*first, (_with_cents(int(whole), int(cents), name, small, speech), match.start("number"), end)]
    numbers, scale = scaled(match, speech, name.gender)
    few = is_one(match["number"], speech) and not match["scale"] and not match["first"]
    last = numbers[-1][1:] if match.end("currency") <= start else (match.start("currency"), end)
    unit = (_linked(scale, name.one if few else name.many, speech), *last)
    return [*first, *_range(match, speech, name.gender), *numbers, unit]


def _with_cents(whole: int, cents: int, name: Noun, small: Noun, speech: Tongue) -> str:
    large = name.of(cardinal(whole, speech, name.gender), whole == 1 or (speech.code == "fr" and whole == 0))
    parts = small.of(cardinal(cents, speech, small.gender), cents == 1)
    if not cents:
        return large
    if not whole:
        return parts
    if cents < 10 or speech.code == "hi":
        return speech.text["cents_named"].format(large, parts)
    return speech.text["cents"].format(large, cardinal(cents, speech))


def money_rules(speech: Tongue) -> tuple[Rule, ...]:
    """Currencies before and after their amounts."""
    digits = rf"(?:\d{{1,15}},\d\d(?![\d,])|{number(speech)})"
    symbols = rf"(?P<currency>(?<!\w)(?:{_alternatives([*_SYMBOLS, *_CODES])}))"
    scale = _scale_pattern(speech, money=True)
    between = r"(?: ?[-–—] ?| to )" if speech.code == "en" else r"(?: ?[-–—] ?)"
    again = rf"(?:{_alternatives([*_SYMBOLS])})?"
    amount = rf"(?:(?P<first>{digits}){between}{again} ?)?(?P<number>{digits}){scale}?"
    linked = r"(?: (?:de|di|d'|d’))?"
    suffix = rf"(?P<currency>{_alternatives([*_SYMBOLS, *_CODES])})(?![\w])"
    say = lambda match: _money(match, speech)  # noqa: E731
    return (
        rule(rf"{SIGN}{symbols} ?[-−]?{amount}", say),
        rule(rf"{SIGN}{START}{amount}{linked} ?{suffix}", say),
    )


def percent_rules(speech: Tongue) -> tuple[Rule, ...]:
    """Per cent and per mille, and ranges of them."""

    def say(match: re.Match[str]) -> list[Piece]:
        words = speech.text["percent" if match["mark"] == "%" else "permille"]
        value = signed(match["sign"], speech) + spoken_number(match["number"], speech)
        return [*_range(match, speech, ""), (value, *match.span("number")), (words, *match.span("mark"))]

    digits = number(speech)
    return (rule(rf"{SIGN}{START}(?:(?P<first>{digits})[%‰]? ?[-–—] ?)?(?P<number>{digits}) ?(?P<mark>[%‰])", say),)


def unit_rules(speech: Tongue) -> tuple[Rule, ...]:
    """Measures: 5 km/h, 20°C, 3 m², 60 fps; and numbers with a short scale (10bn, 5 Mio.)."""
    digits = number(speech)
    names = _alternatives(list(speech.units))
    scale = _scale_pattern(speech, money=False)
    amount = rf"{SIGN}{START}(?:(?P<first>{digits}) ?[-–—] ?)?(?P<number>{digits})"
    links = r"(?: (?:de|di|d'|d’))?"
    measure = rf"{scale}?{links}[ -]?(?P<unit>{names})(?:/(?P<each>{names}|[a-z]{{3,6}}))?(?P<power>[²³]|(?<=m)[23])?"
    rules = [rule(rf"{amount}{measure}(?![\w²³])", lambda match: _measure(match, speech))]
    if speech.code == "en":
        counted = rf"{amount}(?P<scale>m)(?= (?:more |new |active |monthly )?(?:{_COUNTED_IN_MILLIONS})\b)"
        rules.insert(0, rule(counted, lambda match: _scaled_only(match, speech)))
        video = r"(?<![\w.,])(?P<number>2|4|5|8|10|16)(?P<unit>K)(?!\w)"
        rules.insert(0, rule(video, lambda match: [(f"{cardinal(int(match['number']), speech)} K", *match.span())]))
    return (*rules, rule(rf"{amount}{scale}", lambda match: _scaled_only(match, speech)))


def _scaled_only(match: re.Match[str], speech: Tongue) -> list[Piece] | None:
    if match["scale"] in speech.scales["words"].split() and not match["first"] and match["scale"] != "mila":
        # A number before a word that says the scale is any number: its words agree with that word.
        numbers, _ = scaled(match, speech, "")
        value = signed(match["sign"], speech) + numbers[0][0]
        return [(value.strip(), *match.span("number")), numbers[1]]
    numbers, _ = scaled(match, speech, "m")
    if match["sign"]:
        numbers.insert(0, (signed(match["sign"], speech).strip(), match.start(), match.start("number")))
    return [*_range(match, speech, "m"), *numbers]


def _measure(match: re.Match[str], speech: Tongue) -> list[Piece] | None:
    together = f"{match['unit']}/{match['each']}"
    unit = speech.units.get(together) or speech.units[match["unit"]]
    each = "" if not match["each"] or together in speech.units else _each(match["each"], speech)
    power = match["power"] or ""
    if power and not each:
        unit = _raised(unit, power, speech)
    numbers, scale = scaled(match, speech, unit.gender)
    few = is_one(match["number"], speech) and not match["scale"]
    few = few or (speech.code == "en" and match.string[match.start("unit") - 1] == "-")
    words = _linked(scale, unit.one if few else unit.many, speech)
    if each:
        words = f"{words} {each}"
        if power:
            words = f"{words} {speech.text['squared' if power in '²2' else 'cubed']}"
    sign: list[Piece] = []
    if match["sign"]:
        sign = [(signed(match["sign"], speech).strip(), match.start(), match.start("number"))]
    return [*sign, *_range(match, speech, unit.gender), *numbers, (words, match.start("unit"), match.end())]


def _raised(unit: Noun, power: str, speech: Tongue) -> Noun:
    one, _, many = speech.text["square" if power in "²2" else "cubic"].partition("|")
    words = (unit.one.lower(), unit.many.lower()) if speech.code == "de" else (unit.one, unit.many)
    return Noun(one.format(words[0]), (many or one).format(words[1]), unit.gender)


def _each(written: str, speech: Tongue) -> str:
    unit = speech.units.get(written) or Noun(written, written, "m")
    per = speech.text["per"]
    if speech.code == "it":
        if unit.one[0] in "aeiou":
            return f"all'{unit.one}"
        per = "alla" if unit.gender == "f" else "al"
    return f"{per} {unit.one}"

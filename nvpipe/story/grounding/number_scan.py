"""One number out of a row of tokens: digits, words, and both together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from nvpipe.story.grounding.lexemes import Token, digits_value
from nvpipe.story.grounding.number_shares import Found, half_after, multiplied, share_of
from nvpipe.story.grounding.number_sum import run_of_words
from nvpipe.story.grounding.number_words import NumberWords, compound_value, number_words

_EVERY = frozenset(("every", "jeder", "jede", "jedes", "chaque"))
_SHORT_SCALES = {
    "k": 10**3, "bn": 10**9, "tn": 10**12, "mn": 10**6, "mln": 10**6, "mio": 10**6, "mrd": 10**9, "md": 10**9,
    "mds": 10**9, "mm": 10**6, "m": 10**6, "b": 10**9, "t": 10**12, "cr": 10**7,
}  # fmt: skip
_SURE_SCALES = frozenset(("k", "bn", "tn", "mn", "mln", "mio", "mrd", "cr"))
_HAN_SCALES = {"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8, "兆": 10**12, "千": 1000, "百万": 10**6, "百": 100,
               "만": 10**4, "억": 10**8, "조": 10**12, "천": 1000}  # fmt: skip
_HAN = re.compile(r"[〇零一二三四五六七八九十百千万萬億亿兆两]{2,40}")
_HAN_ROWS = ("〇零", "一", "二两", "三", "四", "五", "六", "七", "八", "九")
_HAN_DIGITS = {char: value for value, chars in enumerate(_HAN_ROWS) for char in chars}
_ORDINAL_ENDS = {
    "en": ("st", "nd", "rd", "th"),
    "es": ("º", "ª", "o", "a", "er", "ro", "ra"),
    "fr": ("er", "re", "e", "eme", "ere", "nd", "nde"),
    "pt": ("º", "ª", "o", "a"),
    "it": ("º", "ª", "°", "o", "a"),
    "hi": ("वां", "वीं", "वें"),
}
_FOLD = {"en": re.compile(r"(\w+)fold"), "de": re.compile(r"(?:ver)?(\w+)fach(?:e|en|er|es|em|t|te|ten)?")}
_VULGAR = re.compile(r"[¼½¾⅐-⅞]")
_HINDI_MORE = {"साढे": Fraction(1, 2), "सवा": Fraction(1, 4), "पौने": Fraction(-1, 4)}


def scan_number(tokens: Sequence[Token], at: int, language: str) -> Found | None:
    """The number that begins at a token, as long as it goes; None where none begins."""
    words = number_words(language)
    token = tokens[at]
    if token.kind == "n":
        return _digits(tokens, at, words, language)
    if token.kind == "p":
        return _vulgar(tokens, at)
    if language in ("zh", "ja") and (found := _HAN.fullmatch(token.text) or _HAN.match(token.text)):
        return Found(at + 1, (Fraction(_han_value(found[0])),))
    if not words.values:
        return None
    return (
        _hindi_more(tokens, at, words, language)
        or share_of(tokens, at, words)
        or _cardinal_words(tokens, at, words, language)
        or _named(tokens, at, words, language)
    )


def _digits(tokens: Sequence[Token], at: int, words: NumberWords, language: str) -> Found | None:
    numeral = digits_value(tokens[at].text, language)
    if not numeral:
        return None
    value = Fraction(numeral)
    end = at + 1
    if end < len(tokens) and (found := _digit_fraction(tokens, at, value)):
        return found
    if end < len(tokens) and tokens[end].start == tokens[at].end:
        glued = tokens[end].key
        if glued in _ORDINAL_ENDS.get(language, ()):
            return Found(end + 1, (value,), "ordinal")
        if glued in ("s", "'s") and numeral.endswith("0") and len(numeral) in (2, 4):
            return Found(end + 1, (value,), "decade")
    if end < len(tokens) and (scale := _han_scale(tokens[end])):
        return Found(end + 1, (value * scale,))
    return _scaled(tokens, end, value, words, language)


def _digit_fraction(tokens: Sequence[Token], at: int, value: Fraction) -> Found | None:
    """`1/2` and `2½`."""
    glyph = tokens[at + 1].text
    if _VULGAR.fullmatch(glyph):
        return Found(at + 2, (value + _glyph(glyph),))
    if glyph == "/" and at + 2 < len(tokens) and tokens[at + 2].text.isdigit() and value < 100:
        under = int(tokens[at + 2].text)
        beyond = at + 3 < len(tokens) and tokens[at + 3].text == "/"
        if 1 < under <= 100 and value < under and not beyond and (not at or tokens[at - 1].text != "/"):
            return Found(at + 3, (value / under,), "share", parts=(value, Fraction(under)))
    return None


def _glyph(char: str) -> Fraction:
    import unicodedata

    return Fraction(unicodedata.numeric(char)).limit_denominator(100)


def _han_scale(token: Token) -> int:
    return _HAN_SCALES.get(token.text[:2], 0) or _HAN_SCALES.get(token.text[:1], 0) if token.kind == "w" else 0


def _han_value(text: str) -> int:
    if not any(char in "十百千万萬億亿兆" for char in text):
        return int("".join(str(_HAN_DIGITS[char]) for char in text))
    total = section = digit = 0
    for char in text:
        if char in _HAN_DIGITS:
            digit = _HAN_DIGITS[char]
        elif char in "十百千":
            section += max(digit, 1) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = 0
        else:
            total += max(section + digit, 1) * _HAN_SCALES[char]
            section = digit = 0
    return total + section + digit


def _scaled(tokens: Sequence[Token], end: int, value: Fraction, words: NumberWords, language: str) -> Found:
    """A number and the scales that follow it: `10.5 billion`, `3 mil millones`, `5bn`, `2 dozen`."""
    start = end
    while end < len(tokens) and end < start + 3:
        token = tokens[end]
        glued = token.start == tokens[end - 1].end
        if token.text == "-" and end + 1 < len(tokens) and tokens[end + 1].key in words.scales:
            end += 1
            continue
        scale = words.scales.get(token.key) or (100 if token.key in words.hundreds else 0)
        if not scale and end == start:
            scale = words.collective.get(token.key, 0) or _short_scale(tokens, end, glued)
        if not scale:
            break
        value, end = value * scale, end + 1
        if end < len(tokens) and tokens[end].text == "." and tokens[end - 1].key in ("mio", "mrd"):
            end += 1
    if end > start and (half := half_after(tokens, end, language)):
        end, share = half
        value += share * (words.scales.get(tokens[end - 4].key, 1) if end >= 4 else 1)
    return Found(end, (value,))


def _short_scale(tokens: Sequence[Token], at: int, glued: bool) -> int:
    token = tokens[at]
    scale = _SHORT_SCALES.get(token.key, 0)
    if token.key in _SURE_SCALES or not scale:
        return scale
    money = at >= 2 and tokens[at - 2].text in "$€£¥₹"
    people = glued and token.text == "m" and at + 1 < len(tokens) and tokens[at + 1].key in ("people", "users", "of")
    return scale if money or people or (token.text in ("M", "B") and glued) else 0


def _vulgar(tokens: Sequence[Token], at: int) -> Found | None:
    glyph = tokens[at].text
    return Found(at + 1, (_glyph(glyph),), "share") if _VULGAR.fullmatch(glyph) else None


def _hindi_more(tokens: Sequence[Token], at: int, words: NumberWords, language: str) -> Found | None:
    """`साढ़े तीन` three and a half, `पौने दो` one and three quarters."""
    share = _HINDI_MORE.get(tokens[at].key) if language == "hi" else None
    if share is None or at + 1 >= len(tokens):
        return None
    value = words.values.get(tokens[at + 1].key)
    if value is None and tokens[at + 1].text.isdigit():
        value = int(tokens[at + 1].text)
    if value is None:
        return None
    return multiplied(tokens, at + 2, value + share, words)


def _cardinal_words(tokens: Sequence[Token], at: int, words: NumberWords, language: str) -> Found | None:
    start = at
    if tokens[at].key in words.articles and tokens[at].key not in words.values:
        follower = tokens[at + 1].key if at + 1 < len(tokens) else ""
        if follower in words.hundreds or follower in words.scales or follower in words.collective:
            at += 1
    value, end = run_of_words(tokens, at, words, language)
    if end == at:
        return _collective(tokens, at, words)
    alone = end == at + 1 and at == start
    weak = alone and value == 1
    values: tuple[Fraction, ...] = (value,)
    parts: tuple[Fraction, ...] = ()
    if ordinal := _ordinal_after(tokens, end, value, words):
        return ordinal
    if end < len(tokens) and tokens[end].key in words.points and (decimal := _decimals(tokens, end, words, language)):
        digits, end = decimal
        return _scaled(tokens, end, value + digits, words, language)
    if half := half_after(tokens, end, language):
        end, share = half
        last = (
            words.scales.get(tokens[end - 4].key, 1)
            if end - 4 >= start and language == "en"
            else _scale_before(tokens, end, words)
        )
        return _scaled(tokens, end, value + share * last, words, language)
    if end < len(tokens) and tokens[end].key in words.collective and value < 100:
        return Found(end + 1, (value * words.collective[tokens[end].key],))
    pair = _year_pair(tokens, end, value, words, language)
    if pair:
        end, joined, second = pair
        values, parts, weak = (joined, value + second / 100), (value, second), False
    return Found(end, values, "cardinal", weak, parts)


def _scale_before(tokens: Sequence[Token], end: int, words: NumberWords) -> int:
    return next((words.scales[token.key] for token in tokens[max(0, end - 3) : end] if token.key in words.scales), 1)


def _ordinal_after(tokens: Sequence[Token], end: int, value: Fraction, words: NumberWords) -> Found | None:
    """`twenty-first`, `one hundred and fifth`."""
    after = end
    while after < len(tokens) and (tokens[after].text == "-" or tokens[after].key in words.links) and after < end + 2:
        after += 1
    if after < len(tokens) and (last := words.ordinals.get(tokens[after].key)):
        room = 100 if value % 100 == 0 else 10 if value % 10 == 0 and value % 100 >= 20 else 0
        if last < room:
            return Found(after + 1, (value + last,), "ordinal")
    return None


def _decimals(tokens: Sequence[Token], point: int, words: NumberWords, language: str) -> tuple[Fraction, int] | None:
    """The decimals after a point, digit by digit or as one number, and the token after them."""
    at = point + 1
    digits = ""
    while at < len(tokens) and (value := words.values.get(tokens[at].key)) is not None and value < 10:
        digits, at = f"{digits}{value}", at + 1
    if at < len(tokens) and (
        words.values.get(tokens[at].key) is not None or compound_value(tokens[at].key, language)
    ):
        value_after, end = run_of_words(tokens, at, words, language)
        if end > at and value_after < 1000:
            digits, at = f"{digits}{value_after}", end
    elif at == point + 1 and at < len(tokens) and tokens[at].text.isdigit() and len(tokens[at].text) < 10:
        digits, at = tokens[at].text, at + 1
    return (Fraction(int(digits), 10 ** len(digits)), at) if digits else None


def _year_pair(
    tokens: Sequence[Token], end: int, value: Fraction, words: NumberWords, language: str
) -> tuple[int, Fraction, Fraction] | None:
    """`nineteen eighty-four`, `twenty oh five`, `seven forty-seven` in English: two numbers read as one."""
    if language != "en" or not 1 < value < 100 or end >= len(tokens):
        return None
    if tokens[end].key in ("oh", "o") and end + 1 < len(tokens):
        low = words.values.get(tokens[end + 1].key, 0)
        return (end + 2, value * 100 + low, Fraction(low)) if 0 < low < 10 else None
    second, after = run_of_words(tokens, end, words, language)
    if after == end or not 10 <= second < 100 or tokens[end].key in words.links or tokens[end].text == "-":
        return None
    return after, value * 100 + second, second


def _collective(tokens: Sequence[Token], at: int, words: NumberWords) -> Found | None:
    key = tokens[at].key
    if key in words.collective:
        return Found(at + 1, (Fraction(words.collective[key]),))
    return None


def _fold(key: str, words: NumberWords, language: str) -> int:
    """How many times `tenfold` and `zehnfach` say; 0 below five, where `double` and its like say the same."""
    found = _FOLD.get(language)
    stem = found.fullmatch(key) if found else None
    if stem is None:
        return 0
    value = words.values.get(stem[1]) or words.scales.get(stem[1]) or compound_value(stem[1], language) or 0
    if stem[1] in words.hundreds:
        value = 100
    return value if value > 4 else 0


def _named(tokens: Sequence[Token], at: int, words: NumberWords, language: str) -> Found | None:
    """Words that are a number by themselves: ordinals, `twice`, `dozens`, `eighties`."""
    key = tokens[at].key
    if key in words.vague:
        return Found(at + 1, (Fraction(words.vague[key]),), "vague")
    if words.ordinals.get(key, 0) > 1:
        nth = Fraction(words.ordinals[key])
        if at and tokens[at - 1].key in _EVERY:
            return Found(at + 1, (1 / nth, nth), "share")
        return Found(at + 1, (nth,), "ordinal")
    if times := _fold(key, words, language):
        return Found(at + 1, (Fraction(times),))
    if key.endswith("ties") and (value := words.values.get(f"{key[:-3]}y")):
        return Found(at + 1, (Fraction(value),), "decade")
    return None

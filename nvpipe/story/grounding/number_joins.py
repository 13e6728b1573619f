"""What stands around numbers: `about`, ranges, and two numbers that are one share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

from nvpipe.story.grounding.lexemes import Token, word_key


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what it counts."""

    text: str
    start: int
    end: int
    values: tuple[Fraction, ...]
    """Its readings, the likeliest first, in the base unit: `nineteen eighty` is 1980, or 19 and 80."""
    kind: str
    """`cardinal`, `ordinal`, `either` (a roman numeral), `share` (of one: `two thirds`), `vague` (`thousands`),
    `decade`, or `literal` (digits that are not one number)."""
    unit: str
    """Name of the base unit (`units.Unit.base`); empty where there is none."""
    near: str
    """`about`, `below` or `above` where the text says that the number is rounded, else empty."""
    noun: str
    """Key of the word that follows number and unit, `per week` for a rate; empty at the end of a clause."""
    parts: tuple[Fraction, ...] = ()
    """Numbers that it is made of, where it may also be read as several: 9 and 10 of `nine out of ten`."""
    factor: Fraction = Fraction(1)
    """How many base units one of its own is."""
    weak: bool = False
    """No number by itself (`one`)."""


_NEAR = {
    "en": (
        "about around roughly approximately circa some near",
        "nearly almost under below",
        "over above exceeding",
    ),
    "es": ("unos unas cerca aproximadamente alrededor sobre", "casi", "superior"),
    "fr": ("environ quelque autour vers", "presque près", "dépasse"),
    "pt": ("cerca aproximadamente uns umas", "quase", "acima"),
    "it": ("circa intorno", "quasi", "oltre"),
    "hi": ("लगभग करीब तकरीबन", "", ""),
    "de": ("etwa rund ungefähr circa ca gut", "fast knapp beinahe", "über mehr"),
}
_NEAR_PHRASES = {
    "en": {"close to": "about", "less than": "below", "fewer than": "below", "up to": "below", "more than": "above",
           "at least": "above", "just over": "above", "just under": "below"},
    "es": {"mas de": "above", "menos de": "below", "al menos": "above"},
    "fr": {"plus de": "above", "moins de": "below", "au moins": "above", "pres de": "below"},
    "pt": {"mais de": "above", "menos de": "below", "pelo menos": "above"},
    "it": {"piu di": "above", "meno di": "below", "almeno": "above"},
    "hi": {"से ज्यादा": "above", "से अधिक": "above", "से कम": "below"},
    "de": {"mehr als": "above", "weniger als": "below", "mindestens": "above"},
}  # fmt: skip
_RANGE = frozenset(
    ("-", "–", "—", "to", "and", "or", "through", "a", "y", "o", "et", "ou", "e", "bis", "und", "oder", "से")
)
_RATIO_LINKS = frozenset(("out of", "in", "of", "de cada", "sur", "em cada", "su", "von", "में से", "de"))
_SUM_LINKS = frozenset(("", "and", "y", "con", "et", "e", "und", ","))
_SCALES = (Fraction(10**12), Fraction(10**9), Fraction(10**6), Fraction(1000))


def joined(read: Sequence[Quantity], tokens: Sequence[Token]) -> tuple[Quantity, ...]:
    """The numbers of a text with those joined that are said as two, and without those that are none."""
    whole = _sums(_ratios(_ranges(read, tokens), tokens), tokens)
    return tuple(quantity for quantity in whole if not quantity.weak)


def nearness(tokens: Sequence[Token], first: int, after: int, language: str) -> str:
    """Whether a number is said to be rounded: `about`, `below`, `above` or empty."""
    phrases = _NEAR_PHRASES.get(language, {})
    before = [token.key for token in tokens[max(0, first - 3) : first]]
    for size in (2, 1):
        for at in range(len(before) - size + 1):
            if found := phrases.get(" ".join(before[at : at + size])):
                return found
    behind = " ".join(token.key for token in tokens[after : after + 2])
    if behind in phrases:
        return phrases[behind]
    for words, name in zip(_NEAR.get(language, ("", "", "")), ("about", "below", "above"), strict=True):
        if any(key in _keys_of(words) for key in before[-2:]) or behind.startswith(("or so", "oder so")):
            return name
    return ""


@cache
def _keys_of(words: str) -> frozenset[str]:
    return frozenset(map(word_key, words.split()))


def _ranges(read: Sequence[Quantity], tokens: Sequence[Token]) -> list[Quantity]:
    """Give the first number of a range the unit of the second, and its scale as another reading."""
    out = list(read)
    between = _betweens(read, tokens)
    for at in range(len(out) - 2, -1, -1):
        one, two = out[at], out[at + 1]
        if between[at] not in _RANGE or one.kind != "cardinal" or two.kind != "cardinal":
            continue
        falls = one.values[0] / one.factor > two.values[0] / two.factor
        if falls or (one.unit and one.unit != two.unit):
            continue
        scale = next((scale for scale in _SCALES if two.values[0] / two.factor >= scale > one.values[0] > 0), None)
        values = one.values if one.unit else tuple(value * two.factor for value in one.values)
        if scale is not None:
            values = tuple(dict.fromkeys((*values, *(value * scale for value in values))))
        if not one.unit:
            values = tuple(dict.fromkeys((*values, *one.values)))
        out[at] = replace(one, values=values, unit=two.unit)
        out[at + 1] = replace(two, near=two.near or one.near)
    return out


def _ratios(read: Sequence[Quantity], tokens: Sequence[Token]) -> list[Quantity]:
    """Join `nine out of ten` and `one in five` into one share."""
    out: list[Quantity] = []
    between = ["", *_betweens(read, tokens)]
    for quantity, link in zip(read, between, strict=False):
        before = out[-1] if out else None
        if (
            before is not None
            and link in _RATIO_LINKS
            and before.kind == quantity.kind == "cardinal"
            and not before.unit
            and not quantity.unit
            and 0 < before.values[0] < quantity.values[0] <= 1000
            and (link != "in" or quantity.values[0] <= 100)
        ):
            parts = (before.values[0], quantity.values[0])
            out[-1] = replace(
                quantity,
                text=f"{before.text} {link} {quantity.text}",
                start=before.start,
                values=(parts[0] / parts[1],),
                kind="share",
                parts=parts,
                near=before.near,
            )
        else:
            out.append(quantity)
    return out


def _betweens(read: Sequence[Quantity], tokens: Sequence[Token]) -> list[str]:
    """The keys that stand between each number and the next."""
    words: list[list[str]] = [[] for _ in read]
    which = -1
    for token in tokens:
        while which + 1 < len(read) and token.start >= read[which + 1].start:
            which += 1
        if which >= 0 and token.start >= read[which].end and len(words[which]) < 4:
            words[which].append(token.key)
    return [" ".join(keys) for keys in words]


def _sums(read: Sequence[Quantity], tokens: Sequence[Token]) -> list[Quantity]:
    """Join `fourteen dollars and ninety-nine cents` and `two hours ten minutes` into one."""
    out: list[Quantity] = []
    between = ["", *_betweens(read, tokens)]
    for quantity, link in zip(read, between, strict=False):
        before = out[-1] if out else None
        if (
            before is not None
            and before.unit
            and before.unit == quantity.unit
            and before.factor > quantity.factor
            and link in _SUM_LINKS
            and before.kind == quantity.kind == "cardinal"
            and 0 < quantity.values[0] < before.factor
        ):
            out[-1] = replace(
                quantity,
                text=f"{before.text} {link} {quantity.text}".replace("  ", " "),
                start=before.start,
                values=(before.values[0] + quantity.values[0],),
                parts=(before.values[0], quantity.values[0]),
                near=before.near,
                weak=False,
            )
        else:
            out.append(quantity)
    return out

"""Number words added up: `two hundred and thirty-one thousand`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from nvpipe.story.grounding.lexemes import Token
from nvpipe.story.grounding.number_words import NumberWords, compound_value

_FRENCH_ADDS = (10, 70, 90)


def run_of_words(tokens: Sequence[Token], at: int, words: NumberWords, language: str) -> tuple[Fraction, int]:
    """The value of the number words from `at` on, and the token after them."""
    if not _is_number_word(tokens[at].key, words, language):
        return Fraction(0), at
    number = NumberSum()
    end = here = at
    before_link: tuple[Fraction, int] | None = None
    value_before = Fraction(0)
    while here < len(tokens):
        token = tokens[here]
        linked = here > end and tokens[here - 1].text != ","
        parted = token.text == "," and here > at and tokens[here - 1].key in words.scales
        if (token.key in words.links or token.text == "-" or parted) and here > at and (not linked or parted):
            here += 1
            continue
        taken = _take(number, token.key, words, language, linked and tokens[here - 1].text != "-")
        if taken is None or not taken:
            if taken is False and before_link is not None and number.group >= 100:
                return before_link
            break
        if linked and tokens[here - 1].text != "-":
            before_link = before_link or (value_before, end)
        value_before = number.value
        here += 1
        end = here
    return number.value, end


def _is_number_word(key: str, words: NumberWords, language: str) -> bool:
    if key in words.values or key in words.scales or key in words.hundreds:
        return True
    return language in ("de", "it") and compound_value(key, language) is not None


def _take(number: NumberSum, key: str, words: NumberWords, language: str, linked: bool) -> bool | None:
    """Whether the word goes on the number; None for a word that is no number."""
    if key in words.hundreds:
        return number.hundred()
    if key in words.scales:
        return number.scale(words.scales[key])
    value = words.values.get(key)
    if value is not None:
        return number.add(value, language, linked)
    compound = compound_value(key, language) if language in ("de", "it") else None
    if compound is None:
        return None
    if compound >= 1000 or (compound >= 100 and number.has_group):
        if number.has_group or (number.last_scale and compound >= number.last_scale):
            return False
        number.group, number.has_group = Fraction(compound), True
        return True
    return number.add(compound, language, linked)


class NumberSum:
    """A number that grows by its words."""

    def __init__(self) -> None:
        self.total = Fraction(0)
        self.group = Fraction(0)
        self.has_group = False
        self.last_scale = Fraction(0)

    @property
    def value(self) -> Fraction:
        return self.total + self.group

    def add(self, value: int, language: str, linked: bool) -> bool:
        rest = self.group % 100
        if not self.has_group:
            fits = not self.last_scale or value < self.last_scale
        elif language == "fr" and rest == 4 and value == 20:
            self.group += 76
            return True
        elif language == "fr" and ((rest in (60, 80) and value < 20) or (rest in _FRENCH_ADDS and 7 <= value < 10)):
            fits = True
        elif self.group == 0 or value == 0 or value >= 100:
            fits = False
        else:
            fits = rest == 0 or (value < 10 and rest >= 20 and rest % 10 == 0 and not (linked and language == "en"))
        if fits:
            self.group += value
            self.has_group = True
        return fits

    def hundred(self) -> bool:
        if not self.has_group:
            self.group, self.has_group = Fraction(100), True
            return True
        if 0 < self.group < 100:
            self.group *= 100
            return True
        return False

    def scale(self, scale: int) -> bool:
        if self.last_scale and scale > self.last_scale:
            self.total = (self.total + self.group) * scale
        elif self.last_scale == scale or (self.last_scale and not self.has_group):
            return False
        else:
            self.total += (self.group if self.has_group else 1) * scale
        self.group, self.has_group, self.last_scale = Fraction(0), False, Fraction(scale)
        return True

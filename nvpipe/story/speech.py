"""How long a text takes to say, before any voice has said it."""

from __future__ import annotations

import re

_LETTERS_PER_WORD = 5.5
"""Letter-lengths of the average word of English running text, its pauses included."""

_SCRIPT_LETTERS = (
    (1.0, "A-Za-z\u00aa-\u024f\u0370-\u052f\u1e00-\u1fff"),
    (1.4, "\u05d0-\u05ea\u0620-\u06ff"),
    (1.5, "\u0904-\u0939\u0958-\u0961\u0985-\u09b9\u0a05-\u0a39\u0a85-\u0ab9\u0b05-\u0b39\u0b85-\u0bb9\u0c05-\u0c39"),
    (1.3, "\u0e01-\u0e4f\u10a0-\u10ff\u0531-\u0587\u1200-\u137f"),
    (2.4, "\u3041-\u3096\u30a1-\u30fa"),
    (3.3, "\uac00-\ud7a3"),
    (4.6, "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"),
)
"""Length of one letter, kana, syllable block or Han character in Latin letters, by the characters' ranges."""
_LETTER_CLASSES = tuple((length, re.compile(f"[{chars}]")) for length, chars in _SCRIPT_LETTERS)
_WORD_BREAK = 0.6
_WORD_BREAK_WITHOUT_VOWELS = 2.2
"""Scripts that leave vowels out are short on letters in every word."""
_ABJAD_OR_INDIC_WORD = re.compile("(?<!\\S)\\S*[\u05d0-\u05ea\u0620-\u06ff\u0900-\u0c7f]")
_SHORTER = re.compile(r"ng|th|sh|ch|ck|ph|gh|wh|([a-z])\1", re.IGNORECASE)
"""Two letters for one sound."""

_SPELT_OUT = re.compile(r"\b(?:[A-Z]\.?){2,5}(?!\w)")
_SPELT_LETTER = 2.3
_NUMBER = re.compile(r"\d+(?:[,.\u202f\u00a0 ]\d{3}(?!\d))*")
_NUMBER_LETTER = 1.1
"""A letter of a spoken number: number words are stressed and full of vowels."""
_YEAR_STRETCH = 1.3
"""Some voices read years in pairs of digits, others in full; this lies between."""
_DECIMAL_POINT = re.compile(r"(?<=\d)[.,:](?=\d)")
_SYMBOL = re.compile(r"[$€£¥₹%°&+=@#×]")
_SYMBOL_LETTERS = 4.5
_SHORT_PAUSE = re.compile(r"[,;:)(](?=\s|\Z)|(?<=\s)[(–—-](?=\S|\s)|\.\.\.|…|[，、；：،]")
_SHORT_PAUSE_LETTERS = 4.4
_SENTENCE_PAUSE = re.compile(r"[.!?](?=[\"'”’»)\]]*(?:\s|\Z))|[。！？।؟։]")
_SENTENCE_PAUSE_LETTERS = 1.4

_ONES = (0, 3, 3, 5, 4, 4, 3, 5, 5, 4, 3, 6, 6, 8, 8, 7, 7, 9, 8, 8)
_TENS = (0, 0, 6, 6, 5, 5, 5, 7, 6, 6)
_HUNDRED, _SCALES = 7, (0, 8, 7, 7)
_LONGEST_NUMBER_DIGITS = 12
_DIGIT_LETTERS = 4


def spoken_words(text: str, language: str) -> float:
    """How many words of average English length the text takes to say, pauses included.

    This is no count of words: it is a measure proportional to speaking time, so that dividing it by a
    voice's pace gives seconds. Letters are added up, weighted by script, two-letter sounds counting as one;
    numbers by the letters of their English names ("$10.5 billion" is ten, point, five, billion, dollars),
    acronyms as letter names, punctuation as pauses. The weights are fitted to durations of eSpeak NG's
    voices in eight languages.

    Args:
        language: ISO 639-1 code; only Thai, Lao, Khmer and Burmese differ, which part no words by spaces.
    """
    text = f"{text} "
    letters = 0.0
    acronyms = _SPELT_OUT.findall(text)
    letters += _SPELT_LETTER * sum(len(acronym.replace(".", "")) for acronym in acronyms)
    plain = _SPELT_OUT.sub(" ", text)
    for length, pattern in _LETTER_CLASSES[:1] if plain.isascii() else _LETTER_CLASSES:
        letters += length * len(pattern.findall(plain))
    letters -= 0.9 * len(_SHORTER.findall(plain))
    numbers = _NUMBER.findall(text)
    letters += _NUMBER_LETTER * sum(map(_number_letters, numbers))
    letters += 5.0 * len(_DECIMAL_POINT.findall(_NUMBER.sub(lambda match: match[0][-1] * 2, text)))
    letters += _SYMBOL_LETTERS * len(_SYMBOL.findall(text))
    letters += _SHORT_PAUSE_LETTERS * len(_SHORT_PAUSE.findall(text))
    letters += _SENTENCE_PAUSE_LETTERS * len(_SENTENCE_PAUSE.findall(plain))
    if language not in ("th", "lo", "km", "my", "zh", "ja"):
        letters += _WORD_BREAK * len(text.split())
        letters += (_WORD_BREAK_WITHOUT_VOWELS - _WORD_BREAK) * len(_ABJAD_OR_INDIC_WORD.findall(text))
    return letters / _LETTERS_PER_WORD


def _number_letters(written: str) -> float:
    """Letters in the English name of a number; years are read in pairs, very long ones by digit."""
    digits = re.sub(r"\D", "", written)
    if len(digits) > _LONGEST_NUMBER_DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return _DIGIT_LETTERS * len(digits)
    number = int(digits)
    if number == 0:
        return _DIGIT_LETTERS
    if len(written) == 4 and (1100 <= number < 2000 or 2010 <= number < 2100):
        return _YEAR_STRETCH * (_below_thousand(number // 100) + (_below_thousand(number % 100) or _HUNDRED))
    letters = 0
    for scale in _SCALES:
        number, group = divmod(number, 1000)
        letters += _below_thousand(group) + scale if group else 0
    return letters


def _below_thousand(number: int) -> int:
    hundreds, rest = divmod(number, 100)
    letters = _ONES[hundreds] + _HUNDRED if hundreds else 0
    return letters + (_ONES[rest] if rest < 20 else _TENS[rest // 10] + _ONES[rest % 10])

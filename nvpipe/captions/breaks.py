"""Where text may be broken: grapheme clusters (UAX 29) and lines (UAX 14), as ICU finds them.

ICU brings the dictionaries of Thai, Lao, Khmer, Burmese and Chinese and the phrases of Japanese.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import accumulate, pairwise

from icu4py.breakers import CharacterBreaker, LineBreaker, WordBreaker

_PHRASES = "ja-u-lw-phrase"
_STRICT = "{}-u-lb-strict"
_KANA = re.compile("[\u3041-\u30ff]")
_HAN = re.compile("[\u3400-\u9fff]")
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)


def clusters(text: str) -> list[str]:
    """Text in what a reader takes for characters: marks, conjuncts and emoji sequences stay whole."""
    return _cut(text, [len(part) for part in CharacterBreaker(_encodable(text), "en")])


def line_units(text: str, language: str) -> list[str]:
    """Text in the parts between which UAX 14 allows a new line, small kana kept from its start."""
    return _cut(text, [len(part) for part in LineBreaker(_encodable(text), _STRICT.format(_known(language)))])


def word_units(text: str, language: str) -> list[str]:
    """Text of a script without spaces in words (Japanese: phrases) that a line may break between.

    Where the language is another one, Han and kana are taken for Chinese and Japanese.
    """
    plain, primary = _encodable(text), _known(language)
    if primary == "en":
        primary = "ja" if _KANA.search(text) else "zh" if _HAN.search(text) else primary
    ends = _ends(LineBreaker(plain, _STRICT.format(primary)))
    if primary == "ja":
        ends &= _ends(LineBreaker(plain, _PHRASES))
    elif primary == "zh":
        ends &= _ends(WordBreaker(plain, "zh"))
    bounds = sorted(ends | {0, len(text)})
    return [text[start:end] for start, end in pairwise(bounds)]


def _ends(parts: Iterable[str]) -> set[int]:
    return set(accumulate(len(part) for part in parts))


def _cut(text: str, lengths: list[int]) -> list[str]:
    ends = list(accumulate(lengths))
    return [text[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def _encodable(text: str) -> str:
    """The same length without lone surrogates, which ICU refuses."""
    return text.translate(_SURROGATES)


def _known(language: str) -> str:
    """The language that decides over breaks; the rules of all others are the same."""
    primary = language.lower().partition("-")[0]
    return primary if primary in ("ja", "zh", "ko", "th", "km", "lo", "my") else "en"

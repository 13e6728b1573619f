"""Title, description and hashtags for the upload, taken from an article as it is."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from nvpipe.errors import UsageError
from nvpipe.story.llama.reply import MAX_DESCRIPTION_CHARS, MAX_HASHTAGS, MAX_TITLE_CHARS, hashtags_of

MAX_CALL_CHARS = 160

_WORD = re.compile(r"[^\W\d_][^\W_]{3,27}(?![^\W_])")
_SENTENCE_START = re.compile(r"(?:\A|[.!?:…。！？]\s|[\"“«¿¡(])\s*\Z")
_LONG = 6


def default_title(title: str, lines: Sequence[str]) -> str:
    """The article's own title, or else the first of the lines."""
    return shortened(title or next(iter(lines), ""), MAX_TITLE_CHARS)


def default_description(sentences: Sequence[str]) -> str:
    """The first sentence."""
    return shortened(next(iter(sentences), ""), MAX_DESCRIPTION_CHARS)


def default_hashtags(title: str, sentences: Sequence[str]) -> tuple[str, ...]:
    """Words of the article that say what it is about, as they stand there: its names, and what it repeats.

    Scripts that put no spaces between words give none.
    """
    spelling: dict[str, str] = {}
    named: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    common = _common()
    for text in (title, *sentences):
        for match in _WORD.finditer(text):
            word, key = match[0], match[0].casefold()
            if key in common:
                continue
            counts[key] += 1
            spelling.setdefault(key, word)
            if word[0].isupper() and not _SENTENCE_START.search(text[max(0, match.start() - 3) : match.start()]):
                named[key] += 1
    in_title = {match[0].casefold() for match in _WORD.finditer(title)}

    def worth(key: str) -> float:
        told = counts[key] - (key in in_title)
        return told + 2.0 * (key in in_title and told > 0) + 1.0 * min(named[key], 3) + 0.05 * min(len(key), 12)

    able = [key for key in counts if named[key] or key in in_title or (counts[key] > 1 and len(key) >= _LONG)]
    able = [key for key in able if counts[key] > 1 or named[key]]
    best = sorted(able, key=lambda key: (-worth(key), key))[: 2 * MAX_HASHTAGS]
    return hashtags_of([spelling[key] for key in best])


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, cut between words."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    # With the character behind it: a word that ends there is whole.
    head = text[:most]
    return (head.rsplit(" ", 1)[0] if " " in head else head[:-1]).rstrip(" ,;:–—-") + "…"


def check_call_to_action(text: str) -> None:
    """Whether a text can be said at the end of a script.

    Raises:
        UsageError: it has nothing to say, or too much.
    """
    if not any(char.isalnum() for char in text) or not text.isprintable():
        raise UsageError("the call to action has no word that can be said", hint="give a sentence")
    if len(text) > MAX_CALL_CHARS:
        raise UsageError(
            f"the call to action has {len(text)} characters", hint=f"give a sentence of at most {MAX_CALL_CHARS}"
        )


@cache
def _common() -> frozenset[str]:
    """Words of four letters and more that hold sentences together, in the languages that have voices."""
    text = Path(__file__).with_name("common_words.toml").read_text(encoding="utf-8")
    return frozenset(word for words in tomllib.loads(text).values() for word in words.split())

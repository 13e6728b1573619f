"""SubRip and WebVTT files into words with times."""

from __future__ import annotations

import html
import math
import re

from nvpipe.errors import ArticleError
from nvpipe.types import Word

SUFFIXES = (".srt", ".vtt")
MAX_CUES = 50_000
_STAMP = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[,.](\d{1,3})"
_TIMING = re.compile(rf"(?a)^\s*{_STAMP}[ \t]*-->[ \t]*{_STAMP}(?:[ \t].*)?$")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>|<\d[\d:.,]{0,20}>|\{\\[^{}\n]{0,200}\}")
_INVISIBLE = dict.fromkeys(map(ord, "\u2060\u200b\u200e\u200f\ufeff"))
_LEAST_S = 0.001


def words_of_subtitles(text: str, name: str) -> tuple[Word, ...]:
    """The words of all cues in order of time, spread within each cue by their letters.

    Cues that overlap follow each other: one ends where the next begins, and those that begin together are one.
    Tags and settings are left out.

    Args:
        text: the file's.
        name: how messages call the file.

    Raises:
        ArticleError: there is no cue with a word in it, or there are too many.
    """
    cues: dict[float, tuple[float, str]] = {}
    for start_s, end_s, said in _cues(text.replace("\r\n", "\n").replace("\r", "\n"), name):
        before_s, before = cues.get(start_s, (end_s, ""))
        cues[start_s] = (max(before_s, end_s), f"{before} {said}")
    starts = sorted(cues)
    words: list[Word] = []
    for number, (start_s, following_s) in enumerate(zip(starts, [*starts[1:], math.inf], strict=False)):
        end_s, said = cues[start_s]
        words += _spread(said.split(), start_s, min(end_s, following_s), number)
    if not words:
        raise ArticleError(f"{name} has no subtitle with a word in it", hint="give a .srt or .vtt file, or a text")
    return tuple(words)


def _cues(text: str, name: str) -> list[tuple[float, float, str]]:
    found: list[tuple[float, float, str]] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        match = _TIMING.match(lines[at])
        at += 1
        if match is None:
            continue
        said = []
        while at < len(lines) and lines[at].strip() and not _TIMING.match(lines[at]):
            said.append(lines[at])
            at += 1
        if at < len(lines) and _TIMING.match(lines[at]) and said and said[-1].strip().isdecimal():
            # The number of a cue whose empty line is missing.
            said.pop()
        start_s, end_s = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
        plain = html.unescape(_TAG.sub("", " ".join(said))).translate(_INVISIBLE)
        if plain.strip():
            found.append((start_s, max(end_s, start_s + _LEAST_S), plain))
        if len(found) > MAX_CUES:
            raise ArticleError(f"{name} has more than {MAX_CUES} subtitles", hint="divide it")
    return found


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _spread(texts: list[str], start_s: float, end_s: float, line: int) -> list[Word]:
    weights = [1 + sum(char.isalnum() for char in text) for text in texts]
    words, at_s = [], start_s
    for text, weight in zip(texts, weights, strict=True):
        until_s = at_s + (end_s - start_s) * weight / sum(weights)
        words.append(Word(text, at_s, until_s, line))
        at_s = until_s
    return words

"""Spoken words into what is highlighted in one go: no punctuation, emoji or initial of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nvpipe.captions.breaks import clusters, line_units, word_units
from nvpipe.captions.text import (
    clean,
    closing_lead,
    columns,
    ends_clause,
    ends_sentence,
    is_dash,
    is_initial,
    is_opening,
    is_punctuation,
    is_symbols,
    is_unspaced,
    needs_space,
    stands_apart,
)
from nvpipe.types import Word

PAUSE_MS = 350
_MAX_INITIALS = 4
_ENGLISH_POINTS = frozenset(("en", "zh", "ja", "ko", "th", "hi"))
"""Languages that part thousands by commas, so that numbers beside each other are several numbers."""
_FIRST_DIGITS = re.compile(r"\D*[1-9]\d{0,2}(?:\u00a0\d{3})*")
_MORE_DIGITS = re.compile(r"\d{3}(?!\d).*")


@dataclass(frozen=True, slots=True)
class Token:
    """What is highlighted in one go. Times in whole milliseconds, so that sums are exact."""

    text: str
    start_ms: int
    end_ms: int
    line: int


def tokens_of(words: Sequence[Word], *, language: str, offset_s: float, max_chars: int) -> list[Token]:
    """Words as tokens with clean text.

    Args:
        words: in spoken order.
        language: ISO 639-1 code.
        offset_s: when the narration starts.
        max_chars: scripts without spaces are cut into tokens of at most so many columns where that can be done.
    """
    tokens = _attach_punctuation(_cleaned(words, offset_s), language)
    tokens = _join_initials(_join_symbols(_join_thousands(tokens, language)))
    tokens = _join_unspaced(tokens, language)
    return [part for token in tokens for part in _split_unspaced(token, language, max_chars)]


def _cleaned(words: Sequence[Word], offset_s: float) -> list[Token]:
    tokens: list[Token] = []
    for word in words:
        if text := clean(word.text):
            start_ms = max(0, round((word.start_s + offset_s) * 1000))
            end_ms = max(start_ms, round((word.end_s + offset_s) * 1000))
            tokens.append(Token(text, start_ms, end_ms, word.line))
    return tokens


def _attach_punctuation(tokens: list[Token], language: str) -> list[Token]:
    """Punctuation that came as a word of its own, or before a word that it does not open, goes where it belongs."""
    kept: list[Token] = []
    opening = ""
    for index, token in enumerate(tokens):
        lead = 0 if is_punctuation(token.text) else closing_lead(token.text)
        if lead:
            if kept and kept[-1].line == token.line and not opening:
                kept[-1] = replace(kept[-1], text=kept[-1].text + token.text[:lead])
            token = replace(token, text=token.text[lead:].lstrip())
        if not is_punctuation(token.text):
            kept.append(replace(token, text=opening + token.text))
            opening = ""
            continue
        follows = index + 1 < len(tokens) and tokens[index + 1].line == token.line
        precedes = bool(kept) and kept[-1].line == token.line and not opening
        if follows and (is_opening(token.text) or (not precedes and not closing_lead(token.text))):
            opening += token.text + ("\u00a0" if stands_apart(token.text, language) else "")
        elif precedes:
            unspaced = is_unspaced(kept[-1].text[-1])
            space = (
                ""
                if unspaced
                else " "
                if is_dash(token.text)
                else "\u00a0"
                if stands_apart(token.text, language)
                else ""
            )
            kept[-1] = _both(kept[-1], token, space)
    return kept


def _join_symbols(tokens: list[Token]) -> list[Token]:
    """Emoji and arrows join the word before them, or at the very start the word after them."""
    kept: list[Token] = []
    for token in tokens:
        if kept and (is_symbols(token.text) or is_symbols(kept[-1].text)):
            kept[-1] = replace(_both(kept[-1], token, _space(kept[-1], token)), line=_line(kept[-1], token))
        else:
            kept.append(token)
    return kept


def _join_thousands(tokens: list[Token], language: str) -> list[Token]:
    """`1` and `200` are one number where thousands are parted by spaces."""
    if language.lower().partition("-")[0] in _ENGLISH_POINTS:
        return tokens
    kept: list[Token] = []
    for token in tokens:
        near = kept and kept[-1].line == token.line
        if near and _FIRST_DIGITS.fullmatch(kept[-1].text) and _MORE_DIGITS.fullmatch(token.text):
            kept[-1] = _both(kept[-1], token, "\u00a0")
        else:
            kept.append(token)
    return kept


def _line(before: Token, after: Token) -> int:
    return after.line if is_symbols(before.text) else before.line


def _join_initials(tokens: list[Token]) -> list[Token]:
    """`J.`, `R.`, `R.`, `Tolkien` are one name: an initial alone would be gone before it is read."""
    kept: list[Token] = []
    initials = 0
    for token in tokens:
        near = kept and kept[-1].line == token.line and token.start_ms - kept[-1].end_ms < PAUSE_MS
        if initials and near and initials <= _MAX_INITIALS and token.text[0].isupper():
            kept[-1] = _both(kept[-1], token, " ")
        else:
            kept.append(token)
            initials = 0
        initials = initials + 1 if is_initial(token.text) else 0
    return kept


def _join_unspaced(tokens: list[Token], language: str) -> list[Token]:
    """Syllables and characters of a script without spaces as the words that a line may break between."""
    kept: list[Token] = []
    run: list[Token] = []
    for token in tokens:
        if run and not (
            run[-1].line == token.line
            and token.start_ms - run[-1].end_ms < PAUSE_MS
            and not needs_space(run[-1].text, token.text)
        ):
            kept += _words_of(run, language)
            run = []
        run.append(token)
    return kept + _words_of(run, language)


def _words_of(run: list[Token], language: str) -> list[Token]:
    """A run of tokens without spaces between them, cut anew where words end."""
    text = "".join(token.text for token in run)
    if not is_unspaced(text):
        return run
    kept, at = [], 0
    for unit in _without_orphans(word_units(text, language)):
        end = at + len(unit)
        kept.append(Token(unit.strip(), _time_at(run, at, False), _time_at(run, end, True), run[0].line))
        at = end
    return [token for token in kept if token.text]


def _time_at(run: list[Token], place: int, ends: bool) -> int:
    """When the letter at a place of a run begins, or the one before it ends."""
    for token in run:
        if place < len(token.text) + ends:
            share = columns(token.text[:place]) / max(1, columns(token.text))
            return token.start_ms + round((token.end_ms - token.start_ms) * share)
        place -= len(token.text)
    return run[-1].end_ms


def _split_unspaced(token: Token, language: str, max_chars: int) -> Iterator[Token]:
    """A long token of Chinese, Japanese or Thai in parts that fit, their times in proportion to their width."""
    if not is_unspaced(token.text) or columns(token.text) <= max_chars:
        yield token
        return
    parts = _without_orphans(_parts(token.text, language, max_chars))
    total, at, span = sum(map(columns, parts)), 0, token.end_ms - token.start_ms
    for part in parts:
        end = at + columns(part)
        start_ms, end_ms = (token.start_ms + span * edge // max(1, total) for edge in (at, end))
        yield Token(part, start_ms, end_ms, token.line)
        at = end


def _parts(text: str, language: str, max_chars: int) -> Iterator[str]:
    """Text in parts of at most `max_chars` columns, cut between words or, if one is longer, between letters."""
    for clause in _clauses(line_units(text, language)):
        units = word_units(clause, language)
        if max(map(columns, units)) > max_chars:
            units = line_units(clause, language)
        if max(map(columns, units)) > max_chars:
            units = _letters(clause)
        width = columns(clause)
        share = width / math.ceil(width / max_chars)
        part = ""
        for unit in units:
            size = columns(part + unit)
            if part and (size > max_chars or columns(part) + columns(unit) / 2 > share):
                yield part.strip()
                part = ""
            part += unit
        yield part.strip()


def _without_orphans(parts: Iterable[str]) -> list[str]:
    """Parts with punctuation that would stand alone or first moved to the part before, or to the first word."""
    kept: list[str] = []
    for part in parts:
        if kept and (_is_aside(kept[-1]) or _is_aside(part)):
            kept[-1] += part
            continue
        lead = closing_lead(part) if kept else 0
        if lead:
            kept[-1] += part[:lead]
        if part[lead:]:
            kept.append(part[lead:])
    return kept


def _is_aside(text: str) -> bool:
    return is_punctuation(text) or is_symbols(text)


def _clauses(units: list[str]) -> list[str]:
    """Line units joined up to their commas and full stops."""
    parts = [""]
    for unit in units:
        if parts[-1] and (ends_clause(parts[-1].rstrip()) or ends_sentence(parts[-1].rstrip(), unit)):
            parts.append("")
        parts[-1] += unit
    return parts


def _letters(text: str) -> list[str]:
    """Clusters with the punctuation after them and the opening brackets before them."""
    parts: list[str] = []
    for cluster in clusters(text):
        if parts and (closing_lead(cluster) or is_punctuation(cluster) or is_opening(parts[-1])):
            parts[-1] += cluster
        else:
            parts.append(cluster)
    return parts


def _space(before: Token, after: Token) -> str:
    return " " if needs_space(before.text, after.text) else ""


def _both(before: Token, after: Token, space: str) -> Token:
    text = before.text + space + after.text
    return Token(text, before.start_ms, max(before.end_ms, after.end_ms), before.line)

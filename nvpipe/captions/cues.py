"""Spoken words into cues: which words stand together, and when each one is highlighted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from nvpipe.captions.styles import style as style_named
from nvpipe.captions.text import columns, ends_clause, ends_sentence, is_unspaced, join
from nvpipe.captions.tokens import PAUSE_MS, Token, tokens_of
from nvpipe.types import CaptionTrack, Cue, Word
from nvpipe.types.look import CaptionStyle

MIN_CUE_MS = 80
HANG_MS = 300
_COLUMNS_OF_A_WORD = 6
"""How much of a script without spaces counts as one word."""


def build_captions(
    words: Sequence[Word], *, style: str | CaptionStyle, language: str, duration_s: float, offset_s: float = 0.0
) -> CaptionTrack:
    """Group words into short phrases and give each spoken word its cue.

    A phrase never crosses a script line, the end of a sentence, a comma or a pause. Cues last at least 80 ms
    and end within `duration_s`; words that come faster are pushed apart, and if there are more words than the
    duration has room for, neighbours share a cue. Punctuation, emoji and initials (`J. R. R.`) stand with the
    word that they belong to, and scripts without spaces are cut into words where a line may be broken.

    Args:
        words: in spoken order.
        style: a caption style, or the name of a packaged one; it decides how many words stand together.
        language: ISO 639-1 code, passed on with the track.
        duration_s: length of the finished video.
        offset_s: when the narration starts in it.

    Raises:
        UsageError: there is no style of that name.
        ValueError: a time is not finite.
    """
    look = style_named(style) if isinstance(style, str) else style
    if not all(math.isfinite(value) for word in words for value in (word.start_s, word.end_s)):
        raise ValueError("word times must be finite")
    if not (math.isfinite(duration_s) and math.isfinite(offset_s)):
        raise ValueError("duration and offset must be finite")
    duration_ms = math.floor(duration_s * 1000)
    tokens = tokens_of(words, language=language, offset_s=offset_s, max_chars=look.max_chars)
    tokens = _spread(tokens, duration_ms)
    groups = [group for phrase in _phrases(tokens) for group in _partition(phrase, look)]
    return CaptionTrack(tuple(_cues(groups, duration_ms)), look.name, language, look)


def _spread(tokens: list[Token], duration_ms: int) -> list[Token]:
    """Starts in order, at least `MIN_CUE_MS` apart and before the end of the video."""
    room = max(0, duration_ms // MIN_CUE_MS)
    if not tokens or not room:
        return []
    if len(tokens) > room:
        size = math.ceil(len(tokens) / room)
        shares = [tokens[i : i + size] for i in range(0, len(tokens), size)]
        tokens = [
            Token(join(tuple(t.text for t in share)), share[0].start_ms, share[-1].end_ms, share[0].line)
            for share in shares
        ]
    starts: list[int] = []
    for token in tokens:
        starts.append(max(token.start_ms, starts[-1] + MIN_CUE_MS if starts else 0))
    limit = duration_ms
    for index in reversed(range(len(starts))):
        limit = starts[index] = min(starts[index], limit - MIN_CUE_MS)
    return [
        replace(token, start_ms=start, end_ms=max(token.end_ms, start + MIN_CUE_MS))
        for token, start in zip(tokens, starts, strict=True)
    ]


def _phrases(tokens: list[Token]) -> Iterator[list[Token]]:
    """Runs of tokens that may share a cue."""
    if not tokens:
        return
    phrase = [tokens[0]]
    for before, after in pairwise(tokens):
        if (
            before.line != after.line
            or after.start_ms - before.end_ms >= PAUSE_MS
            or ends_clause(before.text)
            or ends_sentence(before.text, after.text)
        ):
            yield phrase
            phrase = []
        phrase.append(after)
    yield phrase


def _partition(phrase: list[Token], look: CaptionStyle) -> Iterator[list[Token]]:
    """The fewest groups within the style's limits, as even in width as possible."""
    best: list[tuple[int, int, int]] = [(0, 0, 0)]
    for end in range(1, len(phrase) + 1):
        choices = []
        for start in range(end - 1, -1, -1):
            group = phrase[start:end]
            if start < end - 1 and not _fits(group, look):
                break
            groups, unevenness, _ = best[start]
            width = columns(join(tuple(token.text for token in group)))
            choices.append((groups + 1, unevenness + width * width, start))
        best.append(min(choices))
    bounds = [len(phrase)]
    while bounds[-1]:
        bounds.append(best[bounds[-1]][2])
    for start, end in pairwise(reversed(bounds)):
        yield phrase[start:end]


def _fits(group: list[Token], look: CaptionStyle) -> bool:
    words = sum(columns(token.text) / _COLUMNS_OF_A_WORD if is_unspaced(token.text) else 1.0 for token in group)
    text = join(tuple(token.text for token in group))
    return words <= look.words_per_cue and columns(text) <= look.max_chars


def _cues(groups: list[list[Token]], duration_ms: int) -> Iterator[Cue]:
    """One cue a token; the last of a group stays until the next group, or for a moment."""
    for index, group in enumerate(groups):
        texts = tuple(token.text for token in group)
        following_ms = groups[index + 1][0].start_ms if index + 1 < len(groups) else duration_ms
        ends = [token.start_ms for token in group[1:]]
        ends.append(min(group[-1].end_ms + HANG_MS, following_ms))
        for active, (token, end_ms) in enumerate(zip(group, ends, strict=True)):
            yield Cue(token.start_ms / 1000, end_ms / 1000, texts, active, min(token.end_ms, end_ms) / 1000)

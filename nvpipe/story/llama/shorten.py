"""An article that is too long for a model: its best sentences, in their order."""

from __future__ import annotations

from collections.abc import Sequence

from nvpipe.story.ranking import sentence_scores, term_matrix

_SLACK = 1.03
_MARKS_BYTES = 7
"""The number before a sentence and the line's end."""


def shortened_article(sentences: Sequence[str], excess_bytes: float) -> tuple[str, ...]:
    """The sentences that matter most (`ranking`), so many that they are shorter by the excess; empty if none are."""
    sizes = [len(sentence.encode()) + _MARKS_BYTES for sentence in sentences]
    room = sum(sizes) - max(1.0, _SLACK * excess_bytes)
    scores = sentence_scores(term_matrix(sentences), [False] * len(sentences))
    kept = []
    for place in sorted(range(len(sentences)), key=lambda place: (-float(scores[place]), place)):
        if sizes[place] <= room:
            kept.append(place)
            room -= sizes[place]
    return tuple(sentences[place] for place in sorted(kept))

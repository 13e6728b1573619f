"""Which sentences of a text matter: TextRank, lead bias, and MMR against saying things twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.story.plaintext import CJK

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAMPING = 0.85
ITERATIONS = 60
LEAD_SHARE = 0.45
STEM_CHARS = 7
DECIMALS = 6
"""Scores are rounded, so that the order does not hang on the last bit of a sum."""

_TERM = re.compile(rf"[{CJK}]+|[^\W_]+")
_CJK_RUN = re.compile(rf"[{CJK}]")


@dataclass(frozen=True, slots=True)
class TermMatrix:
    """TF-IDF weights of sentences as a sparse matrix with rows of length 1."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    weights: NDArray[np.float64]
    sentence_count: int
    term_count: int

    def neighbours(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of every sentence's cosine similarities to the others, weighted by their scores.

        Args:
            scores: one a sentence, shape [N].
        """
        import numpy as np

        by_term = np.bincount(self.columns, self.weights * scores[self.rows], self.term_count)
        total = np.bincount(self.rows, self.weights * by_term[self.columns], self.sentence_count)
        own = np.bincount(self.rows, self.weights**2, self.sentence_count)
        others: NDArray[np.float64] = np.maximum(total - own * scores, 0.0)
        return others

    def similarities(self, picked: Sequence[int]) -> NDArray[np.float64]:
        """Cosine similarities among the picked sentences, shape [K, K]."""
        import numpy as np

        place = np.full(self.sentence_count, -1)
        place[list(picked)] = np.arange(len(picked))
        inside = place[self.rows] >= 0
        used, columns = np.unique(self.columns[inside], return_inverse=True)
        dense = np.zeros((len(picked), len(used)))
        dense[place[self.rows[inside]], columns] = self.weights[inside]
        similar: NDArray[np.float64] = np.round(dense @ dense.T, DECIMALS)
        return similar


def terms_of(sentence: str) -> list[str]:
    """Lower-case words cut to their first letters in place of a stemmer; Han and kana as pairs."""
    terms: list[str] = []
    for match in _TERM.findall(sentence.casefold()):
        if _CJK_RUN.match(match):
            terms += [match[at : at + 2] for at in range(max(1, len(match) - 1))]
        elif len(match) > 1:
            terms.append(match[:STEM_CHARS])
    return terms


def term_matrix(sentences: Sequence[str]) -> TermMatrix:
    """TF-IDF of the sentences; words that stand in every second sentence weigh next to nothing."""
    import numpy as np

    vocabulary: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    counts: list[int] = []
    for row, sentence in enumerate(sentences):
        for term, count in Counter(terms_of(sentence)).items():
            rows.append(row)
            columns.append(vocabulary.setdefault(term, len(vocabulary)))
            counts.append(count)
    row_index, column_index = np.array(rows, np.intp), np.array(columns, np.intp)
    frequency = np.bincount(column_index, minlength=len(vocabulary))
    rarity = np.log1p(len(sentences) / np.maximum(frequency, 1)) - np.log(2.0) + 1e-3
    weights = np.sqrt(np.array(counts, float)) * rarity[column_index]
    norm = np.sqrt(np.bincount(row_index, weights**2, len(sentences)))
    weights /= norm[row_index]
    return TermMatrix(row_index, column_index, weights, len(sentences), len(vocabulary))


def sentence_scores(matrix: TermMatrix, paragraph_starts: Sequence[bool]) -> NDArray[np.float64]:
    """How much each sentence matters, from 0 to 1, shape [N].

    TextRank (Mihalcea & Tarau 2004) over TF-IDF cosines, mixed with how early the sentence stands: news
    says first what matters most.
    """
    import numpy as np

    count = matrix.sentence_count
    degree = np.maximum(matrix.neighbours(np.ones(count)), 1e-9)
    rank = np.full(count, 1.0 / count)
    for _ in range(ITERATIONS):
        rank = (1.0 - DAMPING) / count + DAMPING * matrix.neighbours(rank / degree)
    rank /= max(float(rank.max()), 1e-12)
    lead = np.exp(-np.arange(count) / (3.0 + 0.15 * min(count, 100)))
    mixed = (1.0 - LEAD_SHARE) * rank + LEAD_SHARE * lead + 0.06 * np.array(paragraph_starts, float)
    scores: NDArray[np.float64] = np.round(mixed / mixed.max(), DECIMALS)
    return scores


def without_repetition(
    matrix: TermMatrix, scores: NDArray[np.float64], picked: Sequence[int], first: int, *, relevance: float = 0.7
) -> dict[int, float]:
    """Maximal marginal relevance (Carbonell & Goldstein 1998) of the picked sentences.

    Args:
        picked: the sentences considered, by index.
        first: the sentence that is said in any case; the others are measured against it first.

    Returns:
        For each picked sentence its score less what the better ones before it already say, at least 0.01.
    """
    import numpy as np

    similar = matrix.similarities(picked)
    own = relevance * scores[list(picked)]
    overlap = np.zeros(len(picked))
    left = np.ones(len(picked), bool)
    values: dict[int, float] = {}
    choice = list(picked).index(first)
    for _ in picked:
        values[picked[choice]] = max(0.01, float(own[choice] - (1.0 - relevance) * overlap[choice]))
        left[choice] = False
        overlap = np.maximum(overlap, similar[choice])
        marginal = np.where(left, own - (1.0 - relevance) * overlap, -np.inf)
        choice = int(np.argmax(marginal))
    return values

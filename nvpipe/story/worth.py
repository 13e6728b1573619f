"""What the lines of a script are worth, so that the least of them go first."""

from __future__ import annotations

from collections.abc import Sequence

from nvpipe.story.ranking import sentence_scores, term_matrix, without_repetition
from nvpipe.story.speech import spoken_words


def line_values(lines: Sequence[str], language: str) -> list[float]:
    """What is lost with each line, in words that matter: its length by TextRank less what other lines say too.

    Returns:
        One positive value a line, in no unit; only their ratios mean something.
    """
    import numpy as np

    if not lines:
        return []
    matrix = term_matrix(lines)
    scores = sentence_scores(matrix, [False] * len(lines))
    own = without_repetition(matrix, np.asarray(scores), range(len(lines)), 0)
    return [round(float(own[index]) * max(1.0, spoken_words(line, language)), 6) for index, line in enumerate(lines)]

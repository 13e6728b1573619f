"""Which sentences to take so that together they fill the time: a multiple-choice knapsack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEPS = 1500
"""Steps into which the budget is divided; their rounding stays far below a per cent."""
TOLERANCES = (0.04, 0.08)
MISS_PENALTY = 3.0
"""A choice one per cent off the time must be three per cent better."""


@dataclass(frozen=True, slots=True)
class Option:
    """Sentences that are taken together."""

    members: tuple[int, ...]
    words: float
    value: float
    cut_text: str = ""
    """What is said of the last member where it is not said whole."""


def fill_budget(groups: Sequence[Sequence[Option]], budget_words: float, *, highest_share: float) -> list[Option]:
    """The best choice of at most one option a group, the first group being compulsory.

    The choice is the most valuable of those that come within 4 % of the budget, else within 8 %, else
    the fullest below it (dynamic programming over the words, as for the 0/1 knapsack).

    Args:
        groups: every option is at most `highest_share` of the budget.
        highest_share: how far over the budget a choice may go, 1.08 for 8 %.
    """
    import numpy as np

    unit = budget_words / STEPS
    size = int(STEPS * highest_share) + 1
    best = np.full(size, -np.inf)
    best[0] = 0.0
    taken: list[NDArray[np.int16]] = []
    for number, options in enumerate(groups):
        reached = np.full(size, -np.inf) if number == 0 else best.copy()
        which = np.full(size, -1, np.int16)
        for index, option in enumerate(options):
            steps = min(round(option.words / unit), size - 1)
            candidate = np.full(size, -np.inf)
            candidate[steps:] = best[: size - steps] + option.value
            better = candidate > reached
            reached[better], which[better] = candidate[better], index
        best = reached
        taken.append(which)
    return _traced(groups, taken, _best_end(best), unit)


def _best_end(best: NDArray[np.float64]) -> int:
    import numpy as np

    ends = np.flatnonzero(np.isfinite(best))
    for tolerance in TOLERANCES:
        near = ends[np.abs(ends - STEPS) <= tolerance * STEPS]
        if len(near):
            closeness = 1.0 - MISS_PENALTY * np.abs(near / STEPS - 1.0)
            return int(near[np.argmax(best[near] / near * closeness)])
    below = ends[ends <= STEPS]
    return int(below[-1] if len(below) else ends[0])


def _traced(
    groups: Sequence[Sequence[Option]], taken: list[NDArray[np.int16]], end: int, unit: float
) -> list[Option]:
    chosen: list[Option] = []
    for options, which in zip(reversed(groups), reversed(taken), strict=True):
        if which[end] >= 0:
            option = options[which[end]]
            chosen.append(option)
            end -= min(round(option.words / unit), len(which) - 1)
    return chosen[::-1]

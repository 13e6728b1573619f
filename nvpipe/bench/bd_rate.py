"""Bit rate at equal quality: Bjontegaard's delta of two curves of rate against quality.

The measure is that of G. Bjontegaard, "Calculation of average PSNR differences between RD-curves" (ITU-T SG16/Q.6,
VCEG-M33, 2001). Between the measured points the curves are piecewise cubic Hermite polynomials that do not overshoot
(PCHIP), as in the common test conditions of HEVC and VVC, instead of one polynomial through all of them:
F. N. Fritsch and J. Butland, "A method for constructing local monotone piecewise cubic interpolants" (SIAM J. Sci.
Stat. Comput. 5(2), 1984).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MIN_POINTS = 4
"""Of a curve, as VCEG-M33 asks for."""


@dataclass(frozen=True, slots=True)
class Pchip:
    """A curve through points whose x rise strictly, cubic between two of them, which never overshoots.

    Raises:
        ValueError: there are not two points, or x does not rise, or a value is not finite.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.x) < 2 or len(self.x) != len(self.y):
            raise ValueError("a curve needs two points or more")
        if not all(map(math.isfinite, (*self.x, *self.y))) or any(b <= a for a, b in pairwise(self.x)):
            raise ValueError("the points of a curve must be finite and rise in x")

    def at(self, x: float) -> float:
        """The curve's value; x must lie within its ends."""
        piece = min(max(bisect_right(self.x, x) - 1, 0), len(self.x) - 2)
        left, right = self.x[piece], self.x[piece + 1]
        width = right - left
        t = (x - left) / width
        slopes = self._slopes()
        return (
            (1 + 2 * t) * (1 - t) ** 2 * self.y[piece]
            + t * (1 - t) ** 2 * width * slopes[piece]
            + t * t * (3 - 2 * t) * self.y[piece + 1]
            + t * t * (t - 1) * width * slopes[piece + 1]
        )

    def mean(self, low: float, high: float) -> float:
        """Its mean between two places: exact, since Simpson's rule integrates cubics exactly."""
        edges = [low, *(x for x in self.x if low < x < high), high]
        area = sum((b - a) / 6 * (self.at(a) + 4 * self.at((a + b) / 2) + self.at(b)) for a, b in pairwise(edges))
        return area / (high - low)

    def _slopes(self) -> list[float]:
        widths = [b - a for a, b in pairwise(self.x)]
        rises = [(b - a) / width for (a, b), width in zip(pairwise(self.y), widths, strict=True)]
        if len(rises) == 1:
            return [rises[0], rises[0]]
        inner = [_inner(*pair) for pair in zip(pairwise(widths), pairwise(rises), strict=True)]
        first = _end(widths[0], widths[1], rises[0], rises[1])
        last = _end(widths[-1], widths[-2], rises[-1], rises[-2])
        return [first, *inner, last]


def _inner(widths: tuple[float, float], rises: tuple[float, float]) -> float:
    """The weighted harmonic mean of the rises beside a point; 0 where they differ in sign."""
    if rises[0] * rises[1] <= 0:
        return 0.0
    before, after = 2 * widths[1] + widths[0], widths[1] + 2 * widths[0]
    return (before + after) / (before / rises[0] + after / rises[1])


def _end(width: float, next_width: float, rise: float, next_rise: float) -> float:
    """The slope at an end from three points, held back so that the curve does not turn."""
    slope = ((2 * width + next_width) * rise - width * next_rise) / (width + next_width)
    if slope * rise <= 0:
        return 0.0
    if rise * next_rise <= 0 and abs(slope) > 3 * abs(rise):
        return 3 * rise
    return slope


def rate_curve(points: Iterable[tuple[float, float]]) -> Pchip | None:
    """The logarithm of the bit rate over quality, from pairs of rate and quality.

    None where the points don't make a curve: fewer than two of different quality, or one that is not finite.
    """
    usable = [(quality, math.log10(rate)) for rate, quality in points if rate > 0 and math.isfinite(quality)]
    usable.sort()
    if len(usable) < 2 or any(b[0] <= a[0] for a, b in pairwise(usable)):
        return None
    return Pchip(tuple(quality for quality, _ in usable), tuple(rate for _, rate in usable))


def bd_rate(anchor: Sequence[tuple[float, float]], test: Sequence[tuple[float, float]]) -> float | None:
    """How much the bit rate of one curve differs from another's at equal quality, on average: −0.2 is a fifth less.

    Args:
        anchor: what is compared with: pairs of bit rate and quality, the latter in decibels or on another scale
            that is about linear in what is seen.
        test: what is compared.

    Returns:
        None where the two have no quality in common, or one has fewer than four points of different quality.
    """
    before, after = rate_curve(anchor), rate_curve(test)
    if before is None or after is None or min(len(before.x), len(after.x)) < MIN_POINTS:
        return None
    low, high = max(before.x[0], after.x[0]), min(before.x[-1], after.x[-1])
    if high <= low:
        return None
    return float(10 ** (after.mean(low, high) - before.mean(low, high)) - 1)

"""Which style suits what is behind the captions.

Measures: contrast ratio of relative luminances (WCAG 2.2, "contrast ratio"; 4.5 is its level AA), and the distance
of colours in CIELAB (CIE 1976, D65), of which 60 is taken for plenty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nvpipe.types.look import CaptionStyle, Ink

CANDIDATES = ("default", "bold", "highlight", "roboto", "impact", "modern")
"""Styles that `auto` chooses from; of equals the first."""
ENOUGH_CONTRAST = 4.5
ENOUGH_DISTANCE = 60.0
_WHOLE_OUTLINE_PX = 12.0
"""An outline of this width keeps what lies behind it away from the letter."""
_WORST = 10.0
"""Per cent of the places behind the captions that may be worse."""
_STEP = 0.05
"""Smaller differences don't decide."""

_Array = npt.NDArray[np.float64]
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(axis=1)


class Fit(NamedTuple):
    """How well a style suits a background; each measure in the worst tenth of it."""

    style: str
    contrast: float
    """Of the letters with what surrounds them."""
    distance: float
    """Of the highlight's colour from it."""
    score: float
    """From 0 to 2: each measure as a share of enough."""


def choose(styles: Mapping[str, CaptionStyle], behind: Mapping[str, _Array]) -> list[Fit]:
    """The styles, the most suitable first.

    Args:
        styles: candidates by name, the preferred ones first.
        behind: for each of them sRGB colours (n, 3) from 0 to 1 of places behind its captions.
    """
    fits = [fit(style, behind[name]) for name, style in styles.items()]
    return sorted(fits, key=lambda item: -item.score)


def fit(style: CaptionStyle, behind: _Array) -> Fit:
    """How well a style suits sRGB colours (n, 3) from 0 to 1."""
    ground = linear(behind)
    box = style.box
    if box is not None and box.behind == "block":
        ground = _covered(ground, box.ink, box.ink.opacity)
    lit = _covered(ground, box.ink, box.ink.opacity) if box is not None and box.behind == "word" else ground
    guard = min(1.0, style.outline_px / _WHOLE_OUTLINE_PX) * style.outline.opacity
    contrasts = [
        _contrast(_ink(ink, around), _covered(around, style.outline, guard))
        for ink, around in ((style.text, ground), (style.active, lit))
    ]
    mark = box.ink if box is not None and box.behind == "word" else style.active
    distances = np.sqrt(((lab(_ink(mark, ground)) - lab(ground)) ** 2).sum(axis=1))
    contrast = float(np.percentile(np.minimum(*contrasts), _WORST))
    distance = float(np.percentile(distances, _WORST))
    score = min(1.0, contrast / ENOUGH_CONTRAST) + min(1.0, distance / ENOUGH_DISTANCE)
    return Fit(style.name, round(contrast, 2), round(distance, 1), round(round(score / _STEP) * _STEP, 2))


def linear(colours: _Array) -> _Array:
    """Linear light of sRGB colours from 0 to 1 (IEC 61966-2-1)."""
    low, high = colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4
    return np.where(colours <= 0.04045, low, high)


def luminance(light: _Array) -> _Array:
    """Relative luminance of linear colours (n, 3)."""
    found: _Array = light @ _TO_XYZ[1]
    return found


def lab(light: _Array) -> _Array:
    """CIELAB of linear colours (n, 3)."""
    share = light @ _TO_XYZ.T / _WHITE
    root = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def _contrast(one: _Array, other: _Array) -> _Array:
    first, second = luminance(one), luminance(other)
    ratio: _Array = (np.maximum(first, second) + 0.05) / (np.minimum(first, second) + 0.05)
    return ratio


def _ink(ink: Ink, ground: _Array) -> _Array:
    return _covered(ground, ink, ink.opacity)


def _covered(ground: _Array, ink: Ink, share: float) -> _Array:
    colour = linear(np.array([[ink.red, ink.green, ink.blue]]) / 255)
    covered: _Array = ground + share * (colour - ground)
    return covered

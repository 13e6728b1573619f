"""What is drawn where, in numbers, for the compose kernel and its reference alike; and the filters' taps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]
"""Width and height in pixels."""
BICUBIC_A = -0.6
"""Of Keys' cubic (IEEE Trans. ASSP 29, 1981); libswscale's default."""
_RADIUS = {"bilinear": 1.0, "bicubic": 2.0, "area": 1.0}


class Rect(NamedTuple):
    """A rectangle in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def halved(self) -> Rect:
        """The same in the chroma planes."""
        return Rect(self.left // 2, self.top // 2, self.width // 2, self.height // 2)


@dataclass(frozen=True, slots=True)
class Band:
    """A band of the blurred backdrop: a part of the source made small, blurred, toned, and enlarged again."""

    source: Rect
    """In the source, even."""
    small_px: Size
    """The size at which it is blurred, even."""
    sigma_px: float
    """Of the blur at that size, in all planes; 0 is none."""
    opacity: float
    """Of the luma over black."""
    chroma: float
    """What is left of the chroma."""
    kept: Rect
    """The part of it that is shown, even."""
    shown: Rect
    """Where, in the area, even."""


@dataclass(frozen=True, slots=True)
class Scene:
    """How one source is drawn on its area of an NV12 canvas."""

    area: Rect
    """In the canvas, even."""
    part_px: Size
    """Size of the part of the source that is shown sharp, even."""
    sharp: Rect
    """Where it goes, in the area, even."""
    kernel: str
    """Its filter: `bilinear`, `bicubic`, or `area`, the mean of what a pixel covers."""
    bands: tuple[Band, ...] = ()
    """Around it; what no band covers is black."""


@dataclass(frozen=True, slots=True)
class Taps:
    """A filter along one axis."""

    index: NDArray[np.int32]
    """`[target, taps]`: source pixels, those beyond the ends replaced by the last ones."""
    weight: NDArray[np.float32]
    """`[target, taps]`; the rows add up to 1."""

    def widened(self, taps: int) -> Taps:
        """The same with further taps of no weight."""
        more = ((0, 0), (0, taps - self.index.shape[1]))
        return Taps(np.pad(self.index, more), np.pad(self.weight, more))


def make_taps(kernel: str, source_px: int, target_px: int) -> Taps:
    """The taps with which libswscale scales, in exact arithmetic instead of 14 bits.

    Pixels' centres are aligned, as libswscale does for luma and, without a siting, for chroma; a filter is widened by
    the scale when the picture becomes smaller.

    Args:
        kernel: as in `Scene.kernel`; `area` enlarges as `bilinear` does.
        source_px: length of the source.
        target_px: length of the result.
    """
    scale = source_px / target_px
    kernel = "bilinear" if kernel == "area" and scale <= 1 else kernel
    widened = max(1.0, scale)
    centre = (np.arange(target_px) + 0.5) * scale - 0.5
    reach = scale / 2 + 0.5 if kernel == "area" else _RADIUS[kernel] * widened
    first = np.ceil(centre - reach - 1e-9).astype(np.int64)
    index = first[:, None] + np.arange(math.floor(2 * reach) + 2)
    away = np.abs(index - centre[:, None])
    if kernel == "area":
        weight = np.clip(scale / 2 + 0.5 - away, 0.0, 1.0)
    elif kernel == "bilinear":
        weight = np.maximum(0.0, 1 - away / widened)
    else:
        weight = _cubic(away / widened)
    weight /= weight.sum(axis=1, keepdims=True)
    seen = int(np.flatnonzero(np.abs(weight).max(axis=0) > 1e-7)[-1]) + 1
    index = np.clip(index[:, :seen], 0, source_px - 1)
    return Taps(index.astype(np.int32), weight[:, :seen].astype(np.float32))


def _cubic(away: NDArray[np.float64]) -> NDArray[np.float64]:
    a = BICUBIC_A
    near = ((a + 2) * away - (a + 3)) * away * away + 1
    far = a * (((away - 5) * away + 8) * away - 4)
    return np.where(away < 1, near, np.where(away < 2, far, 0.0))


def exponential_blur(length: int, sigma_px: float) -> NDArray[np.float32]:
    """The matrix `[length, length]` by which libavfilter's `gblur` blurs one axis.

    One pass of the recursive filter of Alvarez and Mazorra (SIAM J. Numer. Anal. 31, 1994) forwards and one back:
    its response falls off exponentially to both sides and has the variance of a Gaussian of `sigma_px`.
    """
    if sigma_px <= 0:
        return np.eye(length, dtype=np.float32)
    spread = sigma_px * sigma_px / 2
    decay = (1 + 2 * spread - math.sqrt(1 + 4 * spread)) / (2 * spread)
    steps = np.arange(length)
    forward = np.where(steps[:, None] >= steps, decay ** np.abs(steps[:, None] - steps), 0.0)
    back = forward.T.copy()
    forward[:, 0] /= 1 - decay
    back[:, -1] /= 1 - decay
    matrix: NDArray[np.float32] = (back @ forward * (decay / spread)).astype(np.float32)
    return matrix


def tone_curve(zero: int, share: float) -> NDArray[np.uint8]:
    """What each byte becomes when its distance from `zero` is multiplied by `share`, cut off to whole numbers."""
    curve: NDArray[np.uint8] = np.clip(np.trunc(zero + (np.arange(256) - zero) * share), 0, 255).astype(np.uint8)
    return curve


BLACK_Y, BLACK_UV = 16, 128
"""Black in limited range."""

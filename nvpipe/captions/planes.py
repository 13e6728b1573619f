"""Pictures with opacity in limited-range BT.709 4:2:0, and what is done with them without leaving it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nvpipe.captions.patch import Float, Patch, Plane
from nvpipe.types.look import Ink

_LUMA_ZERO = 16
_CHROMA_ZERO = 128
_NOTHING = 1e-9
_SMALLEST_PX = 16


class Region(NamedTuple):
    """A rectangle of an area, its edges even."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        return self.left >= self.right or self.top >= self.bottom


class Planes(NamedTuple):
    """A picture, colours multiplied by their opacity; uint8, chroma of half the size."""

    y: Plane
    u: Plane
    v: Plane
    alpha: Plane
    alpha_uv: Plane

    @classmethod
    def blank(cls, height: int, width: int) -> Planes:
        full, half = (height, width), (height // 2, width // 2)
        return cls(*(np.zeros(shape, np.uint8) for shape in (full, half, half, full, half)))

    @property
    def region(self) -> Region:
        height, width = self.alpha.shape
        return Region(0, 0, width, height)

    def part(self, region: Region) -> Planes:
        """A view of a part."""
        left, top, right, bottom = region
        full = (slice(top, bottom), slice(left, right))
        half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
        return Planes(self.y[full], self.u[half], self.v[half], self.alpha[full], self.alpha_uv[half])

    def copy(self) -> Planes:
        return Planes(*(plane.copy(order="C") for plane in self))

    def put(self, region: Region, source: Planes) -> None:
        """Replace a part."""
        for target, plane in zip(self.part(region), source, strict=True):
            target[...] = plane

    def lay(self, x: int, y: int, source: Planes) -> None:
        """Lay a picture over this one, its upper left corner at even `x`, `y`, which may lie outside."""
        height, width = self.alpha.shape
        far_x, far_y = min(width, x + source.alpha.shape[1]), min(height, y + source.alpha.shape[0])
        here = Region(max(0, x), max(0, y), far_x, far_y)
        if here.empty:
            return
        target = self.part(here)
        above = source.part(Region(here.left - x, here.top - y, far_x - x, far_y - y))
        if not target.alpha.any():
            self.put(here, above)
            return
        clear, clear_uv = 255 - above.alpha, 255 - above.alpha_uv
        for low, high, share in zip(target, above, (clear, clear_uv, clear_uv, clear, clear_uv), strict=True):
            low[...] = np.minimum(_product(low, share) + high, 255)

    def visible(self) -> Region:
        """The smallest region outside of which nothing can be seen."""
        rows, columns = np.flatnonzero(self.alpha.any(axis=1)), np.flatnonzero(self.alpha.any(axis=0))
        if not rows.size:
            return Region(0, 0, 0, 0)
        top, left = int(rows[0]) // 2 * 2, int(columns[0]) // 2 * 2
        return Region(left, top, int(columns[-1]) // 2 * 2 + 2, int(rows[-1]) // 2 * 2 + 2)

    def faded(self, opacity: float) -> Planes:
        """The picture with less opacity."""
        share = np.uint8(round(opacity * 255))
        return Planes(*(_product(plane, share).astype(np.uint8) for plane in self))

    def scaled(self, factor: float, centre_x: float, centre_y: float) -> tuple[int, int, Planes] | None:
        """The picture scaled around a point, and where its corner then lies, to even pixels; None when too small.

        Each pixel is the mean of two old ones: enough for pictures that are seen for a frame, and a tenth of the
        time of filters that are made for the size.
        """
        height, width = self.alpha.shape
        new_width, new_height = 2 * round(width * factor / 2), 2 * round(height * factor / 2)
        if min(new_width, new_height) < _SMALLEST_PX:
            return None
        rows, columns = _taps(height, new_height), _taps(width, new_width)
        half_rows, half_columns = _taps(height // 2, new_height // 2), _taps(width // 2, new_width // 2)
        left, top = (2 * round(middle * (1 - factor) / 2) for middle in (centre_x, centre_y))
        planes = Planes(
            y=_resampled(self.y, rows, columns),
            u=_resampled(self.u, half_rows, half_columns),
            v=_resampled(self.v, half_rows, half_columns),
            alpha=_resampled(self.alpha, rows, columns),
            alpha_uv=_resampled(self.alpha_uv, half_rows, half_columns),
        )
        return left, top, planes


@dataclass(frozen=True, slots=True)
class Picture:
    """A coloured glyph of a word, and its place in an area; planes as `over` takes them."""

    word: int
    x_px: int
    y_px: int
    colours: Float

    @classmethod
    def of(cls, word: int, x_px: int, y_px: int, pixels: Plane) -> Picture:
        """From red, green, blue (multiplied by the opacity) and opacity, `(height, width, 4)`."""
        red, green, blue, opacity = (pixels[..., index].astype(np.float32) / np.float32(255) for index in range(4))
        luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        chroma = (224 * (blue - luma) / 1.8556, 224 * (red - luma) / 1.5748)
        return cls(word, x_px, y_px, np.stack([219 * luma, *chroma, opacity]).astype(np.float32))


def yuv(ink: Ink) -> tuple[float, float, float]:
    """Y, Cb, Cr of a colour in limited range, unrounded (ITU-R BT.709-6)."""
    red, green, blue = ink.red / 255, ink.green / 255, ink.blue / 255
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748


def over(canvas: Float, coverage: Float, ink: Ink) -> None:
    """Porter and Duff's "over" of one colour, on planes Y - 16, U - 128, V - 128 times opacity, and opacity.

    Planes that stay zero, as for black and grey, cost nothing.
    """
    amount = coverage * np.float32(ink.opacity) if ink.opacity != 1 else coverage
    luma, u, v = yuv(ink)
    for plane, value in zip(canvas, (luma - _LUMA_ZERO, u - _CHROMA_ZERO, v - _CHROMA_ZERO, 1.0), strict=True):
        if abs(value) > _NOTHING:
            plane += amount * (np.float32(value) - plane)
        elif plane.any():
            plane *= 1 - amount


def over_picture(canvas: Float, item: Picture, left: int = 0, top: int = 0) -> None:
    """`over` of a coloured picture on the part of an area that begins at `left`, `top`."""
    height, width = item.colours.shape[1:]
    low_x, low_y = max(item.x_px, left), max(item.y_px, top)
    high_x, high_y = min(item.x_px + width, left + canvas.shape[2]), min(item.y_px + height, top + canvas.shape[1])
    if low_x >= high_x or low_y >= high_y:
        return
    window = canvas[:, low_y - top : high_y - top, low_x - left : high_x - left]
    above = item.colours[:, low_y - item.y_px : high_y - item.y_px, low_x - item.x_px : high_x - item.x_px]
    window *= 1 - above[3]
    window += above


def over_patch(canvas: Float, patch: Patch, ink: Ink, left: int = 0, top: int = 0) -> None:
    """`over` of a patch on the part of an area that begins at `left`, `top`."""
    x0, y0, x1, y1 = patch.edges
    low_x, low_y = max(x0, left), max(y0, top)
    high_x, high_y = min(x1, left + canvas.shape[2]), min(y1, top + canvas.shape[1])
    if low_x >= high_x or low_y >= high_y:
        return
    window = canvas[:, low_y - top : high_y - top, low_x - left : high_x - left]
    over(window, patch.coverage[low_y - y0 : high_y - y0, low_x - x0 : high_x - x0], ink)


def finished(canvas: Float) -> Planes:
    """The planes of what `over` has drawn."""
    opacity, opacity_uv = canvas[3], _halve(canvas[3])
    return Planes(
        y=_round(canvas[0] + _LUMA_ZERO * opacity),
        u=_round(_halve(canvas[1]) + _CHROMA_ZERO * opacity_uv),
        v=_round(_halve(canvas[2]) + _CHROMA_ZERO * opacity_uv),
        alpha=_round(opacity * 255),
        alpha_uv=_round(opacity_uv * 255),
    )


def _product(plane: Plane, share: Plane | np.uint8) -> npt.NDArray[np.uint16]:
    """Bytes times bytes over 255, rounded."""
    mixed = np.multiply(plane, share, dtype=np.uint16)
    # (v + 128 + ((v + 128) >> 8)) >> 8 is v / 255, rounded, for every product of two bytes.
    mixed += 128
    mixed += mixed >> 8
    mixed >>= 8
    return mixed


@lru_cache(maxsize=256)
def _taps(old: int, new: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each new pixel two old ones, a quarter of a pixel before and after its place."""
    at = (np.arange(new) + 0.5) * (old / new) - 0.5
    first, second = (np.clip(np.rint(at + shift), 0, old - 1).astype(np.intp) for shift in (-0.25, 0.25))
    return first, second


def _resampled(
    plane: Plane,
    rows: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    columns: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
) -> Plane:
    one, other = (plane[across][:, down] for across, down in zip(rows, columns, strict=True))
    # Mean of two bytes, rounded down, without leaving bytes.
    mean: Plane = (one & other) + ((one ^ other) >> 1)
    return mean


def _halve(plane: Float) -> Float:
    """Means of 2x2 blocks."""
    if not plane.any():
        return np.zeros((plane.shape[0] // 2, plane.shape[1] // 2), np.float32)
    rows = plane[::2] + plane[1::2]
    return (rows[:, ::2] + rows[:, 1::2]) * np.float32(0.25)


def _round(plane: npt.NDArray[np.floating]) -> Plane:
    rounded: Plane = np.rint(plane).astype(np.uint8)
    return rounded

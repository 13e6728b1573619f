"""What the compose kernel looks up, on the device: taps, the blur's matrices, tone curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from nvpipe.kernels.compose_scene import (
    BLACK_UV,
    BLACK_Y,
    Band,
    Rect,
    Scene,
    Size,
    Taps,
    exponential_blur,
    make_taps,
    tone_curve,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

BACKDROP_TAPS = 2
"""The backdrop is never made smaller when it is scaled up."""


class Planes(NamedTuple):
    """A 4:2:0 picture, uint8 views of any strides: Y `[H, W]`, U and V of half the size, rounded up."""

    y: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor

    def window(self, left_px: int, top_px: int, size: Size) -> Planes:
        """A part of even size, its chroma from the pixel that the corner lies in."""
        width, height = size
        half = (slice(top_px // 2, top_px // 2 + height // 2), slice(left_px // 2, left_px // 2 + width // 2))
        return Planes(self.y[top_px : top_px + height, left_px : left_px + width], self.u[half], self.v[half])


def nv12_planes(canvas: torch.Tensor) -> Planes:
    """Views of an NV12 buffer `[H * 3 / 2, W]`."""
    height, width = canvas.shape[0] * 2 // 3, canvas.shape[1]
    chroma = canvas[height:].view(height // 2, width // 2, 2)
    return Planes(canvas[:height], chroma[..., 0], chroma[..., 1])


@dataclass(frozen=True, slots=True)
class AxisTables:
    """`Taps` of both axes on the device: index int32 and weight float32, `[target, taps]`."""

    x_index: torch.Tensor
    x_weight: torch.Tensor
    y_index: torch.Tensor
    y_weight: torch.Tensor

    @classmethod
    def of(cls, across: Taps, down: Taps, device: torch.device) -> AxisTables:
        arrays = (across.index, across.weight, down.index, down.weight)
        return cls(*(torch.from_numpy(np.ascontiguousarray(array)).to(device) for array in arrays))

    def pointers(self) -> tuple[torch.Tensor, ...]:
        return self.x_index, self.x_weight, self.y_index, self.y_weight


@dataclass(frozen=True, slots=True)
class PlaneTables:
    """The tables of luma and of chroma, with as many taps."""

    luma: AxisTables
    chroma: AxisTables
    taps_x: int
    taps_y: int

    @classmethod
    def of(cls, luma: tuple[Taps, Taps], chroma: tuple[Taps, Taps], device: torch.device) -> PlaneTables:
        taps_x, taps_y = (max(luma[axis].index.shape[1], chroma[axis].index.shape[1]) for axis in (0, 1))
        wide = [AxisTables.of(one[0].widened(taps_x), one[1].widened(taps_y), device) for one in (luma, chroma)]
        return cls(wide[0], wide[1], taps_x, taps_y)

    @classmethod
    def scaling(cls, kernel: str, part: Size, size: Size, device: torch.device) -> PlaneTables:
        """For a part of the source scaled to a size."""
        luma, chroma = (
            (make_taps(kernel, part[0] // half, size[0] // half), make_taps(kernel, part[1] // half, size[1] // half))
            for half in (1, 2)
        )
        return cls.of(luma, chroma, device)


class SmallPicture:
    """The blurred bands beside each other in one small picture, and the tables that spread it over the area."""

    def __init__(self, scene: Scene, device: torch.device) -> None:
        self._bands = scene.bands
        self._axis = 1 if scene.bands[0].shown.width == scene.area.width else 0
        self.width, self.height = self._size()
        self.pixels = torch.zeros(self.width * self.height * 3 // 2, dtype=torch.uint8, device=device)
        """Planes Y, U and V, one after the other."""
        spread = [
            tuple(self._spread(axis, (scene.area.width, scene.area.height)[axis] // half, half) for axis in (0, 1))
            for half in (1, 2)
        ]
        self.tables = PlaneTables.of((spread[0][0], spread[0][1]), (spread[1][0], spread[1][1]), device)

    def planes(self) -> Planes:
        whole, quarter = self.width * self.height, self.width * self.height // 4
        shape = (self.height // 2, self.width // 2)
        return Planes(
            self.pixels[:whole].view(self.height, self.width),
            self.pixels[whole : whole + quarter].view(shape),
            self.pixels[whole + quarter :].view(shape),
        )

    def put(self, number: int, toned: Sequence[torch.Tensor]) -> None:
        """Take what is kept of a band's planes Y, U, V."""
        start = sum(self._length(band) for band in self._bands[:number])
        band = self._bands[number]
        left, top = (0, start) if self._axis else (start, 0)
        target = self.planes().window(left, top, (band.kept.width, band.kept.height))
        source = Planes(*toned).window(band.kept.left, band.kept.top, (band.kept.width, band.kept.height))
        for plane, found in zip(target, source, strict=True):
            plane.copy_(found)

    def _length(self, band: Band) -> int:
        length: int = band.kept.height if self._axis else band.kept.width
        return length

    def _size(self) -> Size:
        length = sum(self._length(band) for band in self._bands)
        first = self._bands[0].kept
        return (first.width, length) if self._axis else (length, first.height)

    def _spread(self, axis: int, target: int, half: int) -> Taps:
        """For each pixel of the area along an axis the small picture's; 0 where there is no band."""
        if axis != self._axis:
            kept = (self.width, self.height)[axis] // half
            return make_taps("bilinear", kept, target).widened(BACKDROP_TAPS)
        index = np.zeros((target, BACKDROP_TAPS), np.int32)
        weight = np.zeros((target, BACKDROP_TAPS), np.float32)
        start = 0
        for band in self._bands:
            begin, length = ((band.shown.left, band.shown.width), (band.shown.top, band.shown.height))[axis]
            begin, length, kept = begin // half, length // half, self._length(band) // half
            taps = make_taps("bilinear", kept, length).widened(BACKDROP_TAPS)
            index[begin : begin + length], weight[begin : begin + length] = taps.index + start, taps.weight
            start += kept
        return Taps(index, weight)


class BandTone:
    """Blur and tone of a band's small picture, in matrix products."""

    def __init__(self, band: Band, device: torch.device) -> None:
        width, height = band.small_px
        self._blurred = band.sigma_px > 0
        self._across, self._down = (
            [torch.from_numpy(exponential_blur(side // half, band.sigma_px)).to(device) for half in (1, 2)]
            for side in (width, height)
        )
        curves = (tone_curve(BLACK_Y, band.opacity), tone_curve(BLACK_UV, band.chroma))
        self._curves = [torch.from_numpy(curve).to(device) for curve in curves]

    def apply(self, shrunk: torch.Tensor) -> list[torch.Tensor]:
        """Planes Y, U, V of an NV12 buffer of the small size, blurred and toned."""
        toned = []
        for number, plane in enumerate(nv12_planes(shrunk)):
            half = min(number, 1)
            found = plane
            if self._blurred:
                mixed = self._down[half] @ plane.float() @ self._across[half].T
                found = mixed.round_().clamp_(0, 255)
            toned.append(self._curves[half][found.long()])
        return toned


def shrinking(band: Band) -> Scene:
    """The scene that makes a band small."""
    whole = Rect(0, 0, *band.small_px)
    return Scene(whole, (band.source.width, band.source.height), whole, "area")

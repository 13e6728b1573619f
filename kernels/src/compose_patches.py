"""Bitmaps with opacity on the device, as the compose kernel takes them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from nvpipe.kernels.compose_scene import Rect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from nvpipe.kernels.compose_tables import Planes


class Bitmap(Protocol):
    """Premultiplied limited-range BT.709 planes; position and size are even."""

    @property
    def x_px(self) -> int: ...
    @property
    def y_px(self) -> int: ...
    @property
    def y(self) -> NDArray[np.uint8]: ...
    @property
    def u(self) -> NDArray[np.uint8]: ...
    @property
    def v(self) -> NDArray[np.uint8]: ...
    @property
    def alpha(self) -> NDArray[np.uint8]: ...
    @property
    def alpha_uv(self) -> NDArray[np.uint8]: ...


@dataclass(frozen=True, slots=True)
class DevicePatch:
    """A bitmap on the device: planes Y, opacity, U, V and opacity of half the size, one after the other."""

    at: Rect
    """In the canvas."""
    pixels: torch.Tensor

    def planes(self) -> list[torch.Tensor]:
        """Y, opacity, U, V, opacity of the chroma."""
        width, height = self.at.width, self.at.height
        sizes = [width * height] * 2 + [width * height // 4] * 3
        shapes = [(height, width)] * 2 + [(height // 2, width // 2)] * 3
        starts = itertools.accumulate(sizes[:-1], initial=0)
        return [
            self.pixels[start : start + size].view(shape)
            for start, size, shape in zip(starts, sizes, shapes, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class PatchSheet:
    """What lies above a picture, from below to above."""

    patches: tuple[DevicePatch, ...]
    fields: torch.Tensor
    """int64 `[patches, 5]`: address, left, top, width, height."""


def packed(bitmap: Bitmap) -> NDArray[np.uint8]:
    """A bitmap's planes in one row, colours no more than their opacity."""
    full, half = (bitmap.alpha, bitmap.alpha_uv)
    planes = (
        np.minimum(bitmap.y, full),
        full,
        np.minimum(bitmap.u, half),
        np.minimum(bitmap.v, half),
        half,
    )
    return np.concatenate([plane.ravel() for plane in planes])


def make_sheet(patches: Sequence[DevicePatch], device: torch.device) -> PatchSheet:
    """The sheet of patches that are on the device already."""
    rows = [[patch.pixels.data_ptr(), *patch.at] for patch in patches]
    fields = torch.tensor(rows, dtype=torch.int64).reshape(-1, 5)
    if device.type == "cuda":
        fields = fields.pin_memory().to(device, non_blocking=True)
    return PatchSheet(tuple(patches), fields)


def lay(sheet: PatchSheet, area: Rect, planes: Planes) -> None:
    """Lay patches over an area's planes, in whole numbers: v / 255 rounded is (v + 128 + (v + 128 >> 8)) >> 8."""
    for patch in sheet.patches:
        y, alpha, u, v, alpha_uv = patch.planes()
        for plane, (colour, opacity) in enumerate(((y, alpha), (u, alpha_uv), (v, alpha_uv))):
            halved = 2 if plane else 1
            left, top = (patch.at.left - area.left) // halved, (patch.at.top - area.top) // halved
            target = planes[plane]
            low_x, low_y = max(0, left), max(0, top)
            high_x, high_y = min(target.shape[1], left + colour.shape[1]), min(target.shape[0], top + colour.shape[0])
            if low_x >= high_x or low_y >= high_y:
                continue
            there = target[low_y:high_y, low_x:high_x]
            seen = (slice(low_y - top, high_y - top), slice(low_x - left, high_x - left))
            mixed = there.int() * (255 - opacity[seen].int()) + colour[seen].int() * 255 + 128
            there.copy_((mixed + (mixed >> 8)) >> 8)

"""The compose kernel's arithmetic in plain torch: its tables as matrices, for any device and without Triton."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from nvpipe.kernels.compose_patches import lay
from nvpipe.kernels.compose_scene import BLACK_UV, BLACK_Y
from nvpipe.kernels.compose_tables import BandTone, PlaneTables, SmallPicture, nv12_planes, shrinking

if TYPE_CHECKING:
    from nvpipe.kernels.compose_patches import PatchSheet
    from nvpipe.kernels.compose_scene import Rect, Scene
    from nvpipe.kernels.compose_tables import AxisTables, Planes


class PlainDrawer:
    """Draws one scene as `nvpipe.kernels.compose.KernelDrawer` does; sums differ in their order alone.

    Args:
        scene: what to draw.
        device: where.
    """

    def __init__(self, scene: Scene, device: torch.device) -> None:
        self._scene = scene
        part, sharp = scene.part_px, scene.sharp
        tables = PlaneTables.scaling(scene.kernel, part, (sharp.width, sharp.height), device)
        self._sharp = [_Scaling(axes, part[0] // half, part[1] // half) for axes, half in _halves(tables)]
        self._small = SmallPicture(scene, device) if scene.bands else None
        self._behind: list[_Scaling] = []
        if self._small is not None:
            width, height = self._small.width, self._small.height
            self._behind = [
                _Scaling(axes, width // half, height // half) for axes, half in _halves(self._small.tables)
            ]
        self._shrinking = [
            (
                PlainDrawer(shrinking(band), device),
                BandTone(band, device),
                torch.empty((band.small_px[1] * 3 // 2, band.small_px[0]), dtype=torch.uint8, device=device),
            )
            for band in scene.bands
        ]

    def draw(self, source: Planes, left_px: int, top_px: int, sheet: PatchSheet | None, canvas: torch.Tensor) -> None:
        """Draw a picture; see `KernelDrawer.draw`."""
        scene = self._scene
        for number, (band, (drawer, tone, shrunk)) in enumerate(zip(scene.bands, self._shrinking, strict=True)):
            drawer.draw(source, band.source.left, band.source.top, None, shrunk)
            assert self._small is not None
            self._small.put(number, tone.apply(shrunk))
        part = source.window(left_px, top_px, scene.part_px)
        area = nv12_planes(canvas).window(scene.area.left, scene.area.top, (scene.area.width, scene.area.height))
        behind = self._small.planes() if self._small is not None else None
        for number, (target, plane) in enumerate(zip(area, part, strict=True)):
            half = min(number, 1)
            if behind is None:
                target.fill_(BLACK_UV if half else BLACK_Y)
            else:
                target.copy_(self._behind[half].of(behind[number]))
            _within(target, scene.sharp.halved if half else scene.sharp).copy_(self._sharp[half].of(plane))
        if sheet is not None:
            lay(sheet, scene.area, area)


class _Scaling:
    """A plane filtered along both axes, by matrices."""

    def __init__(self, tables: AxisTables, width: int, height: int) -> None:
        self._across = _matrix(tables.x_index, tables.x_weight, width)
        self._down = _matrix(tables.y_index, tables.y_weight, height)

    def of(self, plane: torch.Tensor) -> torch.Tensor:
        """The plane scaled, bytes."""
        scaled = self._down @ (plane.float() @ self._across.T)
        return scaled.clamp_(0, 255).add_(0.5).floor_().to(torch.uint8)


def _matrix(index: torch.Tensor, weight: torch.Tensor, length: int) -> torch.Tensor:
    """`[target, length]` of taps."""
    found = torch.zeros((index.shape[0], length), device=index.device)
    return found.scatter_add_(1, index.long(), weight)


def _halves(tables: PlaneTables) -> tuple[tuple[AxisTables, int], tuple[AxisTables, int]]:
    return (tables.luma, 1), (tables.chroma, 2)


def _within(plane: torch.Tensor, rect: Rect) -> torch.Tensor:
    left, top, width, height = rect
    return plane[top : top + height, left : left + width]

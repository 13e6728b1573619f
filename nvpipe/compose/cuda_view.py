"""A source as one area of an output shows it, drawn on the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nvpipe.compose import Area
from nvpipe.compose.cuda_scene import corner_in, enlarging, scene_of
from nvpipe.compose.layout import styled
from nvpipe.compose.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from nvpipe.compose import Layout, Size
    from nvpipe.compose.views import Target
    from nvpipe.kernels.compose_patches import PatchSheet
    from nvpipe.kernels.compose_scene import Scene
    from nvpipe.kernels.compose_tables import Planes

    MakeDrawer = Callable[[Scene, torch.device], "Drawer"]


class Drawer(Protocol):
    """Draws one scene; see `nvpipe.kernels.compose.KernelDrawer`."""

    def draw(
        self, source: Planes, left_px: int, top_px: int, sheet: PatchSheet | None, canvas: torch.Tensor
    ) -> None: ...


class DeviceView:
    """One source on one area of an output.

    Args:
        layout: places it.
        source_px: size of the source.
        target: what is made.
        area: where on the output's canvas.
        path: of the crop; see `Cut.crop_path`.
        make_drawer: gives what draws a scene on a device.
        device: where.
    """

    def __init__(
        self,
        layout: Layout,
        source_px: Size,
        target: Target,
        area: Area,
        path: tuple[tuple[float, float], ...],
        make_drawer: MakeDrawer,
        device: torch.device,
    ) -> None:
        size = target.composed_px
        placement = styled(layout.place(source_px, size), target.canvas_px, target.output)
        self._window = Window(path, placement, source_px, size)
        self._corner = corner_in(source_px, placement.part_px, exact=self._window.moves)
        self._enlarger = make_drawer(enlarging(size, area), device) if target.is_small else None
        place = Area(0, 0, size) if target.is_small else area
        self._drawer = make_drawer(scene_of(placement, source_px, place), device)
        self._small = _canvas(size, device) if target.is_small else None

    def draw(self, source: Planes, at_s: float, sheet: PatchSheet | None, canvas: torch.Tensor) -> None:
        """Draw a picture as it is `at_s` seconds after the cut's start.

        Args:
            source: the picture.
            at_s: see above.
            sheet: what lies above it, in the canvas.
            canvas: NV12, of which the area is written.
        """
        left, top = self._corner
        left = self._window.left_px(at_s) if self._window.moves else left
        if self._enlarger is None or self._small is None:
            self._drawer.draw(source, left, top, sheet, canvas)
            return
        from nvpipe.kernels.compose_tables import nv12_planes

        self._drawer.draw(source, left, top, None, self._small)
        self._enlarger.draw(nv12_planes(self._small), 0, 0, sheet, canvas)


class StretchedView:
    """All of a source stretched over an area; see `DeviceView`."""

    def __init__(self, source_px: Size, area: Area, make_drawer: MakeDrawer, device: torch.device) -> None:
        self._drawer = make_drawer(enlarging(source_px, area), device)

    def draw(self, source: Planes, at_s: float, sheet: PatchSheet | None, canvas: torch.Tensor) -> None:
        self._drawer.draw(source, 0, 0, sheet, canvas)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A source's part of a picture, yet to be drawn."""

    view: DeviceView | StretchedView
    source: Planes
    at_s: float

    def onto(self, canvas: torch.Tensor, sheet: PatchSheet | None) -> None:
        self.view.draw(self.source, self.at_s, sheet, canvas)


def _canvas(size: Size, device: torch.device) -> torch.Tensor:
    import torch

    return torch.empty((size[1] * 3 // 2, size[0]), dtype=torch.uint8, device=device)

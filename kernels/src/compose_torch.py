"""A second reference of the compose kernel, on torchvision's operations: crop, resize, gaussian_blur.

It draws the same scenes from their numbers alone, with none of the kernel's tables, on any device of torch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from nvpipe.kernels.compose_patches import lay
from nvpipe.kernels.compose_scene import BLACK_UV, BLACK_Y, exponential_blur
from nvpipe.kernels.compose_tables import nv12_planes
from nvpipe.kernels.vision import functional

if TYPE_CHECKING:
    from nvpipe.kernels.compose_patches import PatchSheet
    from nvpipe.kernels.compose_scene import Band, Rect, Scene
    from nvpipe.kernels.compose_tables import Planes

_TORCH_SHARE = 0.4
"""libswscale's bicubic has a = -0.6; torch has -0.75, and -0.5 when it smooths. Both are linear in a."""
_GAUSSIANS = (0.25, 0.5, 0.9, 1.5, 2.4)
"""Standard deviations, in those of an exponential blur, of the Gaussians that it is mixed from."""
_REACH = 4.0
"""Where a Gaussian is cut off, in standard deviations."""
_LEAST_SIGMA_PX = 0.2
"""A Gaussian that is narrower leaves a picture as it is."""


class _Part(NamedTuple):
    """A Gaussian of a mixture; with `sigma_px` 0 the picture itself."""

    sigma_px: float
    share: float


class TorchDrawer:
    """Draws one scene as `nvpipe.kernels.compose.KernelDrawer` does.

    Args:
        scene: what to draw.
        device: where.
    """

    def __init__(self, scene: Scene, device: torch.device) -> None:
        self._scene = scene
        self._device = device

    def draw(self, source: Planes, left_px: int, top_px: int, sheet: PatchSheet | None, canvas: torch.Tensor) -> None:
        """Draw a picture; see `KernelDrawer.draw`."""
        scene = self._scene
        part = source.window(left_px, top_px, scene.part_px)
        area = nv12_planes(canvas)
        area = area.window(scene.area.left, scene.area.top, (scene.area.width, scene.area.height))
        for plane, (target, sharp) in enumerate(zip(area, part, strict=True)):
            half = plane > 0
            target.fill_(BLACK_UV if half else BLACK_Y)
            for band in scene.bands:
                found = banded(_crop(source[plane], band.source, half), band, chroma=half)
                _crop_view(target, band.shown, half).copy_(found)
            shown = scene.sharp.halved if half else scene.sharp
            _crop_view(target, scene.sharp, half).copy_(
                _bytes(resized(_float(sharp), (shown.width, shown.height), scene.kernel))
            )
        if sheet is not None:
            lay(sheet, scene.area, area)


def resized(plane: torch.Tensor, size: tuple[int, int], kernel: str) -> torch.Tensor:
    """A float plane `[1, H, W]` scaled with a filter of `Scene.kernel` to width and height."""
    width, height = size
    if kernel != "bicubic":
        return _resize(plane, height, width, "bilinear", smooth=True)
    # One axis after the other: a mixture of two filters along both would have four terms.
    for rows, columns in ((height, plane.shape[2]), (height, width)):
        sharper = _resize(plane, rows, columns, "bicubic", smooth=False)
        smoother = _resize(plane, rows, columns, "bicubic", smooth=True)
        plane = _TORCH_SHARE * sharper + (1 - _TORCH_SHARE) * smoother
    return plane


def blurred(plane: torch.Tensor, sigma_px: float) -> torch.Tensor:
    """A float plane `[1, H, W]` blurred as `exponential_blur` does, by a mixture of Gaussians for each axis."""
    if sigma_px <= 0:
        return plane
    for down in (True, False):
        total = torch.zeros_like(plane)
        for part in _mixture(sigma_px):
            total += part.share * _gaussian(plane, part.sigma_px, down=down)
        plane = total
    return plane


def banded(plane: torch.Tensor, band: Band, *, chroma: bool) -> torch.Tensor:
    """A band's plane as it is shown, bytes, from its part of the source."""
    small, kept, shown = (rect.halved if chroma else rect for rect in (_whole(band), band.kept, band.shown))
    zero, share = (BLACK_UV, band.chroma) if chroma else (BLACK_Y, band.opacity)
    shrunk = resized(_float(plane), (small.width, small.height), "area").round()
    soft = blurred(shrunk, band.sigma_px).round().clamp(0, 255)
    toned = torch.trunc(zero + (soft.double() - zero) * share).clamp(0, 255).float()
    part = functional().crop(toned, kept.top, kept.left, kept.height, kept.width)
    return _bytes(resized(part, (shown.width, shown.height), "bilinear"))


def _whole(band: Band) -> Rect:
    from nvpipe.kernels.compose_scene import Rect

    return Rect(0, 0, *band.small_px)


def _crop(plane: torch.Tensor, rect: Rect, half: bool) -> torch.Tensor:
    left, top, width, height = rect.halved if half else rect
    part: torch.Tensor = functional().crop(plane[None], top, left, height, width)[0]
    return part


def _crop_view(plane: torch.Tensor, rect: Rect, half: bool) -> torch.Tensor:
    left, top, width, height = rect.halved if half else rect
    return plane[top : top + height, left : left + width]


def _resize(plane: torch.Tensor, height: int, width: int, mode: str, *, smooth: bool) -> torch.Tensor:
    tv = functional()
    how = {"bilinear": tv.InterpolationMode.BILINEAR, "bicubic": tv.InterpolationMode.BICUBIC}[mode]
    found: torch.Tensor = tv.resize(plane, [height, width], how, antialias=smooth)
    return found


def _gaussian(plane: torch.Tensor, sigma_px: float, *, down: bool) -> torch.Tensor:
    if sigma_px < _LEAST_SIGMA_PX:
        return plane
    reach = max(1, round(_REACH * sigma_px))
    edge = [0, reach] if down else [reach, 0]
    padded = functional().pad(plane, edge, padding_mode="edge")
    kernel, sigma = 2 * reach + 1, float(sigma_px)
    # torchvision mirrors beyond the edge, so that as much again is needed there.
    size, sigmas = ([1, kernel], [1e-3, sigma]) if down else ([kernel, 1], [sigma, 1e-3])
    soft: torch.Tensor = functional().gaussian_blur(padded, size, sigmas)
    middle: torch.Tensor = functional().crop(soft, edge[1], edge[0], plane.shape[1], plane.shape[2])
    return middle


@lru_cache(maxsize=16)
def _mixture(sigma_px: float) -> tuple[_Part, ...]:
    """The Gaussians that add up to `exponential_blur`'s response, by least squares."""
    length = 2 * max(16, round(12 * sigma_px)) + 1
    middle = length // 2
    wanted = exponential_blur(length, sigma_px)[middle].astype(np.float64)
    away = np.arange(length) - middle
    sigmas = [sigma_px * share for share in _GAUSSIANS]
    columns = [np.where(away == 0, 1.0, 0.0)]
    columns += [
        np.exp(-0.5 * (away / sigma) ** 2) * (np.abs(away) <= max(1, round(_REACH * sigma))) for sigma in sigmas
    ]
    basis = np.stack([column / column.sum() for column in columns], axis=1)
    shares = np.linalg.lstsq(basis, wanted, rcond=1e-6)[0]
    shares /= shares.sum()
    return tuple(_Part(sigma, float(share)) for sigma, share in zip([0.0, *sigmas], shares, strict=True))


def _float(plane: torch.Tensor) -> torch.Tensor:
    return plane[None].float()


def _bytes(plane: torch.Tensor) -> torch.Tensor:
    return plane[0].round().clamp(0, 255).to(torch.uint8)

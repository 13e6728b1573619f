"""Scenes on which the compose kernel is compared with its reference, in Triton's interpreter and on a card."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from nvpipe.kernels.compose_patches import DevicePatch, PatchSheet, make_sheet, packed
from nvpipe.kernels.compose_scene import Band, Rect, Scene
from nvpipe.kernels.compose_tables import Planes, nv12_planes

if TYPE_CHECKING:
    from nvpipe.compose.cuda_view import MakeDrawer

SHRUNK = "shrunk to means"
"""A case that torchvision, which has no such filter, draws differently."""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Premultiplied planes of noise."""

    x_px: int
    y_px: int
    y: np.ndarray
    u: np.ndarray
    v: np.ndarray
    alpha: np.ndarray
    alpha_uv: np.ndarray

    @classmethod
    def noise(cls, at: Rect, seed: int = 1) -> Bitmap:
        rng = np.random.default_rng(seed)
        full, half = (at.height, at.width), (at.height // 2, at.width // 2)
        alpha, alpha_uv = (rng.integers(0, 256, shape).astype(np.uint8) for shape in (full, half))
        y = (alpha * rng.random(full)).astype(np.uint8)
        u, v = ((alpha_uv * rng.random(half)).astype(np.uint8) for _ in range(2))
        return cls(at.left, at.top, y, u, v, alpha, alpha_uv)


class Case(NamedTuple):
    """A scene, and where its sharp part is cut out of which source."""

    name: str
    scene: Scene
    source: Planes
    left_px: int
    top_px: int
    sheet: PatchSheet | None
    canvas_px: tuple[int, int]


def waves(width: int, height: int, seed: int = 0) -> np.ndarray:
    """A plane with edges, waves and a little noise."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    plane = 120 + 55 * np.sin(across / 6 + seed) * np.cos(down / 8) + 35 * ((across // 23 + down // 19) % 2)
    noise = np.random.default_rng(seed).normal(0, 4, plane.shape)
    return np.clip(plane + noise, 0, 255).astype(np.uint8)


def planar(width: int, height: int, device: str) -> Planes:
    """A source in three planes, of which the sides may be odd."""
    half = ((width + 1) // 2, (height + 1) // 2)
    planes = (waves(width, height), waves(*half, 1), waves(*half, 2))
    return Planes(*(torch.from_numpy(plane).to(device) for plane in planes))


def nv12(width: int, height: int, pitch: int, device: str) -> Planes:
    """A source in one buffer whose rows lie apart, as decoders give it."""
    buffer = torch.zeros((height * 3 // 2, pitch), dtype=torch.uint8)
    found = nv12_planes(buffer[:, :width])
    for target, plane in zip(found, planar(width, height, "cpu"), strict=True):
        target.copy_(plane)
    return nv12_planes(buffer.to(device)[:, :width])


def sheet(rects: list[Rect], device: str) -> PatchSheet:
    """Patches of noise."""
    patches = [
        DevicePatch(rect, torch.from_numpy(packed(Bitmap.noise(rect, number))).to(device))
        for number, rect in enumerate(rects)
    ]
    return make_sheet(patches, torch.device(device))


def blurred(area: Rect, *, upright: bool = True) -> Scene:
    """The middle of a 160x90 source between two bands."""
    if upright:
        bands = tuple(
            Band(Rect(54, top, 50, 46), (40, 36), 3.0, 0.7, 0.49, Rect(0, kept, 40, 22), Rect(0, at, 74, 42))
            for top, kept, at in ((0, 0, 0), (44, 14, 118))
        )
        return Scene(area, (60, 72), Rect(0, 42, 74, 76), "bicubic", bands)
    bands = tuple(
        Band(Rect(left, 0, 80, 88), (48, 44), 2.0, 0.5, 1.0, Rect(kept, 0, 20, 44), Rect(at, 0, 40, 90))
        for left, kept, at in ((0, 0, 0), (80, 28, 120))
    )
    return Scene(area, (80, 90), Rect(40, 0, 80, 90), "bilinear", bands)


def cases(device: str) -> Iterator[Case]:
    """Few and small ones: the interpreter is slow."""
    source = nv12(160, 90, 192, device)
    yield Case("upright bands, any left pixel", blurred(Rect(0, 0, 74, 160)), source, 51, 9, None, (74, 160))
    side = blurred(Rect(0, 0, 160, 90), upright=False)
    yield Case("bands at the sides", side, planar(161, 91, device), 40, 0, None, (160, 90))
    boxed = Scene(Rect(6, 10, 100, 70), (160, 90), Rect(0, 8, 100, 54), "bilinear")
    over = [Rect(0, 0, 40, 30), Rect(90, 60, 30, 40), Rect(58, 2, 20, 90), Rect(200, 0, 8, 8)]
    yield Case(
        "made smaller, black bars, patches over every edge", boxed, source, 0, 0, sheet(over, device), (110, 84)
    )
    same = Scene(Rect(0, 0, 70, 38), (70, 38), Rect(0, 0, 70, 38), "bicubic")
    yield Case("as it is", same, source, 31, 17, sheet([Rect(2, 2, 66, 34)], device), (70, 38))
    mean = Scene(Rect(0, 0, 16, 10), (160, 90), Rect(0, 0, 16, 10), "area")
    yield Case(SHRUNK, mean, source, 0, 0, None, (16, 10))
    least = Scene(Rect(0, 0, 2, 2), (2, 2), Rect(0, 0, 2, 2), "bilinear")
    yield Case("the smallest there is", least, source, 5, 3, None, (2, 2))


def canvas(size: tuple[int, int], device: str) -> torch.Tensor:
    """NV12 whose rows lie apart, filled with what no scene draws."""
    rows = torch.full((size[1] * 3 // 2, -(-size[0] // 4) * 4 + 4), 7, dtype=torch.uint8, device=device)
    return rows[:, : size[0]]


def psnr_db(one: torch.Tensor, other: torch.Tensor) -> float:
    """Peak signal-to-noise ratio of two tensors of bytes; infinite when they are equal."""
    error = float(((one.double() - other.double()) ** 2).mean())
    return math.inf if not error else 10 * math.log10(255**2 / error)


def drawn(case: Case, make_drawer: MakeDrawer, device: str) -> torch.Tensor:
    """A case's canvas."""
    target = canvas(case.canvas_px, device)
    drawer = make_drawer(case.scene, torch.device(device))
    drawer.draw(case.source, case.left_px, case.top_px, case.sheet, target)
    return target


def compared(device: str) -> dict[str, tuple[int, float, int]]:
    """The kernel against plain torch.

    Returns:
        By case, the largest difference, the share of bytes that differ, and how many lie beside the area.
    """
    from nvpipe.kernels.compose import KernelDrawer
    from nvpipe.kernels.compose_plain import PlainDrawer

    found = {}
    for case in cases(device):
        one, other = (drawn(case, make, device).int() for make in (KernelDrawer, PlainDrawer))
        away = (one - other).abs()
        found[case.name] = int(away.max()), float((away > 0).double().mean()), outside(one, case)
    return found


def outside(canvas: torch.Tensor, case: Case) -> int:
    """How many bytes beside the area are not as they were."""
    found = 0
    for half, plane in zip((1, 2, 2), nv12_planes(canvas), strict=True):
        left, top, width, height = (side // half for side in case.scene.area)
        beside = plane.clone()
        beside[top : top + height, left : left + width] = 7
        found += int((beside != 7).sum())
    return found

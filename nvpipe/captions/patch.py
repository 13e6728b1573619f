"""Coverage of a caption's parts: letters, outlines, boxes, shadows, before they have a colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Plane = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]
_SHADOW_FLOOR = 0.0228
"""What is left of a Gaussian-blurred edge at two standard deviations; taken off, so that it ends at zero."""
_FLOORED = [max(0, round((i / 255 - _SHADOW_FLOOR) / (1 - _SHADOW_FLOOR) * 255)) for i in range(256)]
_BOX_OVERSAMPLING = 4
_COARSE = 4
_SHARP_PX = 2.0
"""A shadow that is blurred less is computed at full size."""


class Placed(NamedTuple):
    """Coverage 0 to 255 and its place in an area."""

    pixels: Plane
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Patch:
    """Coverage 0 to 1 of one word's part, and its place in an area."""

    word: int
    x_px: int
    y_px: int
    coverage: Float
    line: int = 0
    rtl: bool = False
    """Whether it is read from right to left."""

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        height, width = self.coverage.shape
        return self.x_px, self.y_px, self.x_px + width, self.y_px + height


def add(target: Plane, item: Placed) -> None:
    """Add coverage, full where neighbours meet (joined letters share the pixels of their seam)."""
    top, left = max(0, item.y), max(0, item.x)
    bottom = min(target.shape[0], item.y + item.pixels.shape[0])
    right = min(target.shape[1], item.x + item.pixels.shape[1])
    if top >= bottom or left >= right:
        return
    window = target[top:bottom, left:right]
    source = item.pixels[top - item.y : bottom - item.y, left - item.x : right - item.x]
    np.add(window, np.minimum(source, 255 - window), out=window)


def joined(
    word: int, items: list[Placed], shape: tuple[int, int], *, line: int = 0, rtl: bool = False
) -> Patch | None:
    """Masks added up in the smallest rectangle around them that lies in an area of `shape`."""
    if not items:
        return None
    left = max(0, min(item.x for item in items))
    top = max(0, min(item.y for item in items))
    right = min(shape[1], max(item.x + item.pixels.shape[1] for item in items))
    bottom = min(shape[0], max(item.y + item.pixels.shape[0] for item in items))
    if top >= bottom or left >= right:
        return None
    target = np.zeros((bottom - top, right - left), np.uint8)
    for item in items:
        add(target, Placed(item.pixels, item.x - left, item.y - top))
    return Patch(word, left, top, unit(target), line, rtl)


def rounded(
    word: int, edges: tuple[float, float, float, float], radius_px: float, shape: tuple[int, int]
) -> Patch | None:
    """A rectangle with round corners; its edges may lie between pixels."""
    left, top = math.floor(edges[0]), math.floor(edges[1])
    right, bottom = math.ceil(edges[2]), math.ceil(edges[3])
    fine = _BOX_OVERSAMPLING
    image = Image.new("L", ((right - left) * fine, (bottom - top) * fine))
    corners = (
        (edges[0] - left) * fine,
        (edges[1] - top) * fine,
        (edges[2] - left) * fine - 1,
        (edges[3] - top) * fine - 1,
    )
    ImageDraw.Draw(image).rounded_rectangle(corners, radius=radius_px * fine, fill=255)
    return joined(word, [Placed(np.asarray(image.reduce(fine)), left, top)], shape)


def softened(outline: Plane, blur_px: float, right_px: int, down_px: int) -> Float:
    """A blurred and moved copy; a wide blur is made at a quarter of the size, which looks the same."""
    height, width = outline.shape
    whole = Image.fromarray(outline)
    if blur_px >= _SHARP_PX:
        small = whole.reduce(_COARSE).filter(ImageFilter.GaussianBlur(blur_px / _COARSE)).point(_FLOORED)
        box = (0, 0, width / _COARSE, height / _COARSE)
        whole = small.resize((width, height), Image.Resampling.BILINEAR, box=box)
    elif blur_px > 0:
        whole = whole.filter(ImageFilter.GaussianBlur(blur_px)).point(_FLOORED)
    soft = np.asarray(whole)
    moved = np.zeros((height, width), np.float32)
    target = moved[max(0, down_px) : height + min(0, down_px), max(0, right_px) : width + min(0, right_px)]
    source = soft[max(0, -down_px) : height - max(0, down_px), max(0, -right_px) : width - max(0, right_px)]
    np.multiply(source, np.float32(1 / 255), out=target)
    return moved


def unit(plane: Plane) -> Float:
    """Coverage from 0 to 1."""
    return np.multiply(plane, np.float32(1 / 255))

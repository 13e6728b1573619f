"""Layers of a caption (shadow, box, outline, text) drawn as coverage and blended in limited-range BT.709."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from nvpipe.captions.box import Box
from nvpipe.captions.layout import CAP_HEIGHT, DESCENT, Block
from nvpipe.captions.styles import CaptionStyle, Ink, WordBox

Plane = npt.NDArray[np.uint8]
_Float = npt.NDArray[np.float32]
_SHADOW_FLOOR = 0.0228
"""What is left of a Gaussian-blurred edge at two standard deviations; taken off, so that it ends at zero."""
_BOX_OVERSAMPLING = 4
_COARSE = 4
_LUMA_ZERO = 16
_CHROMA_ZERO = 128
_NOTHING = 1e-9
_STEPS_PER_PIXEL = 2
"""Horizontal positions at which glyphs are drawn."""


class _Placed(NamedTuple):
    """Coverage 0 to 255 and its place in the area."""

    pixels: Plane
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class _Patch:
    """Coverage 0 to 1 of one word's part, and its place in the area."""

    word: int
    x_px: int
    y_px: int
    coverage: _Float


@dataclass(frozen=True, slots=True)
class Stack:
    """What does not change while the highlight moves through a group of words."""

    ground: _Float
    """Everything below the box, or without one below the text: planes Y - 16, U - 128, V - 128 times opacity,
    and opacity from 0 to 1."""
    outline: _Float
    texts: tuple[_Patch, ...]
    boxes: tuple[_Patch, ...]


class Planes(NamedTuple):
    """A picture in limited-range BT.709 4:2:0, colours multiplied by their opacity; uint8."""

    y: Plane
    u: Plane
    v: Plane
    alpha: Plane
    alpha_uv: Plane


def yuv(ink: Ink) -> tuple[float, float, float]:
    """Y, Cb, Cr of a colour in limited range, unrounded (ITU-R BT.709-6)."""
    red, green, blue = ink.red / 255, ink.green / 255, ink.blue / 255
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748


class Layers:
    """Draws and blends the layers of one style; `scale` takes its lengths to the frame's pixels."""

    def __init__(self, style: CaptionStyle, scale: float) -> None:
        self._style = style
        self._scale = scale

    def prepare(self, block: Block, area: Box, x_px: float, y_px: float) -> Stack:
        """Draw everything of a block that stays the same while the highlight moves.

        Args:
            block: the words' glyphs.
            area: the part of the frame to draw.
            x_px, y_px: where the middle of the first baseline lies in the frame.
        """
        x, y = x_px - area.left_px, y_px - area.top_px
        shape = (area.height_px, area.width_px)
        scale = block.size_px / self._style.size_px
        outline = np.zeros(shape, np.uint8)
        texts: list[_Patch] = []
        for item in block.placed:
            fills: list[_Placed] = []
            for glyph in item.segment.shaped.glyphs:
                at_y = round(y + (item.y - glyph.y) * block.size_px)
                at_x = round((x + (item.x + glyph.x) * block.size_px) * _STEPS_PER_PIXEL)
                whole, part = divmod(at_x, _STEPS_PER_PIXEL)
                for width_px, text in ((self._style.outline_px * scale, False), (0.0, True)):
                    face = item.segment.face
                    mask = face.mask(glyph.number, block.size_px, part / _STEPS_PER_PIXEL, width_px)
                    placed = _Placed(mask.pixels, whole + mask.left_px, at_y + mask.top_px)
                    if text:
                        fills.append(placed)
                    else:
                        _add(outline, placed)
            if patch := _joined(item.segment.word, fills, shape):
                texts.append(patch)
        boxes = self._boxes(block, shape, x, y, scale) if self._style.box else ()
        ground = np.zeros((4, *shape), np.float32)
        _over(ground, self._shadow(outline, scale), self._style.shadow.ink)
        if not self._style.box:
            _over(ground, _unit(outline), self._style.outline)
        return Stack(ground, _unit(outline), tuple(texts), tuple(boxes))

    def blend(self, stack: Stack, active: int | None) -> Planes:
        """The planes of the whole area with word number `active` highlighted."""
        style = self._style
        canvas = stack.ground.copy()
        if style.box:
            for patch in stack.boxes:
                if patch.word == active:
                    _over(_window(canvas, patch), patch.coverage, style.box.ink)
            _over(canvas, stack.outline, style.outline)
        for patch in stack.texts:
            ink = style.active if patch.word == active else style.text
            _over(_window(canvas, patch), patch.coverage, ink)
        opacity, opacity_uv = canvas[3], _halve(canvas[3])
        return Planes(
            y=_round(canvas[0] + _LUMA_ZERO * opacity),
            u=_round(_halve(canvas[1]) + _CHROMA_ZERO * opacity_uv),
            v=_round(_halve(canvas[2]) + _CHROMA_ZERO * opacity_uv),
            alpha=_round(opacity * 255),
            alpha_uv=_round(opacity_uv * 255),
        )

    def _shadow(self, outline: Plane, scale: float) -> _Float:
        """The outline blurred at a quarter of its size, which nobody can tell from full size, and moved."""
        shadow = self._style.shadow
        height, width = outline.shape
        small = Image.fromarray(outline).reduce(_COARSE)
        small = small.filter(ImageFilter.GaussianBlur(shadow.blur_px * scale / _COARSE))
        small = small.point(
            [max(0, round((i / 255 - _SHADOW_FLOOR) / (1 - _SHADOW_FLOOR) * 255)) for i in range(256)]
        )
        soft = np.asarray(
            small.resize((width, height), Image.Resampling.BILINEAR, box=(0, 0, width / _COARSE, height / _COARSE))
        )
        moved = np.zeros((height, width), np.float32)
        down, right = round(shadow.offset_y_px * scale), round(shadow.offset_x_px * scale)
        target = moved[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)]
        source = soft[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
        np.multiply(source, np.float32(1 / 255), out=target)
        return moved

    def _boxes(self, block: Block, shape: tuple[int, int], x: float, y: float, scale: float) -> list[_Patch]:
        """A rounded rectangle for each word and line, as high as its capitals, more for taller scripts."""
        box = self._style.box
        spans: dict[tuple[int, int], tuple[float, float, float, float]] = {}
        for item in block.placed:
            extent = item.segment.shaped.extent
            if box is None or extent is None:
                continue
            span = (
                item.x,
                item.y - max(CAP_HEIGHT, extent.top - 0.05),
                item.x + item.segment.shaped.advance,
                item.y + max(DESCENT, -extent.bottom - 0.1),
            )
            key = (item.segment.word, item.line)
            old = spans.get(key, span)
            spans[key] = (
                min(old[0], span[0]),
                min(old[1], span[1]),
                max(old[2], span[2]),
                max(old[3], span[3]),
            )
        patches = []
        for (word, _), (left, top, right, bottom) in spans.items():
            size = block.size_px
            edges = (x + left * size, y + top * size, x + right * size, y + bottom * size)
            if box and (patch := _rounded(word, box, edges, shape, scale)):
                patches.append(patch)
        return patches


def _halve(plane: _Float) -> _Float:
    """Means of 2x2 blocks."""
    if not plane.any():
        return np.zeros((plane.shape[0] // 2, plane.shape[1] // 2), np.float32)
    rows = plane[::2] + plane[1::2]
    return (rows[:, ::2] + rows[:, 1::2]) * np.float32(0.25)


def _rounded(
    word: int, box: WordBox, edges: tuple[float, float, float, float], shape: tuple[int, int], scale: float
) -> _Patch | None:
    pad_x, pad_y = box.padding_x_px * scale, box.padding_y_px * scale
    left, top = math.floor(edges[0] - pad_x), math.floor(edges[1] - pad_y)
    right, bottom = math.ceil(edges[2] + pad_x), math.ceil(edges[3] + pad_y)
    fine = _BOX_OVERSAMPLING
    image = Image.new("L", ((right - left) * fine, (bottom - top) * fine))
    corners = (
        (edges[0] - pad_x - left) * fine,
        (edges[1] - pad_y - top) * fine,
        (edges[2] + pad_x - left) * fine - 1,
        (edges[3] + pad_y - top) * fine - 1,
    )
    ImageDraw.Draw(image).rounded_rectangle(corners, radius=box.radius_px * scale * fine, fill=255)
    return _joined(word, [_Placed(np.asarray(image.reduce(fine)), left, top)], shape)


def _add(target: Plane, item: _Placed) -> None:
    """Add coverage, full where neighbours meet (joined letters share the pixels of their seam)."""
    top, left = max(0, item.y), max(0, item.x)
    bottom = min(target.shape[0], item.y + item.pixels.shape[0])
    right = min(target.shape[1], item.x + item.pixels.shape[1])
    if top >= bottom or left >= right:
        return
    window = target[top:bottom, left:right]
    source = item.pixels[top - item.y : bottom - item.y, left - item.x : right - item.x]
    np.add(window, np.minimum(source, 255 - window), out=window)


def _joined(word: int, items: list[_Placed], shape: tuple[int, int]) -> _Patch | None:
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
        _add(target, _Placed(item.pixels, item.x - left, item.y - top))
    return _Patch(word, left, top, _unit(target))


def _window(canvas: _Float, patch: _Patch) -> _Float:
    height, width = patch.coverage.shape
    return canvas[:, patch.y_px : patch.y_px + height, patch.x_px : patch.x_px + width]


def _over(canvas: _Float, coverage: _Float, ink: Ink) -> None:
    """Porter and Duff's "over" of one colour; planes that stay zero, as for black and grey, cost nothing."""
    amount = coverage * np.float32(ink.opacity)
    luma, u, v = yuv(ink)
    for plane, value in zip(canvas, (luma - _LUMA_ZERO, u - _CHROMA_ZERO, v - _CHROMA_ZERO, 1.0), strict=True):
        if abs(value) > _NOTHING:
            plane += amount * (np.float32(value) - plane)
        elif plane.any():
            plane *= 1 - amount


def _unit(plane: Plane) -> _Float:
    return plane.astype(np.float32) / np.float32(255)


def _round(plane: npt.NDArray[np.floating]) -> Plane:
    rounded: Plane = np.rint(plane).astype(np.uint8)
    return rounded

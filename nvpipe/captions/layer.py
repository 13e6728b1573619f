"""Layers of a caption (box, shadow, outline, text) drawn as coverage and blended in limited-range BT.709."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np

from nvpipe.captions.box import Box
from nvpipe.captions.layout import CAP_HEIGHT, DESCENT, Block, PlacedSegment
from nvpipe.captions.patch import Float, Patch, Placed, Plane, add, joined, rounded, softened, unit
from nvpipe.captions.planes import Picture, Planes, Region, finished, over, over_patch, over_picture
from nvpipe.types.look import CaptionStyle, Ink

_SMALL_PX = 48
"""Smaller letters are drawn at two horizontal positions in each pixel, so that their spaces look even."""
_Span = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Stack:
    """What does not change while the highlight moves through a group of words."""

    ground: Float
    """Everything below the word's box, or without one below the text: planes Y - 16, U - 128, V - 128 times opacity,
    and opacity from 0 to 1."""
    outline: Float
    texts: tuple[Patch, ...]
    boxes: tuple[Patch, ...]
    pictures: tuple[Picture, ...]

    def parts(self, word: int) -> list[Patch]:
        """What can change with one word."""
        return [patch for patch in (*self.boxes, *self.texts) if patch.word == word]


class Layers:
    """Draws and blends the layers of one style; `scale` takes its lengths to the frame's pixels."""

    def __init__(self, style: CaptionStyle, scale: float) -> None:
        self._style = style
        self._scale = scale
        self._word_box = style.box is not None and style.box.behind == "word"

    def prepare(
        self,
        block: Block,
        area: Box,
        x_px: float,
        y_px: float,
        words: Container[int] | None = None,
        *,
        block_box: bool = True,
    ) -> Stack:
        """Draw everything of a block that stays the same while the highlight moves.

        Args:
            block: the words' glyphs.
            area: the part of the frame to draw.
            x_px, y_px: where the middle of the first baseline lies in the frame.
            words: which words; None is all of them.
            block_box: whether the box behind the whole block is drawn, in styles that have one.
        """
        x, y = x_px - area.left_px, y_px - area.top_px
        shape = (area.height_px, area.width_px)
        scale = block.size_px / self._style.size_px
        placed = [item for item in block.placed if words is None or item.segment.word in words]
        outline = np.zeros(shape, np.uint8)
        texts: list[Patch] = []
        pictures: list[Picture] = []
        for item in placed:
            fills = self._draw(item, block.size_px, x, y, outline, pictures)
            rtl = item.segment.level % 2 == 1
            if patch := joined(item.segment.word, fills, shape, line=item.line, rtl=rtl):
                texts.append(patch)
        ground = np.zeros((4, *shape), np.float32)
        boxes: list[Patch] = []
        if self._word_box:
            boxes = self._boxes(placed, block.size_px, shape, (x, y), scale)
        elif self._style.box and block_box:
            for box in self._boxes(block.placed, block.size_px, shape, (x, y), scale):
                over_patch(ground, box, self._style.box.ink)
        shadow = self._style.shadow
        down, right = round(shadow.offset_y_px * scale), round(shadow.offset_x_px * scale)
        if shadow.ink.opacity and outline.any():
            over(ground, softened(outline, shadow.blur_px * scale, right, down), shadow.ink)
        edge = unit(outline)
        if self._style.outline_px and not self._word_box:
            over(ground, edge, self._style.outline)
        return Stack(ground, edge, tuple(texts), tuple(boxes), tuple(pictures))

    def blend(self, stack: Stack, inks: Sequence[Ink], boxed: int | None, region: Region | None = None) -> Planes:
        """The planes of the area, or of a region of it.

        Args:
            stack: what was prepared.
            inks: the colour of each word.
            boxed: the word that has a box behind it, in styles that have such boxes.
            region: what is wanted; None is everything.
        """
        height, width = stack.outline.shape
        left, top, right, bottom = region or Region(0, 0, width, height)
        canvas = stack.ground[:, top:bottom, left:right].copy()
        if self._word_box and self._style.box:
            for patch in stack.boxes:
                if patch.word == boxed:
                    over_patch(canvas, patch, self._style.box.ink, left, top)
            if self._style.outline_px:
                over(canvas, stack.outline[top:bottom, left:right], self._style.outline)
        for patch in stack.texts:
            over_patch(canvas, patch, inks[patch.word], left, top)
        for picture in stack.pictures:
            over_picture(canvas, picture, left, top)
        return finished(canvas)

    def _draw(
        self,
        item: PlacedSegment,
        size_px: float,
        x: float,
        y: float,
        outline: Plane,
        pictures: list[Picture],
    ) -> list[Placed]:
        """Add a segment's outline and coloured glyphs, and return the masks of the others."""
        scale = size_px / self._style.size_px
        steps = 2 if size_px < _SMALL_PX else 1
        fills: list[Placed] = []
        for glyph in item.segment.shaped.glyphs:
            at_y = round(y + (item.y - glyph.y) * size_px)
            at_x = round((x + (item.x + glyph.x) * size_px) * steps)
            whole, part = divmod(at_x, steps)
            face, shift_px = item.segment.face, part / steps
            edge = face.mask(glyph.number, size_px, shift_px, self._style.outline_px * scale)
            add(outline, Placed(edge.pixels, whole + edge.left_px, at_y + edge.top_px))
            if found := face.picture(glyph.number, size_px):
                at = (whole + found.left_px, at_y + found.top_px)
                pictures.append(Picture.of(item.segment.word, *at, found.pixels))
            else:
                mask = face.mask(glyph.number, size_px, shift_px, 0.0)
                fills.append(Placed(mask.pixels, whole + mask.left_px, at_y + mask.top_px))
        return fills

    def _boxes(
        self,
        placed: Sequence[PlacedSegment],
        size_px: float,
        shape: tuple[int, int],
        at: tuple[float, float],
        scale: float,
    ) -> list[Patch]:
        """A rounded rectangle for each word and line, or one for all: as high as capitals, or taller letters."""
        box = self._style.box
        if box is None:
            return []
        spans: dict[tuple[int, int], _Span] = {}
        for item in placed:
            if span := _span(item):
                key = (item.segment.word, item.line) if self._word_box else (0, 0)
                spans[key] = _around(spans.get(key, span), span)
        pad_x, pad_y = box.padding_x_px * scale, box.padding_y_px * scale
        patches = []
        for (word, _), (left, top, right, bottom) in spans.items():
            edges = (
                at[0] + left * size_px - pad_x,
                at[1] + top * size_px - pad_y,
                at[0] + right * size_px + pad_x,
                at[1] + bottom * size_px + pad_y,
            )
            if patch := rounded(word, edges, box.radius_px * scale, shape):
                patches.append(patch)
        return patches


def _span(item: PlacedSegment) -> _Span | None:
    extent = item.segment.shaped.extent
    if extent is None:
        return None
    return (
        item.x,
        item.y - max(CAP_HEIGHT, extent.top - 0.05),
        item.x + item.segment.shaped.advance,
        item.y + max(DESCENT, -extent.bottom - 0.1),
    )


def _around(one: _Span, other: _Span) -> _Span:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])

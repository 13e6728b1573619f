"""Cues into bitmaps that can be blended into video frames as they are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nvpipe.captions.box import Box
from nvpipe.captions.chain import FontChain
from nvpipe.captions.layer import Layers, Plane, Stack
from nvpipe.captions.layout import Block, Room, lay_out
from nvpipe.captions.styles import CaptionStyle
from nvpipe.types import Cue

_CACHED_BITMAPS = 32
_CACHED_GROUPS = 8
_SHADOW_REACH = 2.0
"""Where a shadow ends, in standard deviations."""
_SLACK_PX = 2.0
"""Hinting and smoothing may put ink this far outside of a glyph's outline."""
_MIN_SAFE_PX = 16


@dataclass(frozen=True, slots=True)
class CaptionBitmap:
    """A caption in limited-range BT.709 4:2:0, colours already multiplied by their opacity.

    A frame's plane becomes `colour + plane * (255 - alpha) / 255` within the rectangle.

    Attributes:
        x_px, y_px: upper left corner in the frame, even.
        y, alpha: uint8 (height, width), both even.
        u, v, alpha_uv: uint8 (height / 2, width / 2).
    """

    x_px: int
    y_px: int
    y: Plane
    u: Plane
    v: Plane
    alpha: Plane
    alpha_uv: Plane

    @property
    def box(self) -> Box:
        """The rectangle of the frame that it covers."""
        height, width = self.alpha.shape
        return Box(self.x_px, self.y_px, self.x_px + width, self.y_px + height)


class CaptionPainter:
    """Draws cues in one style for one size of frame.

    Args:
        style: what captions look like; its lengths are scaled from 1080x1920.
        canvas_width_px, canvas_height_px: size of the frame.
        safe: nothing is drawn outside of it.
        language: ISO 639-1 code of the captions.
        system_font_folders: where to look for characters that the shipped fonts lack; None means where this
            platform installs fonts.

    Raises:
        ValueError: the safe area is tiny or not inside the frame.
    """

    def __init__(
        self,
        style: CaptionStyle,
        canvas_width_px: int,
        canvas_height_px: int,
        safe: Box,
        *,
        language: str = "en",
        system_font_folders: Sequence[Path] | None = None,
    ) -> None:
        self._safe = Box(
            safe.left_px + safe.left_px % 2,
            safe.top_px + safe.top_px % 2,
            safe.right_px - safe.right_px % 2,
            safe.bottom_px - safe.bottom_px % 2,
        )
        if not Box(0, 0, canvas_width_px, canvas_height_px).contains(safe):
            raise ValueError(f"{safe} is not inside {canvas_width_px}x{canvas_height_px}")
        if min(self._safe.width_px, self._safe.height_px) < _MIN_SAFE_PX:
            raise ValueError(f"{safe} is too small for captions")
        self._style = style
        self._language = language
        self._canvas_px = (canvas_width_px, canvas_height_px)
        self._scale = min(canvas_width_px / 1080, canvas_height_px / 1920)
        self._chain = FontChain(style.font, language, system_font_folders)
        middle = canvas_width_px / 2
        self._half_px = min(middle - self._safe.left_px, self._safe.right_px - middle)
        self._framed = 2 * self._half_px > self._safe.width_px / 2
        self._room = self._measure_room()
        self._layers = Layers(style, self._scale)
        self._groups: OrderedDict[tuple[str, ...], _Group | None] = OrderedDict()
        self._bitmaps: OrderedDict[tuple[tuple[str, ...], int | None], CaptionBitmap | None] = OrderedDict()

    @property
    def missing(self) -> set[str]:
        """Characters met so far that no font has (and emoji), which are left out of the picture."""
        return self._chain.missing

    def rectangle(self, cue: Cue) -> Box | None:
        """What `paint` would cover, or None when nothing of the cue can be seen."""
        bitmap = self.paint(cue)
        return bitmap.box if bitmap else None

    def paint(self, cue: Cue) -> CaptionBitmap | None:
        """The cue's bitmap; the same object for the same words and highlight while it is cached.

        Its arrays are read-only. None when nothing of the cue can be seen.
        """
        active = cue.active if cue.active is not None and 0 <= cue.active < len(cue.words) else None
        key = (cue.words, active)
        if key in self._bitmaps:
            self._bitmaps.move_to_end(key)
            return self._bitmaps[key]
        group = self._group(cue.words)
        bitmap = self._finish(group, active) if group else None
        self._bitmaps[key] = bitmap
        if len(self._bitmaps) > _CACHED_BITMAPS:
            self._bitmaps.popitem(last=False)
        return bitmap

    def _group(self, words: tuple[str, ...]) -> _Group | None:
        if words in self._groups:
            self._groups.move_to_end(words)
            return self._groups[words]
        block = lay_out(
            words,
            chain=self._chain,
            language=self._language,
            uppercase=self._style.uppercase,
            room=self._room,
        )
        group = self._place(block) if block else None
        self._groups[words] = group
        if len(self._groups) > _CACHED_GROUPS:
            self._groups.popitem(last=False)
        return group

    def _measure_room(self) -> Room:
        style, scale, safe = self._style, self._scale, self._safe
        reach = style.outline_px + _SHADOW_REACH * style.shadow.blur_px
        margin_x = reach + abs(style.shadow.offset_x_px)
        margin_y = reach + abs(style.shadow.offset_y_px)
        gap = 1.5 * style.outline_px
        if style.box:
            margin_x = max(margin_x, style.box.padding_x_px)
            margin_y = max(margin_y, style.box.padding_y_px)
            gap = 2 * style.box.padding_y_px
        narrow_px = 2 * self._half_px if self._framed else safe.width_px
        space = self._chain.primary.shape(" ", False, "en").advance
        return Room(
            size_px=style.size_px * scale,
            narrow_px=narrow_px - 2 * _SLACK_PX,
            wide_px=safe.width_px - 2 * _SLACK_PX,
            height_px=safe.height_px - 2 * _SLACK_PX,
            margin_x_px=margin_x * scale,
            margin_y_px=margin_y * scale,
            line_height=style.line_height,
            line_gap=gap / style.size_px,
            space=space * style.word_space,
            boxed=style.box is not None,
        )

    def _place(self, block: Block) -> _Group:
        """Put the block around the frame's middle, moved as far as the safe area asks for."""
        room, safe, size = self._room, self._safe, block.size_px
        shrink = size / room.size_px
        margin_x = room.margin_x_px * shrink + _SLACK_PX
        margin_y = room.margin_y_px * shrink + _SLACK_PX
        x = self._canvas_px[0] / 2 if self._framed else (safe.left_px + safe.right_px) / 2
        y = self._style.centre_y * self._canvas_px[1] - block.middle * size
        x = _shift(x, block.left * size - margin_x, block.right * size + margin_x, safe.left_px, safe.right_px)
        y = _shift(y, block.top * size - margin_y, block.bottom * size + margin_y, safe.top_px, safe.bottom_px)
        x, y = float(round(x)), float(round(y))
        area = Box(
            max(safe.left_px, 2 * int((x + block.left * size - margin_x) // 2)),
            max(safe.top_px, 2 * int((y + block.top * size - margin_y) // 2)),
            min(safe.right_px, -2 * int(-(x + block.right * size + margin_x) // 2)),
            min(safe.bottom_px, -2 * int(-(y + block.bottom * size + margin_y) // 2)),
        )
        return _Group(area, self._layers.prepare(block, area, x, y))

    def _finish(self, group: _Group, active: int | None) -> CaptionBitmap | None:
        """Blend the layers and cut the result to what can be seen."""
        planes = self._layers.blend(group.stack, active)
        rows, columns = np.flatnonzero(planes.alpha.any(axis=1)), np.flatnonzero(planes.alpha.any(axis=0))
        if not rows.size:
            return None
        top, bottom = int(rows[0]) // 2 * 2, int(rows[-1]) // 2 * 2 + 2
        left, right = int(columns[0]) // 2 * 2, int(columns[-1]) // 2 * 2 + 2
        full = (slice(top, bottom), slice(left, right))
        half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
        return CaptionBitmap(
            group.area.left_px + left,
            group.area.top_px + top,
            y=_frozen(planes.y[full]),
            u=_frozen(planes.u[half]),
            v=_frozen(planes.v[half]),
            alpha=_frozen(planes.alpha[full]),
            alpha_uv=_frozen(planes.alpha_uv[half]),
        )


@dataclass(frozen=True, slots=True)
class _Group:
    """Words at their places in an area of the frame."""

    area: Box
    stack: Stack


def _shift(at: float, before: float, after: float, low: float, high: float) -> float:
    """`at` moved so that `[at + before, at + after]` lies within `[low, high]`."""
    return max(low - before, min(at, high - after))


def _frozen(plane: Plane) -> Plane:
    kept = plane.copy(order="C")
    kept.setflags(write=False)
    return kept

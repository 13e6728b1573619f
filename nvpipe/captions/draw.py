"""Cues into bitmaps that can be blended into video frames as they are."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nvpipe.captions.box import Box
from nvpipe.captions.chain import FontChain
from nvpipe.captions.group import Group
from nvpipe.captions.layer import Layers
from nvpipe.captions.layout import Block, Room, lay_out
from nvpipe.captions.motion import fade_opacity, fill_share, peak_s, pop_scale
from nvpipe.captions.patch import Plane
from nvpipe.captions.planes import Planes
from nvpipe.types import Cue
from nvpipe.types.look import CaptionStyle

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

    def faded(self, opacity: float) -> CaptionBitmap:
        """The same with less opacity."""
        planes = Planes(self.y, self.u, self.v, self.alpha, self.alpha_uv).faded(opacity)
        return CaptionBitmap(self.x_px, self.y_px, *planes)


class CaptionPainter:
    """Draws cues in one style for one size of frame.

    Args:
        style: what captions look like; its lengths are scaled from 1080x1920.
        canvas_width_px, canvas_height_px: size of the frame.
        safe: nothing is drawn outside of it.
        language: ISO 639-1 code of the captions.
        system_font_folders: where to look for characters that the shipped fonts lack; None means where this
            platform installs fonts.
        font_file: a font that comes before the style's own.

    Raises:
        UnusableFontError: `font_file` is no font that can be drawn.
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
        font_file: Path | None = None,
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
        # Wide canvases get larger letters than the width alone asks for, flat ones larger than the height.
        self._scale = math.sqrt(canvas_width_px * canvas_height_px / (1080 * 1920))
        self._chain = FontChain(style.font, language, system_font_folders, first=font_file, colour=True)
        middle = canvas_width_px / 2
        self._half_px = min(middle - self._safe.left_px, self._safe.right_px - middle)
        self._framed = 2 * self._half_px > self._safe.width_px / 2
        self._room = self._measure_room()
        self._layers = Layers(style, self._scale)
        self._groups: OrderedDict[tuple[str, ...], Group | None] = OrderedDict()
        self._bitmaps: OrderedDict[tuple[tuple[str, ...], int | None], CaptionBitmap | None] = OrderedDict()

    @property
    def missing(self) -> set[str]:
        """Characters met so far that no font has, which are left out of the picture."""
        return self._chain.missing

    def rectangle(self, cue: Cue) -> Box | None:
        """The most that `paint` covers during the cue, or None when nothing of it can be seen."""
        boxes = [bitmap.box for bitmap in (self.paint(cue), self._largest(cue)) if bitmap]
        if not boxes:
            return None
        # What moves is placed on even pixels anew for each frame.
        slack_px, safe = (0 if len(boxes) == 1 else 2), self._safe
        return Box(
            max(safe.left_px, min(box.left_px for box in boxes) - slack_px),
            max(safe.top_px, min(box.top_px for box in boxes) - slack_px),
            min(safe.right_px, max(box.right_px for box in boxes) + slack_px),
            min(safe.bottom_px, max(box.bottom_px for box in boxes) + slack_px),
        )

    def paint(self, cue: Cue, at_s: float | None = None) -> CaptionBitmap | None:
        """The cue's bitmap.

        Args:
            cue: what is shown.
            at_s: the moment; None is when everything that moves has come to rest.

        Returns:
            At rest the same object for the same words and highlight while it is cached. Its arrays are read-only.
            None when nothing of the cue can be seen.
        """
        active = cue.active if cue.active is not None and 0 <= cue.active < len(cue.words) else None
        if at_s is not None and (planes := self._moving(cue, active, at_s)):
            group = self._group(cue.words)
            return _bitmap(group, planes) if group else None
        rest = self._at_rest(cue.words, active)
        if at_s is None or rest is None or self._style.animation.kind != "fade" or active:
            return rest
        opacity = fade_opacity(self._style.animation, at_s - cue.start_s)
        return rest if opacity == 1 else rest.faded(opacity)

    def _largest(self, cue: Cue) -> CaptionBitmap | None:
        if self._style.animation.kind != "pop":
            return None
        return self.paint(cue, cue.start_s + peak_s(self._style.animation))

    def _moving(self, cue: Cue, active: int | None, at_s: float) -> Planes | None:
        """The planes of a moment at which the active word moves; None at rest."""
        animation = self._style.animation
        if active is None or animation.kind not in ("fill", "pop"):
            return None
        if animation.kind == "fill":
            share = fill_share(cue, at_s)
            group = self._group(cue.words) if share < 1 else None
            return group.filled(active, share) if group else None
        scale = pop_scale(animation, at_s - cue.start_s)
        group = self._group(cue.words) if scale != 1 else None
        return group.popped(active, scale) if group else None

    def _at_rest(self, words: tuple[str, ...], active: int | None) -> CaptionBitmap | None:
        key = (words, active)
        if key in self._bitmaps:
            self._bitmaps.move_to_end(key)
            return self._bitmaps[key]
        bitmap = None
        if group := self._group(words):
            apart = self._style.animation.kind == "pop" or self._style.upcoming == "hidden"
            planes = group.still(active) if active is None or not apart else group.popped(active, 1.0)
            bitmap = _bitmap(group, planes)
        self._bitmaps[key] = bitmap
        if len(self._bitmaps) > _CACHED_BITMAPS:
            self._bitmaps.popitem(last=False)
        return bitmap

    def _group(self, words: tuple[str, ...]) -> Group | None:
        if words in self._groups:
            self._groups.move_to_end(words)
            return self._groups[words]
        cased = tuple(word.lower() for word in words) if self._style.case == "lower" else words
        block = lay_out(
            cased,
            chain=self._chain,
            language=self._language,
            uppercase=self._style.case == "upper",
            room=self._room,
        )
        group = self._place(block, len(words)) if block else None
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
            gap = 2 * style.box.padding_y_px if style.box.behind == "word" else gap
        narrow_px = 2 * self._half_px if self._framed else safe.width_px
        # A word that is drawn larger grows around its own middle, so a block this much smaller always has room.
        stretch = style.stretch
        space = self._chain.primary.shape(" ", False, "en").advance
        return Room(
            size_px=style.size_px * scale,
            narrow_px=(narrow_px - 2 * _SLACK_PX) / stretch,
            wide_px=(safe.width_px - 2 * _SLACK_PX) / stretch,
            height_px=(safe.height_px - 2 * _SLACK_PX) / stretch,
            margin_x_px=margin_x * scale,
            margin_y_px=margin_y * scale,
            line_height=style.line_height,
            line_gap=gap / style.size_px,
            space=space * style.word_space,
            boxed=style.box is not None,
            max_lines=style.max_lines,
        )

    def _place(self, block: Block, words: int) -> Group:
        """Put the block around the frame's middle, moved as far as the safe area asks for."""
        room, safe, size = self._room, self._safe, block.size_px
        shrink = size / room.size_px
        margin_px = max(room.margin_x_px, room.margin_y_px) * shrink + _SLACK_PX
        growth = (self._style.stretch - 1) / 2
        left, right, top, bottom = (edge * size for edge in (block.left, block.right, block.top, block.bottom))
        margin_x = room.margin_x_px * shrink + _SLACK_PX
        margin_y = room.margin_y_px * shrink + _SLACK_PX
        margin_x += growth * (right - left + 2 * margin_x)
        margin_y += growth * (bottom - top + 2 * margin_y)
        x = self._canvas_px[0] / 2 if self._framed else (safe.left_px + safe.right_px) / 2
        y = self._style.centre_y * self._canvas_px[1] - block.middle * size
        x = float(round(_shift(x, left - margin_x, right + margin_x, safe.left_px, safe.right_px)))
        y = float(round(_shift(y, top - margin_y, bottom + margin_y, safe.top_px, safe.bottom_px)))
        area = Box(
            max(safe.left_px, 2 * int((x + left - margin_x) // 2)),
            max(safe.top_px, 2 * int((y + top - margin_y) // 2)),
            min(safe.right_px, -2 * int(-(x + right + margin_x) // 2)),
            min(safe.bottom_px, -2 * int(-(y + bottom + margin_y) // 2)),
        )
        return Group(self._layers, self._style, block, words, area, x, y, margin_px)


def _bitmap(group: Group, planes: Planes) -> CaptionBitmap | None:
    """The planes cut to what can be seen, at their place in the frame."""
    region = planes.visible()
    if region.empty:
        return None
    kept = planes.part(region).copy()
    for plane in kept:
        plane.setflags(write=False)
    return CaptionBitmap(group.area.left_px + region.left, group.area.top_px + region.top, *kept)


def _shift(at: float, before: float, after: float, low: float, high: float) -> float:
    """`at` moved so that `[at + before, at + after]` lies within `[low, high]`."""
    return max(low - before, min(at, high - after))

"""Words at their places in a frame, and their pictures from word to word."""

from __future__ import annotations

from typing import NamedTuple

from nvpipe.captions.box import Box
from nvpipe.captions.layer import Layers, Stack
from nvpipe.captions.layout import Block
from nvpipe.captions.patch import Patch
from nvpipe.captions.planes import Planes, Region
from nvpipe.types.look import CaptionStyle, Ink


class Sprite(NamedTuple):
    """A word by itself, its corner in the group's area, and its middle."""

    left: int
    top: int
    planes: Planes
    centre_x: float
    centre_y: float


class Group:
    """The words of a cue, laid out.

    Args:
        layers: draw them.
        style: what they look like.
        block: where their glyphs lie.
        words: how many there are.
        area: the part of the frame that they can cover.
        x_px, y_px: where the middle of the first baseline lies in the frame.
        margin_px: how far outline and shadow reach beyond the glyphs.
    """

    def __init__(
        self,
        layers: Layers,
        style: CaptionStyle,
        block: Block,
        words: int,
        area: Box,
        x_px: float,
        y_px: float,
        margin_px: float,
    ) -> None:
        self.area = area
        self._layers = layers
        self._style = style
        self._block = block
        self._words = words
        self._at = (x_px, y_px)
        self._margin_px = margin_px
        self._stack: Stack | None = None
        self._last: tuple[tuple[Ink, ...], int | None, Planes] | None = None
        self._base: tuple[int, Planes] | None = None
        self._sprite: tuple[int, Sprite | None] | None = None
        self._fill: tuple[int, Planes, Planes] | None = None

    def still(self, active: int | None, *, filled: bool = True) -> Planes:
        """All words, `active` highlighted, or not `filled` yet; not to be changed."""
        inks = self._inks(active, filled=filled)
        stack = self.stack
        if self._last is None:
            planes = self._layers.blend(stack, inks, active)
        else:
            old_inks, old_boxed, old = self._last
            if (old_inks, old_boxed) == (inks, active):
                return old
            planes = old.copy()
            for word in range(self._words):
                if old_inks[word] != inks[word] or (old_boxed == word) != (active == word):
                    region = _region(stack.parts(word), planes.region)
                    if not region.empty:
                        planes.put(region, self._layers.blend(stack, inks, active, region))
        self._last = (inks, active, planes)
        return planes

    def filled(self, active: int, share: float) -> Planes:
        """All words, the first `share` of the active one in its colour."""
        if self._fill is None or self._fill[0] != active:
            self._fill = (active, self.still(active, filled=False), self.still(active))
        _, before, after = self._fill
        parts = [patch for patch in self.stack.texts if patch.word == active]
        # In the order in which they are read: line by line, a line's parts from its start to its end.
        parts.sort(key=lambda part: (part.line, -part.x_px if part.rtl else part.x_px))
        left_px = share * sum(part.coverage.shape[1] for part in parts)
        planes = before.copy()
        for part in parts:
            x0, y0, x1, y1 = part.edges
            take_px = min(left_px, x1 - x0)
            left_px -= take_px
            if take_px <= 0:
                break
            low, high = (x1 - take_px, x1 + 2.0) if part.rtl else (x0 - 2.0, x0 + take_px)
            region = _even(low, y0, high, y1, planes.region)
            planes.put(region, after.part(region))
        return planes

    def popped(self, active: int, scale: float) -> Planes:
        """The words that can be seen, the active one at `scale` times its size above them."""
        if self._base is None or self._base[0] != active:
            self._base = (active, self._without(active))
        if self._sprite is None or self._sprite[0] != active:
            self._sprite = (active, self._alone(active))
        planes, sprite = self._base[1].copy(), self._sprite[1]
        if sprite is None:
            return planes
        if scale == 1:
            planes.lay(sprite.left, sprite.top, sprite.planes)
        elif found := sprite.planes.scaled(scale, sprite.centre_x, sprite.centre_y):
            x, y, scaled = found
            planes.lay(sprite.left + x, sprite.top + y, scaled)
        return planes

    @property
    def stack(self) -> Stack:
        if self._stack is None:
            self._stack = self._layers.prepare(self._block, self.area, *self._at)
        return self._stack

    def _inks(self, active: int | None, *, filled: bool = True) -> tuple[Ink, ...]:
        style = self._style
        if active is None:
            return (style.text,) * self._words
        now = style.active if filled else style.text
        return (style.spoken,) * active + (now,) + (style.text,) * (self._words - active - 1)

    def _without(self, active: int) -> Planes:
        """What lies below the active word."""
        end = active if self._style.upcoming == "hidden" else self._words
        shown = set(range(end)) - {active}
        behind = self._style.box.behind if self._style.box else "none"
        if behind != "block" and not any(item.segment.word in shown for item in self._block.placed):
            return Planes.blank(self.area.height_px, self.area.width_px)
        stack = self._layers.prepare(self._block, self.area, *self._at, shown)
        return self._layers.blend(stack, self._inks(active), None)

    def _alone(self, active: int) -> Sprite | None:
        """The active word by itself."""
        block, (x, y), margin = self._block, self._at, self._margin_px
        bounds = [
            (item.x + extent.left, item.y - extent.top, item.x + extent.right, item.y - extent.bottom)
            for item in block.placed
            if item.segment.word == active and (extent := item.segment.shaped.extent)
        ]
        if not bounds:
            return None
        size = block.size_px
        left, top = x + min(bound[0] for bound in bounds) * size, y + min(bound[1] for bound in bounds) * size
        right, bottom = x + max(bound[2] for bound in bounds) * size, y + max(bound[3] for bound in bounds) * size
        area = Box(
            2 * int((left - margin) // 2),
            2 * int((top - margin) // 2),
            -2 * int(-(right + margin) // 2),
            -2 * int(-(bottom + margin) // 2),
        )
        stack = self._layers.prepare(block, area, x, y, {active}, block_box=False)
        planes = self._layers.blend(stack, self._inks(active), active)
        return Sprite(
            area.left_px - self.area.left_px,
            area.top_px - self.area.top_px,
            planes,
            (left + right) / 2 - area.left_px,
            (top + bottom) / 2 - area.top_px,
        )


def _region(parts: list[Patch], whole: Region) -> Region:
    """The smallest even region around patches."""
    if not parts:
        return Region(0, 0, 0, 0)
    edges = [part.edges for part in parts]
    return _even(
        min(edge[0] for edge in edges),
        min(edge[1] for edge in edges),
        max(edge[2] for edge in edges),
        max(edge[3] for edge in edges),
        whole,
    )


def _even(left: float, top: float, right: float, bottom: float, whole: Region) -> Region:
    return Region(
        max(whole.left, 2 * int(left // 2)),
        max(whole.top, 2 * int(top // 2)),
        min(whole.right, -2 * int(-right // 2)),
        min(whole.bottom, -2 * int(-bottom // 2)),
    )

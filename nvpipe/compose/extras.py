"""What can be drawn on every picture besides captions: a title card, a logo, a progress bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from nvpipe.compose.overlay import Bitmap, Stamp, blend

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

FADE_S = 0.3
"""How long the title card takes to come and to go."""
BAR_SHARE = 1 / 200
"""Height of the progress bar in heights of the frame; at least four pixels."""
_BAR_GROUND = 0.45
"""How dark the rest of the bar is."""
_BLACK = 16


class Overlay(Protocol):
    """Something that is drawn on every picture."""

    def draw(self, picture: av.VideoFrame, at_s: float) -> None:
        """Draw what belongs on the picture shown at `at_s` into a yuv420p picture, in place."""
        ...

    def bitmaps(self, at_s: float) -> tuple[Bitmap, ...]:
        """What `draw` lays over the picture, from below to above, for those who lay it themselves.

        As long as it does not change it is the same objects.
        """
        ...


@runtime_checkable
class Onlooker(Protocol):
    """An overlay that looks at pictures, before anything is drawn on them."""

    def looks_at(self, at_s: float) -> bool:
        """Whether `draw` needs the picture shown at `at_s`, the next one that it is asked for."""
        ...

    def draw(self, picture: av.VideoFrame, at_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Patch:
    """Premultiplied limited-range BT.709 planes of a picture; position and size are even."""

    x_px: int
    y_px: int
    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    alpha_uv: NDArray[np.uint8]


class Fixed:
    """A bitmap that is always there."""

    def __init__(self, bitmap: Bitmap) -> None:
        self.stamp = Stamp(bitmap)

    def bitmaps(self, at_s: float) -> tuple[Bitmap, ...]:
        return (self.stamp.bitmap,)

    def draw(self, picture: av.VideoFrame, at_s: float) -> None:
        self.stamp.draw(picture)


class Fading(Bitmap, Protocol):
    """A bitmap that can be had with less opacity."""

    def faded(self, opacity: float) -> Bitmap:
        """The same with its opacity multiplied by `opacity`, from 0 to 1."""
        ...


class Card:
    """A bitmap shown during `[0, end_s)`, which fades in and out."""

    def __init__(self, bitmap: Fading, end_s: float) -> None:
        self._bitmap = bitmap
        self._whole = Stamp(bitmap)
        self._end_s = end_s

    def bitmaps(self, at_s: float) -> tuple[Bitmap, ...]:
        opacity = opacity_at(at_s, self._end_s)
        if opacity == 1:
            return (self._bitmap,)
        return (self._bitmap.faded(opacity),) if opacity > 0 else ()

    def draw(self, picture: av.VideoFrame, at_s: float) -> None:
        opacity = opacity_at(at_s, self._end_s)
        if opacity == 1:
            self._whole.draw(picture)
        elif opacity > 0:
            blend(picture, self._bitmap.faded(opacity))


def opacity_at(at_s: float, end_s: float) -> float:
    """Opacity of a card shown during `[0, end_s)`: it rises and falls along a smooth step."""
    fade_s = min(FADE_S, end_s / 2)
    share = min(at_s, end_s - at_s) / fade_s
    share = max(0.0, min(1.0, share))
    return share * share * (3 - 2 * share)


class ProgressBar:
    """A thin bar along the lower edge that grows from left to right.

    Args:
        width_px, height_px: size of the frame, even.
        colour: Y, Cb, Cr in limited-range BT.709.
        duration_s: when the bar is full.
    """

    def __init__(self, width_px: int, height_px: int, colour: tuple[float, float, float], duration_s: float) -> None:
        self._width_px = width_px
        self._thick_px = max(4, 2 * round(height_px * BAR_SHARE / 2))
        self._top_px = height_px - self._thick_px
        self._colour = tuple(round(value) for value in colour)
        self._duration_s = duration_s
        self._ground = self._make_ground()
        self._filled: Patch | None = None

    def filled_px(self, at_s: float) -> int:
        """Length of the bar, even."""
        return 2 * round(self._width_px * max(0.0, min(1.0, at_s / self._duration_s)) / 2)

    def bitmaps(self, at_s: float) -> tuple[Bitmap, ...]:
        filled = self.filled_px(at_s)
        if not filled:
            return (self._ground,)
        if self._filled is None or self._filled.alpha.shape[1] != filled:
            self._filled = self._bar(filled, self._colour, 255)
        return self._ground, self._filled

    def draw(self, picture: av.VideoFrame, at_s: float) -> None:
        blend(picture, self._ground)
        filled = self.filled_px(at_s)
        for index, value in enumerate(self._colour):
            halved = 2 if index else 1
            plane = picture.planes[index]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            top, bottom = self._top_px // halved, (self._top_px + self._thick_px) // halved
            rows[top:bottom, : filled // halved] = value

    def _make_ground(self) -> Patch:
        """Black at less than full opacity over the bar's whole length."""
        colour = (_BLACK * _BAR_GROUND, 128 * _BAR_GROUND, 128 * _BAR_GROUND)
        return self._bar(self._width_px, colour, 255 * _BAR_GROUND)

    def _bar(self, width_px: int, colour: tuple[float, ...], alpha: float) -> Patch:
        """One colour, multiplied by its opacity, over the first `width_px` of the bar."""

        def full(height: int, width: int, value: float) -> NDArray[np.uint8]:
            return np.full((height, width), round(value), np.uint8)

        size, half = (self._thick_px, width_px), (self._thick_px // 2, width_px // 2)
        return Patch(
            0,
            self._top_px,
            y=full(*size, colour[0]),
            u=full(*half, colour[1]),
            v=full(*half, colour[2]),
            alpha=full(*size, alpha),
            alpha_uv=full(*half, alpha),
        )

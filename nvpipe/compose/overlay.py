"""Captions onto pictures: one rectangle, in place, without leaving YUV."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

    from nvpipe.types import CaptionTrack, Cue


class Bitmap(Protocol):
    """Premultiplied limited-range BT.709 planes of a caption; position and size are even."""

    @property
    def x_px(self) -> int: ...
    @property
    def y_px(self) -> int: ...
    @property
    def y(self) -> NDArray[np.uint8]: ...
    @property
    def u(self) -> NDArray[np.uint8]: ...
    @property
    def v(self) -> NDArray[np.uint8]: ...
    @property
    def alpha(self) -> NDArray[np.uint8]: ...
    @property
    def alpha_uv(self) -> NDArray[np.uint8]: ...


class Painter(Protocol):
    """Draws cues."""

    def paint(self, cue: Cue, at_s: float) -> Bitmap | None: ...


class CaptionOverlay:
    """Draws the cue of a moment onto a picture."""

    def __init__(self, track: CaptionTrack, painter: Painter) -> None:
        self._cues = track.cues
        self._starts = [cue.start_s for cue in track.cues]
        self._painter = painter
        self._stamp: Stamp | None = None

    def bitmaps(self, at_s: float) -> tuple[Bitmap, ...]:
        """The cue shown at `at_s`, if there is one."""
        index = bisect_right(self._starts, at_s + 1e-6) - 1
        if index < 0 or at_s >= self._cues[index].end_s:
            return ()
        bitmap = self._painter.paint(self._cues[index], at_s)
        return () if bitmap is None else (bitmap,)

    def draw(self, picture: av.VideoFrame, at_s: float) -> None:
        """Draw the cue shown at `at_s`, if there is one, into a yuv420p picture."""
        for bitmap in self.bitmaps(at_s):
            if self._stamp is None or self._stamp.bitmap is not bitmap:
                self._stamp = Stamp(bitmap)
            self._stamp.draw(picture)


class Stamp:
    """A bitmap made ready to be blended into many pictures.

    Args:
        bitmap: its arrays must not change afterwards.
    """

    def __init__(self, bitmap: Bitmap) -> None:
        self.bitmap = bitmap
        self._inks = (
            _Ink(bitmap.y, bitmap.alpha),
            _Ink(bitmap.u, bitmap.alpha_uv),
            _Ink(bitmap.v, bitmap.alpha_uv),
        )

    def draw(self, picture: av.VideoFrame) -> None:
        """Blend it into a yuv420p picture, touching its rectangle only."""
        for index, ink in enumerate(self._inks):
            plane = picture.planes[index]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            halved = 2 if index else 1
            left, top = self.bitmap.x_px // halved, self.bitmap.y_px // halved
            ink.blend(rows[top : top + ink.height_px, left : left + ink.width_px])


class _Ink:
    """One plane: what is added to a picture, and how much of the picture is left."""

    def __init__(self, source: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> None:
        self.height_px, self.width_px = source.shape
        self._left = np.subtract(255, alpha, dtype=np.uint16)
        # A premultiplied colour is never more than its opacity, so that no sum of the two products exceeds 16 bits.
        self._added = np.minimum(source, alpha).astype(np.uint16)
        self._added *= 255
        self._added += 128
        # New memory for every picture would cost as much as the blending.
        self._mixed = np.empty(source.shape, np.uint16)
        self._carry = np.empty(source.shape, np.uint16)

    def blend(self, target: NDArray[np.uint8]) -> None:
        mixed, carry = self._mixed, self._carry
        np.multiply(target, self._left, out=mixed)
        mixed += self._added
        # (v + 128 + ((v + 128) >> 8)) >> 8 is v / 255, rounded, for every product of two bytes.
        np.right_shift(mixed, 8, out=carry)
        mixed += carry
        mixed >>= 8
        np.copyto(target, mixed, casting="unsafe")


def blend(picture: av.VideoFrame, bitmap: Bitmap) -> None:
    """Blend a bitmap into a single yuv420p picture; see `Stamp` for many."""
    Stamp(bitmap).draw(picture)

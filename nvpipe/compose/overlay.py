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

    def paint(self, cue: Cue) -> Bitmap | None: ...


class CaptionOverlay:
    """Draws the cue of a moment onto a picture."""

    def __init__(self, track: CaptionTrack, painter: Painter) -> None:
        self._cues = track.cues
        self._starts = [cue.start_s for cue in track.cues]
        self._painter = painter

    def draw(self, picture: av.VideoFrame, at_s: float) -> None:
        """Draw the cue shown at `at_s`, if there is one, into a yuv420p picture."""
        index = bisect_right(self._starts, at_s + 1e-6) - 1
        if index < 0 or at_s >= self._cues[index].end_s:
            return
        bitmap = self._painter.paint(self._cues[index])
        if bitmap is not None:
            blend(picture, bitmap)


def blend(picture: av.VideoFrame, bitmap: Bitmap) -> None:
    """Blend a caption's bitmap into a yuv420p picture, touching its rectangle only."""
    x, y = bitmap.x_px, bitmap.y_px
    _blend_plane(picture, 0, x, y, bitmap.y, bitmap.alpha)
    _blend_plane(picture, 1, x // 2, y // 2, bitmap.u, bitmap.alpha_uv)
    _blend_plane(picture, 2, x // 2, y // 2, bitmap.v, bitmap.alpha_uv)


def _blend_plane(
    picture: av.VideoFrame, index: int, x: int, y: int, source: NDArray[np.uint8], alpha: NDArray[np.uint8]
) -> None:
    plane = picture.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    target = rows[y : y + source.shape[0], x : x + source.shape[1]]
    mixed = target * (255 - alpha).astype(np.uint16)
    # (v + 128 + ((v + 128) >> 8)) >> 8 is v / 255, rounded, for every product of two bytes.
    mixed += 128
    mixed += mixed >> 8
    mixed >>= 8
    mixed += source
    np.minimum(mixed, 255, out=mixed)
    target[...] = mixed

"""A picture that libavcodec decoded into host memory."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from nvpipe.media.decode import Frame

if TYPE_CHECKING:
    import av
    import torch

_PLANAR = ("yuv420p", "yuvj420p")


class TimedFrame(Frame, Protocol):
    """A picture that knows how long it is shown."""

    @property
    def end_s(self) -> float:
        """End of display by the frame's own duration, `time_s` when unknown."""
        ...


class PyAvFrame:
    """A picture decoded on the CPU; it stays valid for as long as it is referenced."""

    __slots__ = ("_picture", "_size_bytes", "_time_s")

    def __init__(self, picture: av.VideoFrame, time_s: float, size_bytes: int) -> None:
        self._picture = picture
        self._time_s = time_s
        self._size_bytes = size_bytes

    @property
    def time_s(self) -> float:
        return self._time_s

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def end_s(self) -> float:
        """End of display by the frame's own duration, `time_s` when unknown."""
        base = self._picture.time_base or Fraction(0)
        return self._time_s + float(self._picture.duration * base)

    def planes(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Y, U and V as in `Frame.planes`; views of the decoder's memory for 8-bit 4:2:0."""
        picture = self._picture
        kind = picture.format.name
        if kind == "nv12":
            luma, chroma = (_view(plane) for plane in picture.planes)
            return luma, chroma[..., 0], chroma[..., 1]
        # A bottom-up picture has negative strides, which tensors cannot express.
        if kind not in _PLANAR or any(plane.line_size < 0 for plane in picture.planes):
            picture = _planar(picture)
        y, u, v = (_view(plane) for plane in picture.planes)
        return y, u, v

    def to_av(self) -> av.VideoFrame:
        return self._picture


def _view(plane: Any) -> torch.Tensor:
    # torch passes keyword arguments that PyAV's method does not take, hence the capsule.
    from torch.utils.dlpack import from_dlpack

    return from_dlpack(plane.__dlpack__())


def _planar(picture: av.VideoFrame) -> av.VideoFrame:
    """As 8-bit 4:2:0, colours as tagged."""
    colours = picture.color_range
    return picture.reformat(format="yuv420p", src_color_range=colours, dst_color_range=colours)

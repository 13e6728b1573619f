"""Frames of a decoder into pictures of the device that stay, upright and in the output's colours."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from nvpipe.compose.cuda_source import recoloured, recolouring, turned
from nvpipe.compose.frames import on_grid
from nvpipe.compose.walk import Shown
from nvpipe.errors import MediaError
from nvpipe.media.safety import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from nvpipe.kernels.compose_tables import Planes
    from nvpipe.media.decode import Frame
    from nvpipe.types import MediaInfo


class Intake:
    """Copies what a decoder gives before it goes on.

    On a card this has a stream of its own, which waits for the decoder alone and not for the pictures that are being
    drawn.

    Args:
        info: of the video.
        device: where pictures are drawn.
        as_coded: whether the pictures are upright in the output's colours, whatever their file says.
    """

    def __init__(self, info: MediaInfo, device: torch.device, *, as_coded: bool = False) -> None:
        import torch

        self._info = info
        self._device = device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._as_coded = as_coded
        self._colours = recolouring(info)
        sides = (info.width_px, info.height_px)
        self._coded_px = sides if info.rotation_deg in (0, 180) else sides[::-1]

    def pictures(self, frames: Iterator[Frame]) -> Iterator[Shown[Planes]]:
        """The frames with their times.

        Raises:
            MediaError: one is of another size than the video's first.
        """
        import torch

        while True:
            with self._lane():
                frame = next(frames, None)
                if frame is None:
                    return
                planes = self._taken(frame)
                if self._stream is not None:
                    # Until then the decoder must not write over what it has shown.
                    self._stream.synchronize()
            if self._stream is not None:
                for plane in planes:
                    plane.record_stream(torch.cuda.current_stream(self._device))
            yield Shown(on_grid(frame.time_s, self._info.fps), planes)

    def _lane(self) -> AbstractContextManager[object]:
        import torch

        return nullcontext() if self._stream is None else torch.cuda.stream(self._stream)

    def _taken(self, frame: Frame) -> Planes:
        y, u, v = frame.planes()
        height, width = y.shape
        if (width, height) != self._coded_px:
            raise MediaError(
                f"{name_of(self._info.path)} has a picture of {width}x{height} at {frame.time_s:.2f} s, not of "
                f"{self._coded_px[0]}x{self._coded_px[1]}",
                hint="convert it to one size",
            )
        planes = kept(y, u, v, self._device)
        if self._as_coded:
            return planes
        if self._colours is not None:
            planes = recoloured(planes, self._colours)
        return turned(planes, self._info.rotation_deg, mirrored=self._info.mirrored)


def kept(y: torch.Tensor, u: torch.Tensor, v: torch.Tensor, device: torch.device) -> Planes:
    """Copies of planes on a device, chroma interleaved; from host memory through pinned memory, asynchronously."""
    import torch

    from nvpipe.kernels.compose_tables import Planes

    luma = torch.empty(y.shape, dtype=torch.uint8, device=device)
    chroma = torch.empty((*u.shape, 2), dtype=torch.uint8, device=device)
    ways = [(luma, y), (chroma[..., 0], u), (chroma[..., 1], v)]
    if (pairs := _interleaved(u, v)) is not None:
        ways[1:] = [(chroma, pairs)]
    for target, source in ways:
        staged = source.pin_memory() if device.type == "cuda" and not source.is_cuda else source
        target.copy_(staged, non_blocking=True)
    return Planes(luma, chroma[..., 0], chroma[..., 1])


def _interleaved(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor | None:
    """`[rows, columns, 2]` of U and V that lie beside each other; None when they don't."""
    if u.stride(1) != 2 or u.stride() != v.stride() or v.data_ptr() != u.data_ptr() + 1:
        return None
    return u.as_strided((*u.shape, 2), (*u.stride(), 1))

"""Pictures on the card on their way to an encoder: read there by NVENC, or brought to host memory for x264.

Both are NV12 in one buffer: `height` rows of luma, then `height / 2` rows of interleaved chroma of the same pitch.

State: the logic is tested in host memory and with stand-in driver libraries, never on hardware.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import av
    import torch

    Allocate = Callable[[int, int], torch.Tensor]

PITCH_STEP_BYTES = 4
"""NVENC takes memory whose rows are this far apart, or a multiple."""
IN_FLIGHT = 3
"""Pictures being downloaded at once: one on the bus, one before it, one behind it."""


class FrameRing:
    """A fixed number of buffers on the card, used one after the other, and the frames that NVENC reads them as.

    NVENC remembers the memory that it was given by its address, and goes by the luma's alone: chroma has to lie
    right behind it. So there is one buffer for each picture, and there are always the same buffers, which live as
    long as the encoder does.

    Args:
        size_px: width and height, both even.
        count: how many; a picture's turn comes again after as many others, by when nobody may read it any more:
            `Encoder.holds`, and those that wait for the encoder, and the one that is being drawn.
        device: where they lie; its first card unless told.
        allocate: gives `[rows, bytes]` of memory instead.
    """

    def __init__(
        self, size_px: tuple[int, int], count: int, device: str = "cuda:0", allocate: Allocate | None = None
    ) -> None:
        width, height = size_px
        if width % 2 or height % 2:
            raise ValueError(f"NV12 of {width}x{height} has no whole chroma")
        if count < 1:
            raise ValueError("a ring has at least one buffer")
        pitch = -(-width // PITCH_STEP_BYTES) * PITCH_STEP_BYTES
        allocate = allocate or _on(device)
        self._size_px = size_px
        self._buffers = [allocate(height * 3 // 2, pitch) for _ in range(count)]
        self._context: av.video.frame.CudaContext | None = None
        self._next = 0
        if self._buffers[0].is_cuda:
            from av.video.frame import CudaContext

            # One for all: a frame of another context would be a frame of another encoder. It is the one that the
            # buffers belong to, which is current in the thread that has just made them, and only there for certain;
            # asked for as the primary one, libavutil would refuse it for the flags that torch gave it.
            index = self._buffers[0].device.index or 0
            self._context = CudaContext(index, primary_ctx=False, current_ctx=True)
            self.frame(self._buffers[0][:, :width])

    def __len__(self) -> int:
        return len(self._buffers)

    def next(self) -> torch.Tensor:
        """The buffer whose turn it is, uint8 `[height * 3 / 2, width]`; its rows may lie apart."""
        buffer = self._buffers[self._next % len(self._buffers)]
        self._next += 1
        return buffer[:, : self._size_px[0]]

    def frame(self, surface: torch.Tensor) -> av.VideoFrame:
        """A buffer as a frame; what the current stream has been told to draw on it comes first.

        Args:
            surface: what `next` gave.
        """
        import av

        height = self._size_px[1]
        luma, chroma = surface[:height], surface[height:]
        return av.VideoFrame.from_dlpack((luma, chroma), format="nv12", cuda_context=self._context)


@dataclass(frozen=True, slots=True)
class _Coming:
    """A picture on its way to host memory."""

    pinned: torch.Tensor
    surface: torch.Tensor
    """Kept until it has been read."""
    arrived: Any
    """A CUDA event; None when it is there already."""


def downloaded(surfaces: Iterable[torch.Tensor], in_flight: int = IN_FLIGHT) -> Iterator[av.VideoFrame]:
    """Pictures of the card as NV12 frames in host memory, in their order.

    The copies run in a stream of their own, into pinned memory, while the card draws the pictures that follow: a
    picture is taken from `surfaces` before the one that is `in_flight` earlier has been waited for.

    Args:
        surfaces: uint8 `[height * 3 / 2, width]`; each may be written again once `in_flight` further ones were taken
            and the frame of the first of them has come out.
        in_flight: how many are on their way at once.

    Raises:
        ValueError: a surface is no NV12 picture of even width and height.
    """
    import torch

    cuda: Any = torch.cuda
    coming: deque[_Coming] = deque()
    spare: list[torch.Tensor] = []
    stream = None
    for surface in surfaces:
        if surface.is_cuda and stream is None:
            stream = cuda.Stream(surface.device)
        # Pictures of several sizes may take turns.
        fits = next((place for place, one in enumerate(spare) if one.shape == surface.shape), None)
        if fits is None:
            pinned = torch.empty(surface.shape, dtype=torch.uint8, pin_memory=surface.is_cuda)
        else:
            pinned = spare.pop(fits)
        coming.append(_started(surface, pinned, stream))
        if len(coming) > in_flight:
            yield _arrived(coming[0])
            spare.append(coming.popleft().pinned)
    for one in coming:
        yield _arrived(one)


def _started(surface: torch.Tensor, pinned: torch.Tensor, stream: Any) -> _Coming:
    """Begin a copy, behind everything that draws the picture; `stream` is None where there is no card."""
    import torch

    if stream is None:
        pinned.copy_(surface)
        return _Coming(pinned, surface, None)
    cuda: Any = torch.cuda
    stream.wait_stream(cuda.current_stream(surface.device))
    with cuda.stream(stream):
        pinned.copy_(surface, non_blocking=True)
        surface.record_stream(stream)
        arrived = cuda.Event()
        arrived.record(stream)
    return _Coming(pinned, surface, arrived)


def _arrived(coming: _Coming) -> av.VideoFrame:
    """The frame, in memory of its own, so that the pinned memory can take the next one."""
    import av

    if coming.arrived is not None:
        coming.arrived.synchronize()
    rows, width = coming.pinned.shape
    if rows % 3 or width % 2:
        raise ValueError(f"{rows} rows of {width} bytes are no NV12 picture")
    return av.VideoFrame.from_ndarray(coming.pinned.numpy(), format="nv12")


def _on(device: str) -> Allocate:
    import torch

    def allocate(rows: int, pitch: int) -> torch.Tensor:
        if torch.device(device).type == "cuda":
            # A call that reaches the card, which memory from torch's own store need not.
            torch.cuda.synchronize(device)
        return torch.empty((rows, pitch), dtype=torch.uint8, device=device)

    return allocate

"""Pictures that lie on the card, and the order of work on them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from nvpipe.registry import Probe

if TYPE_CHECKING:
    import av
    import torch

    from nvpipe.media.decode.frame import PyAvFrame

    Planes = tuple[torch.Tensor, torch.Tensor, torch.Tensor]

ON_CARD = "cuda"
"""libav's name for pictures that lie there."""
SURFACES = {"nv12": 8, "p010le": 10}
"""Bits of a sample, by libav's names of the layouts that NVDEC writes 4:2:0 in."""


class Card(Protocol):
    """Where pictures are decoded to, and how its work is put in order."""

    @property
    def device(self) -> str:
        """torch's name of it."""
        ...

    def refusal(self) -> Probe | None:
        """Why pictures on it cannot be worked on; None when they can."""
        ...

    def await_decoder(self) -> None:
        """What is queued from now on runs after what the decoder has queued."""
        ...

    def await_readers(self) -> None:
        """What the decoder queues from now on runs after what is queued on pictures."""
        ...

    def finish(self) -> None:
        """Wait until everything that is queued on pictures is done."""
        ...


class CudaCard:
    """The first card that this process sees. libav works on the default stream, torch on its current one."""

    device = "cuda:0"

    def refusal(self) -> Probe | None:
        import torch

        if torch.cuda.is_available():
            return None
        built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
        return Probe(
            False,
            f"torch {torch.__version__} ({built}) cannot use the card",
            "install a torch that was built with CUDA, for this driver",
        )

    def await_decoder(self) -> None:
        import torch

        current, default = torch.cuda.current_stream(self.device), torch.cuda.default_stream(self.device)
        if current != default:
            current.wait_stream(default)

    def await_readers(self) -> None:
        import torch

        current, default = torch.cuda.current_stream(self.device), torch.cuda.default_stream(self.device)
        if current != default:
            default.wait_stream(current)

    def finish(self) -> None:
        import torch

        torch.cuda.current_stream(self.device).synchronize()


class Look(NamedTuple):
    """How a picture in host memory is to be told: what the card's copy of it does not carry."""

    pixel_format: str
    """libav's, of the same bits as the surface."""
    colorspace: int = 2
    color_range: int = 0
    color_trc: int = 2
    color_primaries: int = 2
    pts: int | None = None
    time_base: Fraction | None = None
    duration: int = 0

    @classmethod
    def of(cls, picture: av.VideoFrame, pixel_format: str) -> Look:
        """As another picture is told."""
        return cls(
            pixel_format,
            picture.colorspace,
            picture.color_range,
            picture.color_trc,
            picture.color_primaries,
            picture.pts,
            picture.time_base,
            picture.duration,
        )


class SurfaceFrame:
    """A picture that libav decoded to the card.

    It keeps its surface: libav copies what NVDEC shows into memory of its own pool, which a frame holds on to.
    """

    __slots__ = ("_card", "_picture", "_pixel_format", "_planes", "_size_bytes", "_time_s")

    def __init__(self, picture: av.VideoFrame, time_s: float, size_bytes: int, pixel_format: str, card: Card) -> None:
        self._picture = picture
        self._time_s = time_s
        self._size_bytes = size_bytes
        self._pixel_format = pixel_format
        self._card = card
        self._planes: Planes | None = None

    @property
    def time_s(self) -> float:
        return self._time_s

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def end_s(self) -> float:
        """End of display by the frame's own duration, `time_s` when unknown."""
        return self._time_s + float(self._picture.duration * (self._picture.time_base or Fraction(0)))

    def planes(self) -> Planes:
        """Y, U and V as in `Frame.planes`, on the card; U and V are every other sample of one plane."""
        if self._planes is None:
            self._card.await_decoder()
            luma, chroma = (_tensor(plane) for plane in self._picture.planes)
            self._planes = eight_bits(luma, chroma)
        return self._planes

    def to_av(self) -> av.VideoFrame:
        """A copy in host memory, as coded."""
        return told_of(self._picture, self._pixel_format)

    def before_reuse(self, settle: Callable[[], object]) -> None:
        """Nothing is ever called: whoever holds the planes holds their memory."""


class UploadedFrame:
    """A picture that was brought into another shape in host memory, its planes on the card as all others'."""

    __slots__ = ("_device", "_host")

    def __init__(self, host: PyAvFrame, device: str) -> None:
        self._host = host
        self._device = device

    @property
    def time_s(self) -> float:
        return self._host.time_s

    @property
    def size_bytes(self) -> int:
        return self._host.size_bytes

    @property
    def end_s(self) -> float:
        """End of display by the frame's own duration, `time_s` when unknown."""
        return self._host.end_s

    def planes(self) -> Planes:
        y, u, v = (plane.to(self._device) for plane in self._host.planes())
        return y, u, v

    def to_av(self) -> av.VideoFrame:
        return self._host.to_av()

    def before_reuse(self, settle: Callable[[], object]) -> None:
        """Nothing is ever called: the planes are nobody else's."""


def eight_bits(luma: torch.Tensor, chroma: torch.Tensor) -> Planes:
    """Y, U and V as uint8 views; of samples of 16 bits the upper half, so that ten bits are cut, not rounded.

    Args:
        luma: `[H, W]`, uint8 or uint16 with the sample in its upper bits.
        chroma: `[H/2, W/2, 2]` of the same type.
    """
    import torch

    if luma.dtype == torch.uint8:
        return luma, chroma[..., 0], chroma[..., 1]
    halves, pairs = luma.view(torch.uint8), chroma.view(torch.uint8)
    return halves[..., 1::2], pairs[..., 1], pairs[..., 3]


def told(luma: Any, chroma: Any, look: Look) -> av.VideoFrame:
    """A planar picture of an NV12 or P010 one in host memory.

    Args:
        luma: array `[H, W]`, uint8 or uint16.
        chroma: array `[H/2, W/2, 2]`.
        look: what else is said of it.
    """
    import av
    import numpy as np

    if luma.dtype == np.uint16:
        luma, chroma = luma >> 6, chroma >> 6
    picture = av.VideoFrame(luma.shape[1], luma.shape[0], look.pixel_format)
    for plane, samples in zip(picture.planes, (luma, chroma[..., 0], chroma[..., 1]), strict=True):
        rows = np.zeros((plane.height, plane.line_size // samples.itemsize), samples.dtype)
        rows[:, : samples.shape[1]] = samples
        plane.update(rows.tobytes())
    picture.colorspace, picture.color_range = look.colorspace, look.color_range
    picture.color_trc, picture.color_primaries = look.color_trc, look.color_primaries
    picture.pts, picture.duration = look.pts, look.duration
    if look.time_base is not None:
        picture.time_base = look.time_base
    return picture


def told_of(surface: av.VideoFrame, pixel_format: str) -> av.VideoFrame:
    """A planar picture in host memory of a surface.

    Args:
        surface: libav's, of a layout of `SURFACES`.
        pixel_format: planar, of as many bits.
    """
    layout = surface.sw_format
    if layout is None or layout.name not in SURFACES:
        raise ValueError(f"{surface.format.name} is no surface of NV12 or P010")
    # Without a change of format this is the copy alone.
    held = surface.reformat(format=layout.name)
    luma, chroma = (_rows(plane, SURFACES[layout.name]) for plane in held.planes)
    pairs = chroma[:, : (surface.width + 1) // 2 * 2].reshape(len(chroma), -1, 2)
    return told(luma[:, : surface.width], pairs, Look.of(surface, pixel_format))


def _tensor(plane: Any) -> torch.Tensor:
    # torch passes a stream, which PyAV's method does not take, hence the capsule.
    from torch.utils.dlpack import from_dlpack

    return from_dlpack(plane.__dlpack__())


def _rows(plane: Any, bits: int) -> Any:
    """Samples of a plane in host memory, with what pads its rows."""
    import numpy as np

    kind = np.dtype(np.uint8 if bits == 8 else np.uint16)
    return np.frombuffer(memoryview(plane), kind).reshape(plane.height, plane.line_size // kind.itemsize)

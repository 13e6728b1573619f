"""An NVIDIA driver, a card and its pictures, without one: the same calls, with the CPU's memory as the card's.

`Libraries` are the driver's shared libraries as `ctypes` gives them. `open_on_fake_card` opens a video as PyAV does
with CUDA frames that stay on the card. `FakeCard` records what a decoder and its readers wait for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from nvpipe.media.decode.nvdec_driver import Driver
from nvpipe.media.safety import open_container
from nvpipe.registry import Probe

H264, HEVC, VP8, VP9, AV1 = 4, 8, 9, 10, 11
ENGINES = 7
_TOLD = (
    *("pts", "dts", "time_base", "duration", "width", "height", "is_corrupt", "interlaced_frame", "side_data"),
    *("colorspace", "color_range", "color_trc", "color_primaries", "key_frame"),
)
"""What a surface says of its picture without being copied to the host."""


class Cuda:
    """libcuda.so.1: one card, unless it is told otherwise."""

    def __init__(self, code: int = 0, cards: int = 1) -> None:
        self.code = code
        self.cards = cards
        self.contexts = 0
        self.current = 0

    def cuInit(self, flags: int) -> int:  # noqa: N802
        assert flags == 0
        return self.code

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802
        count._obj.value = self.cards
        return 0

    def cuDeviceGet(self, device: Any, ordinal: int) -> int:  # noqa: N802
        device._obj.value = ordinal
        return 0 if ordinal < self.cards else 101

    def cuDevicePrimaryCtxRetain(self, context: Any, device: Any) -> int:  # noqa: N802
        self.contexts += 1
        context._obj.value = 0xC0
        return 0

    def cuDevicePrimaryCtxRelease_v2(self, device: Any) -> int:  # noqa: N802
        self.contexts -= 1
        return 0

    def cuCtxPushCurrent_v2(self, context: Any) -> int:  # noqa: N802
        assert context.value == 0xC0
        self.current += 1
        return 0

    def cuCtxPopCurrent_v2(self, context: Any) -> int:  # noqa: N802
        self.current -= 1
        return 0

    def cuGetErrorName(self, code: int, text: Any) -> int:  # noqa: N802
        text._obj.value = {100: b"CUDA_ERROR_NO_DEVICE", 999: b"CUDA_ERROR_UNKNOWN"}.get(code, b"CUDA_ERROR_OTHER")
        return 0


class Decoding:
    """libnvcuvid.so.1 of a card that decodes as Hopper does, by codec and bits."""

    def __init__(self, cuda: Cuda, sizes: dict[tuple[int, int], tuple[int, int]] | None = None) -> None:
        most = (8192, 8192)
        usual = {(H264, 8): (4096, 4096), (HEVC, 8): most, (HEVC, 10): most, (VP8, 8): (4096, 4096)}
        self.cuda = cuda
        self.sizes = usual | {(VP9, 8): most, (VP9, 10): most} if sizes is None else sizes

    def cuvidGetDecoderCaps(self, asked: Any) -> int:  # noqa: N802
        caps = asked._obj
        if not self.cuda.current:
            return 201
        assert caps.chroma_format == 1
        size = self.sizes.get((caps.codec_type, caps.bit_depth_minus_8 + 8))
        caps.is_supported = size is not None
        if size is not None:
            caps.engines = ENGINES
            caps.min_width, caps.min_height = 48, 16
            caps.max_width, caps.max_height = size
            caps.max_macroblocks = size[0] * size[1] // 256
        return 0


class Libraries:
    """What `ctypes.CDLL` finds; everything that the driver has, without those that are missing."""

    def __init__(self, *missing: str, cuda: Cuda | None = None, sizes: Any = None) -> None:
        self.missing = missing
        self.cuda = cuda or Cuda()
        self._known: dict[str, object] = {
            "libcuda.so.1": self.cuda,
            "libnvcuvid.so.1": Decoding(self.cuda, sizes),
            "libnvidia-encode.so.1": object(),
        }

    def __call__(self, name: str) -> Any:
        if name in self.missing or name not in self._known:
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")
        return self._known[name]


def driver(*missing: str, root: Path = Path("nowhere"), cuda: Cuda | None = None, sizes: Any = None) -> Driver:
    """A driver with all its libraries but some."""
    return Driver(Libraries(*missing, cuda=cuda, sizes=sizes), root)


class FakeCard:
    """Pictures in host memory; `waits` has in order who waited for whom."""

    device = "cpu"

    def __init__(self, refused: Probe | None = None) -> None:
        self.refused = refused
        self.waits: list[str] = []

    def refusal(self) -> Probe | None:
        return self.refused

    def await_decoder(self) -> None:
        self.waits.append("decoder")

    def await_readers(self) -> None:
        self.waits.append("readers")

    def finish(self) -> None:
        self.waits.append("finish")


class FakePlane:
    """A plane of a surface: no buffer protocol, and no stream in its DLPack export, as PyAV's."""

    def __init__(self, plane: Any) -> None:
        self._plane = plane
        self.width, self.height, self.line_size = plane.width, plane.height, plane.line_size

    def __dlpack__(self, *, stream: int | None = None) -> Any:
        if stream is not None:
            raise NotImplementedError("CUDA stream synchronization is not supported.")
        return self._plane.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)


class FakeSurface:
    """A decoded picture as libav has it on a card: NV12 or P010, its rows longer than its width."""

    def __init__(self, picture: av.VideoFrame) -> None:
        layout = {"yuv420p": "nv12", "yuvj420p": "nv12", "yuv420p10le": "p010le"}[picture.format.name]
        tags = {"src_color_range": picture.color_range, "dst_color_range": picture.color_range}
        self._held = picture.reformat(format=layout, **tags)
        for name in ("duration", "colorspace", "color_range", "color_trc", "color_primaries"):
            setattr(self._held, name, getattr(picture, name))
        self.format = av.VideoFormat("cuda", picture.width, picture.height)
        self.sw_format = av.VideoFormat(layout, picture.width, picture.height)
        self.planes = tuple(FakePlane(plane) for plane in self._held.planes)

    def reformat(self, format: str) -> av.VideoFrame:  # noqa: A002
        """The copy in host memory."""
        assert format == self.sw_format.name, "a conversion on the way down is not asked for here"
        return self._held

    def __getattr__(self, name: str) -> Any:
        if name not in _TOLD:
            raise AttributeError(f"a surface is not asked for {name}")
        return getattr(self._held, name)


class _Wrapped:
    """An object with some of its attributes replaced."""

    def __init__(self, inner: Any, **replaced: Any) -> None:
        self.__dict__.update(replaced)
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __bytes__(self) -> bytes:
        return bytes(self._inner)


class _CardContext(_Wrapped):
    def decode(self, packet: Any) -> list[Any]:
        return [FakeSurface(picture) for picture in self._inner.decode(packet._inner)]


class FakeCardContainer:
    """A container whose video is decoded to surfaces; everything else is PyAV's."""

    def __init__(self, path: Path) -> None:
        self._container = open_container(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, *wanted: Any) -> Iterator[Any]:
        for packet in self._container.demux(*wanted):
            if packet.stream.type == "video":
                context = _CardContext(packet.stream.codec_context)
                yield _Wrapped(packet, stream=_Wrapped(packet.stream, codec_context=context))
            else:
                yield packet


def open_on_fake_card(path: Path) -> Any:
    """`open_on_card` without a card."""
    return FakeCardContainer(path)

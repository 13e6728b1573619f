"""Checks of NVENC: does it open, what does it accept, is the decoded picture the one that went in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sources import libav, need_cuda, pynv
from video import cpu_planes, planar, psnr_db, synthetic

if TYPE_CHECKING:
    from probe import Context

WIDTH_PX, HEIGHT_PX, FRAMES, FPS = 1280, 720, 30, 30
RING = 8


class Adapter:
    """An NV12 CUDA tensor as PyNvVideoCodec calls it: `cuda()`, and `__dlpack__` with a positional stream."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def cuda(self) -> Adapter:
        return self

    def __dlpack_device__(self) -> Any:
        return self.tensor.__dlpack_device__()

    def __dlpack__(self, stream: Any = None) -> Any:
        return self.tensor.__dlpack__(stream=stream)


class Plane:
    """One plane through the CUDA array interface, tight rows."""

    def __init__(self, tensor: Any) -> None:
        self.__cuda_array_interface__ = {
            "shape": tuple(tensor.shape),
            "strides": None,
            "data": (tensor.data_ptr(), False),
            "typestr": "|u1",
            "version": 3,
        }


class Planes:
    """Luma (H, W, 1) and chroma (H/2, W/2, 2) of an NV12 tensor."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def cuda(self) -> list[Plane]:
        luma, chroma = self.tensor[:HEIGHT_PX], self.tensor[HEIGHT_PX:]
        return [Plane(luma.unsqueeze(-1)), Plane(chroma.view(HEIGHT_PX // 2, WIDTH_PX // 2, 2))]


def nv12(torch: Any, index: int) -> Any:
    """Frame `index` as one contiguous CUDA tensor (H * 3 // 2, W)."""
    luma, chroma = synthetic(index, WIDTH_PX, HEIGHT_PX)
    both = [torch.from_numpy(luma), torch.from_numpy(chroma.reshape(HEIGHT_PX // 2, WIDTH_PX))]
    return torch.cat(both).cuda().contiguous()


def quality(path: Path, frames: int) -> dict[str, Any]:
    """Lowest PSNR of luma and chroma over the decoded frames; a swapped or shifted plane falls below 20 dB."""
    luma, chroma, count = [], [], 0
    for count, (y, uv) in enumerate(cpu_planes(path, frames + 1), 1):
        if count > frames:
            break
        expected = synthetic(count - 1, WIDTH_PX, HEIGHT_PX)
        luma.append(psnr_db(expected[0], y))
        chroma.append(psnr_db(expected[1], uv))
    if not count:
        raise RuntimeError("the encoded file holds no frame")
    return {
        "frames": count,
        "frames_sent": frames,
        "bytes": path.stat().st_size,
        "psnr_y_db_min": round(min(luma), 2),
        "psnr_uv_db_min": round(min(chroma), 2),
    }


def encode_pynv(context: Context, name: str, wrap: Callable[[Any], Any], frames: int) -> dict[str, Any]:
    """Encode through PyNvVideoCodec on a stream of torch's own, and measure what comes back."""
    torch, nvc = need_cuda(), pynv()
    stream = torch.cuda.Stream()
    path = context.folder / f"{name}.h264"
    tensors = [nv12(torch, index) for index in range(frames)]
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        encoder = nvc.CreateEncoder(
            WIDTH_PX, HEIGHT_PX, "NV12", False, codec="h264", preset="P4", tuning_info="high_quality", rc="vbr",
            cq=20, gop=60, bf=0, fps=FPS, gpu_id=0, cudastream=stream.cuda_stream,
        )  # fmt: skip
        packets = [packet for tensor in tensors for packet in encoder.Encode(wrap(tensor))]
        packets += encoder.EndEncode()
    path.write_bytes(b"".join(bytes(packet["data"]) for packet in packets))
    return {"packets": len(packets), "packet_keys": sorted(packets[0]) if packets else []} | quality(path, frames)


def attempt(context: Context, name: str, work: Callable[[], dict[str, Any]]) -> bool:
    """Note what one variant gave or why it failed; the next one is tried all the same."""
    from probe import reason_of

    try:
        context.note(**{name: work()})
    except Exception as error:  # noqa: BLE001 - the text is the answer
        context.note(**{name: {"error": reason_of(error)}})
        return False
    return True


def pynv_encode(context: Context) -> None:
    """NVENC's answer through PyNvVideoCodec; on a card without NVENC the error is the answer."""
    context.note(encode=encode_pynv(context, "adapter", Adapter, FRAMES))


def dlpack(context: Context) -> None:
    """Which objects Encode() takes: an adapter, the tensor as it is, two planes by the CUDA array interface."""
    variants: dict[str, Callable[[Any], Any]] = {"adapter": Adapter, "two_planes": Planes, "tensor": lambda t: t}
    worked = [
        attempt(context, name, lambda name=name, wrap=wrap: encode_pynv(context, name, wrap, 8))  # type: ignore[misc]
        for name, wrap in variants.items()
    ]
    if not any(worked):
        raise RuntimeError("no variant was encoded; each says why")


def encode_pyav(path: Path, pixel_format: str, frames: Iterator[Any]) -> dict[str, Any]:
    av = libav()
    options = {"preset": "p4", "tune": "hq", "rc": "vbr", "cq": "20"}
    count = 0
    with av.open(str(path), "w") as output:
        stream = output.add_stream("h264_nvenc", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, pixel_format
        stream.codec_context.gop_size = 60
        for count, frame in enumerate(frames, 1):
            frame.pts, frame.time_base = count - 1, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return quality(path, count)


def pyav_system(context: Context) -> None:
    """h264_nvenc from frames in system memory."""
    import av

    pictures = (planar(*synthetic(index, WIDTH_PX, HEIGHT_PX)) for index in range(FRAMES))
    frames = (av.VideoFrame.from_ndarray(picture, format="yuv420p") for picture in pictures)
    context.note(encode=encode_pyav(context.folder / "system.mp4", "yuv420p", frames))


def pyav_cuda(context: Context) -> None:
    """h264_nvenc from CUDA tensors: chroma right behind luma, and chroma in a tensor of its own.

    FFmpeg registers one pointer and pitch, so that the second is expected to give wrong chroma without a word.
    """
    from av.video.frame import CudaContext

    torch = need_cuda()
    # Asked for as the primary one, libavutil refuses torch's context for its flags.
    shared = CudaContext(device_id=0, primary_ctx=False, current_ctx=True)

    def one_buffer() -> Iterator[Any]:
        ring = [torch.empty((HEIGHT_PX * 3 // 2, WIDTH_PX), dtype=torch.uint8, device="cuda") for _ in range(RING)]
        for index in range(FRAMES):
            buffer = ring[index % RING]
            buffer.copy_(nv12(torch, index))
            yield surface(torch, shared, buffer[:HEIGHT_PX], buffer[HEIGHT_PX:])

    def two_buffers() -> Iterator[Any]:
        kept = []
        for index in range(FRAMES):
            both = nv12(torch, index)
            kept.append((both[:HEIGHT_PX].clone(), both[HEIGHT_PX:].clone()))
            yield surface(torch, shared, *kept[-1])

    worked = [
        attempt(context, "one_buffer", lambda: encode_pyav(context.folder / "one.mp4", "cuda", one_buffer())),
        attempt(context, "two_buffers", lambda: encode_pyav(context.folder / "two.mp4", "cuda", two_buffers())),
    ]
    if not any(worked):
        raise RuntimeError("no variant was encoded; each says why")


def surface(torch: Any, context: Any, luma: Any, chroma: Any) -> Any:
    """A PyAV CUDA frame of torch's memory; all frames share one context, as the encoder demands."""
    import av

    torch.cuda.synchronize()
    planes = (luma, chroma.view(HEIGHT_PX // 2, WIDTH_PX // 2, 2))
    return av.VideoFrame.from_dlpack(planes, format="nv12", cuda_context=context)

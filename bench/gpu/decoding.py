"""Checks of decoded frames: their layout, and whether they equal the CPU's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sources import SOURCES, need_cuda
from video import cpu_planes

if TYPE_CHECKING:
    from probe import Context

COMPARED_FRAMES = 64


def layout(tensor: Any) -> dict[str, Any]:
    return {
        "shape": list(tensor.shape),
        "stride": list(tensor.stride()),
        "dtype": str(tensor.dtype),
        "device": str(tensor.device),
        "data_ptr": hex(tensor.data_ptr()),
    }


def compare(context: Context, source: str) -> None:
    """Largest absolute difference to the CPU's frames, in both planes; then the rest is only counted."""
    torch = need_cuda()
    expected = cpu_planes(context.video, COMPARED_FRAMES)
    worst, unequal, compared, total = {"y": 0, "uv": 0}, {"y": 0, "uv": 0}, 0, 0
    batch_sizes: list[int] = []
    started = time.monotonic()
    for batch in SOURCES[source](context.video):
        batch_sizes.append(len(batch))
        if not total:
            (y, uv), *_ = batch
            step = uv.data_ptr() - y.data_ptr()
            context.note(luma=layout(y), chroma=layout(uv), chroma_minus_luma_bytes=step)
        for y, uv in batch:
            total += 1
            reference = next(expected, None)
            if reference is None:
                continue
            compared += 1
            for name, tensor, array in (("y", y, reference[0]), ("uv", uv, reference[1])):
                difference = (tensor.cpu().to(torch.int16) - torch.from_numpy(array).to(torch.int16)).abs()
                worst[name] = max(worst[name], int(difference.max()))
                unequal[name] += int((difference != 0).sum())
        context.note(frames_decoded=total, frames_compared=compared, max_abs_diff=worst, unequal_samples=unequal)
    context.note(batch_sizes=sorted(set(batch_sizes)), seconds=round(time.monotonic() - started, 2))
    if not compared:
        raise RuntimeError("the decoder gave no frame")


def simple(context: Context) -> None:
    compare(context, "simple")


def threaded(context: Context) -> None:
    compare(context, "threaded")


def low_level(context: Context) -> None:
    compare(context, "low_level")


def pyav_cuda(context: Context) -> None:
    compare(context, "pyav_cuda")

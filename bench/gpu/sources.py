"""The four ways to decoded frames on the GPU, all giving NV12 tensors in batches."""

from __future__ import annotations

import importlib
import itertools
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BATCH = 8
Batch = list[tuple[Any, Any]]
"""Luma (H, W) and chroma (H/2, W/2, 2) CUDA tensors of uint8, views of the decoder's surfaces."""


def pynv() -> Any:
    """The PyNvVideoCodec module; it names no types, and its import fails without the driver's libraries."""
    return importlib.import_module("PyNvVideoCodec")


def libav() -> Any:
    """PyAV with libav's own messages on standard error: its exceptions do not say which library was missing."""
    import av

    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(name)s: %(message)s")
    av.logging.set_level(av.logging.ERROR)
    return av


def need_cuda() -> Any:
    """torch with a usable GPU.

    Raises:
        RuntimeError: torch sees none; the text says why.
    """
    import torch

    torch.zeros(1, device="cuda")
    return torch


def planes_of(frame: Any) -> tuple[Any, Any]:
    """Luma and chroma views of a PyNvVideoCodec frame, which is one NV12 tensor (H * 3 // 2, W)."""
    from torch.utils.dlpack import from_dlpack

    whole = from_dlpack(frame)
    if whole.dim() != 2 or whole.shape[0] % 3:
        raise ValueError(f"expected an NV12 surface (H * 3 // 2, W), not shape {tuple(whole.shape)}")
    height, width = whole.shape[0] * 2 // 3, whole.shape[1]
    return whole[:height], whole[height:].view(height // 2, width // 2, 2)


def simple(path: Path) -> Iterator[Batch]:
    nvc = pynv()
    decoder = nvc.SimpleDecoder(str(path), gpu_id=0, use_device_memory=True)
    count = len(decoder)
    for start in range(0, count, BATCH):
        yield [planes_of(frame) for frame in decoder.get_batch_frames(min(BATCH, count - start))]


def threaded(path: Path) -> Iterator[Batch]:
    nvc = pynv()
    decoder = nvc.ThreadedDecoder(str(path), 2 * BATCH, gpu_id=0, use_device_memory=True)
    try:
        while frames := decoder.get_batch_frames(BATCH):
            yield [planes_of(frame) for frame in frames]
    finally:
        decoder.end()


def low_level(path: Path) -> Iterator[Batch]:
    nvc = pynv()
    demuxer = nvc.CreateDemuxer(str(path))
    decoder = nvc.CreateDecoder(gpuid=0, codec=demuxer.GetNvCodecId(), usedevicememory=True)
    for packet in demuxer:
        if frames := decoder.Decode(packet):
            yield [planes_of(frame) for frame in frames]


def pyav_cuda(path: Path) -> Iterator[Batch]:
    """PyAV's surfaces; a plane's capsule takes no stream, so the device is synchronised first."""
    import torch
    from av.codec.hwaccel import HWAccel
    from torch.utils.dlpack import from_dlpack

    av = libav()
    # libav takes torch's context where it is current, and refuses the primary one once torch has begun to use it.
    torch.zeros(1, device="cuda")
    context: dict[str, object] = {"primary_ctx": "0", "current_ctx": "1"}
    accel = HWAccel("cuda", device=0, allow_software_fallback=False, is_hw_owned=True, options=context)
    with av.open(str(path), hwaccel=accel) as source:
        frames = source.decode(source.streams.video[0])
        while batch := list(itertools.islice(frames, BATCH)):
            torch.cuda.synchronize()
            if batch[0].format.name != "cuda":
                raise RuntimeError(f"the frames are not on the GPU but {batch[0].format.name}")
            yield [
                (from_dlpack(frame.planes[0].__dlpack__()), from_dlpack(frame.planes[1].__dlpack__()))
                for frame in batch
            ]


SOURCES = {"simple": simple, "threaded": threaded, "low_level": low_level, "pyav_cuda": pyav_cuda}

"""Check of Triton: a compiled 8x downsample and SAD against torch, and its bandwidth against a plain copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import triton
import triton.language as tl

if TYPE_CHECKING:
    from probe import Context

FACTOR = 8
FRAMES, HEIGHT_PX, WIDTH_PX, PITCH_BYTES = 64, 1080, 1920, 2048
BLOCK_X, BLOCK_Y, SAD_BLOCK = 64, 4, 1024
REPEATS = 20


@triton.jit  # type: ignore[untyped-decorator]
def _downsample(  # type: ignore[no-untyped-def]
    surfaces, pitches, small, width, height,
    F: tl.constexpr, BX: tl.constexpr, BY: tl.constexpr,  # noqa: N803
):  # fmt: skip
    """Rounded means of F x F luma blocks. surfaces: int64[N] addresses; small: uint8[N, height, width]."""
    n = tl.program_id(2)
    base = tl.load(surfaces + n).to(tl.pointer_type(tl.uint8))
    pitch = tl.load(pitches + n)
    column = tl.program_id(0) * BX * F + tl.arange(0, BX * F)
    y = tl.program_id(1) * BY + tl.arange(0, BY)
    inside = (column[None, :] < width * F) & (y[:, None] < height)
    rows = tl.zeros((BY, BX * F), tl.int32)
    for line in tl.static_range(F):
        address = base + (y[:, None] * F + line) * pitch + column[None, :]
        rows += tl.load(address, mask=inside, other=0).to(tl.int32)
    total = tl.sum(tl.reshape(rows, (BY, BX, F)), axis=2)
    x = tl.program_id(0) * BX + tl.arange(0, BX)
    target = small + n.to(tl.int64) * width * height + y[:, None] * width + x[None, :]
    tl.store(
        target, ((total + F * F // 2) // (F * F)).to(tl.uint8), mask=(x[None, :] < width) & (y[:, None] < height)
    )


@triton.jit  # type: ignore[untyped-decorator]
def _absolute_difference(small, partial, size, blocks, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]  # noqa: N803
    """Sums of |next - this| by block, without atomics. small: uint8[N, size]; partial: int32[N - 1, blocks]."""
    n = tl.program_id(1).to(tl.int64)
    offset = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here = tl.load(small + n * size + offset, mask=offset < size, other=0).to(tl.int32)
    after = tl.load(small + (n + 1) * size + offset, mask=offset < size, other=0).to(tl.int32)
    tl.store(partial + n * blocks + tl.program_id(0), tl.sum(tl.abs(after - here), axis=0))


def with_triton(frames: list[Any]) -> tuple[Any, Any]:
    """Small frames (N, H/8, W/8) uint8 and their SADs (N - 1) int64; luma surfaces (H, W) with any pitch."""
    height, width = frames[0].shape[0] // FACTOR, frames[0].shape[1] // FACTOR
    device = frames[0].device
    surfaces = torch.tensor([frame.data_ptr() for frame in frames], dtype=torch.int64, device=device)
    pitches = torch.tensor([frame.stride(0) for frame in frames], dtype=torch.int64, device=device)
    small = torch.empty((len(frames), height, width), dtype=torch.uint8, device=device)
    grid = (triton.cdiv(width, BLOCK_X), triton.cdiv(height, BLOCK_Y), len(frames))
    _downsample[grid](surfaces, pitches, small, width, height, F=FACTOR, BX=BLOCK_X, BY=BLOCK_Y)
    blocks = triton.cdiv(height * width, SAD_BLOCK)
    partial = torch.empty((len(frames) - 1, blocks), dtype=torch.int32, device=device)
    if len(frames) > 1:
        _absolute_difference[blocks, len(frames) - 1](small, partial, height * width, blocks, BLOCK=SAD_BLOCK)
    return small, partial.sum(1, dtype=torch.int64)


def with_torch(frames: list[Any]) -> tuple[Any, Any]:
    """The reference of `with_triton`."""
    height, width = frames[0].shape[0] // FACTOR, frames[0].shape[1] // FACTOR
    block = FACTOR * FACTOR
    small = []
    for frame in frames:
        cut = frame[: height * FACTOR, : width * FACTOR].reshape(height, FACTOR, width, FACTOR)
        small.append(((cut.sum((1, 3), dtype=torch.int32) + block // 2) // block).to(torch.uint8))
    stack = torch.stack(small)
    return stack, (stack[1:].int() - stack[:-1].int()).abs().sum((1, 2), dtype=torch.int64)


def milliseconds(work: Callable[[], object]) -> float:
    """Median time of one call on the GPU, after three calls to warm up."""
    times: list[float] = []
    for repeat in range(REPEATS + 3):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        work()
        end.record()
        torch.cuda.synchronize()
        if repeat >= 3:
            times.append(start.elapsed_time(end))
    return sorted(times)[len(times) // 2]


def triton_kernel(context: Context) -> None:
    """Equality on odd sizes and padded rows, then bandwidth on 64 frames of 1080p, more than any cache holds."""
    generator = torch.Generator(device="cuda").manual_seed(7)
    for height, width, pitch in ((HEIGHT_PX, WIDTH_PX, PITCH_BYTES), (136, 200, 200), (1083, 1917, 1917)):
        padded = torch.randint(0, 256, (5, height, pitch), dtype=torch.uint8, device="cuda", generator=generator)
        frames = [plane[:, :width] for plane in padded]
        ours, reference = with_triton(frames), with_torch(frames)
        same = torch.equal(ours[0], reference[0]), torch.equal(ours[1], reference[1])
        context.note(**{f"equal_{width}x{height}_pitch_{pitch}": {"small": same[0], "sad": same[1]}})
    surfaces = torch.randint(0, 256, (FRAMES, HEIGHT_PX, PITCH_BYTES), dtype=torch.uint8, device="cuda")
    batch = [plane[:, :WIDTH_PX] for plane in surfaces]
    source = torch.empty(512 * 2**20, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    copy_ms = milliseconds(lambda: target.copy_(source))
    triton_ms, torch_ms = milliseconds(lambda: with_triton(batch)), milliseconds(lambda: with_torch(batch))
    read_bytes = FRAMES * HEIGHT_PX * WIDTH_PX
    context.note(
        copy_gb_s=round(2 * source.numel() / copy_ms / 1e6, 1),
        triton_gb_s=round(read_bytes / triton_ms / 1e6, 1),
        torch_gb_s=round(read_bytes / torch_ms / 1e6, 1),
        triton_ms_per_64_frames=round(triton_ms, 3),
        torch_ms_per_64_frames=round(torch_ms, 3),
    )

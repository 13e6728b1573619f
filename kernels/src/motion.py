"""What scoring motion reads of pictures, for a batch in one launch: sums over blocks and cells, thin pictures.

Its samples lie on grids, every so many rows and columns of a plane: of 1080p one row of luma in eighteen is read, and
for pictures that are compared one in nine besides. Every program sums a strip of rows and writes its own results: no
atomics, and only integers, so that they are the same on every run and every device. Blocks and cells of luma share
their rows within a program, as U and V do in NV12; what one of them has fetched the other finds in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
import triton
import triton.language as tl
from nvpipe.kernels.motion_plan import Grid, Plan

Planes = Sequence[torch.Tensor]
"""Y `[H, W]`, U and V `[H/2, W/2]`, uint8 with any strides: planar, or views of NV12."""

_FIELDS = 10
"""Numbers in a row of the table: of each plane its address and the bytes from row to row and from column to column,
then the place of the thin picture, -1 for none."""
_STRIPS = 9
_TILE = (8, 8)
"""Rows and columns of a block that are read at once."""
_CELL_TILE = (4, 4)
_PICTURE_TILE = (8, 128)
_WARPS = 4


@triton.jit  # type: ignore[untyped-decorator]
def _binned(  # type: ignore[no-untyped-def]
    plane, row, column, start, step, top, rows, first, counts, most,
    BINS: tl.constexpr, TALL: tl.constexpr, WIDE: tl.constexpr,  # noqa: N803
):  # fmt: skip
    """int32[BINS] sums over `rows` rows of a grid from its row `top` on, each of `counts` columns from `first` on.

    plane: pointer to uint8; row, column: int64, bytes from one to the next; first, counts: int32[BINS]; most: the
    largest count.
    """
    total = tl.zeros((TALL, BINS, WIDE), tl.int32)
    for down in range(0, rows, TALL):
        y = down + tl.arange(0, TALL)
        for across in range(0, most, WIDE):
            x = across + tl.arange(0, WIDE)
            places = (start + (first[:, None] + x[None, :]) * step).to(tl.int64) * column
            lines = (start + (top + y) * step).to(tl.int64) * row
            inside = (y < rows)[:, None, None] & (x[None, :] < counts[:, None])[None, :, :]
            samples = tl.load(plane + lines[:, None, None] + places[None, :, :], mask=inside, other=0)
            total += samples.to(tl.int32)
    return tl.sum(tl.sum(total, axis=2), axis=0)


@triton.jit  # type: ignore[untyped-decorator]
def _block_row(  # type: ignore[no-untyped-def]
    plane, row, column, start, step, height, width, down, across, part, sums,
    BINS: tl.constexpr, TALL: tl.constexpr, WIDE: tl.constexpr,  # noqa: N803
):  # fmt: skip
    """Write the sums of row `part` of `down` x `across` blocks to sums: int32[down, across]."""
    block = tl.arange(0, BINS)
    rows, columns = height // down, width // across
    counts = tl.where(block < across, columns, 0)
    found = _binned(
        plane, row, column, start, step, part * rows, rows, block * columns, counts, columns, BINS, TALL, WIDE
    )
    tl.store(sums + part * across + block, found, mask=block < across)


_SHAPES = (
    "luma_start", "luma_step", "luma_height", "luma_width", "chroma_start", "chroma_step", "chroma_height",
    "chroma_width", "picture_start", "picture_step", "picture_height", "picture_width", "length",
)  # fmt: skip


@triton.jit(do_not_specialize=_SHAPES)  # type: ignore[untyped-decorator]
def _gather(  # type: ignore[no-untyped-def]
    table, sums, pictures,
    luma_start, luma_step, luma_height, luma_width,
    chroma_start, chroma_step, chroma_height, chroma_width,
    picture_start, picture_step, picture_height, picture_width, length,
    FIELDS: tl.constexpr, STRIPS: tl.constexpr, DOWN: tl.constexpr, ACROSS: tl.constexpr, BINS: tl.constexpr,  # noqa: N803
    CELLS_DOWN: tl.constexpr, CELLS_ACROSS: tl.constexpr, CELL_BINS: tl.constexpr, CELLS_EACH: tl.constexpr,  # noqa: N803
    TALL: tl.constexpr, WIDE: tl.constexpr, CELL_TALL: tl.constexpr, CELL_WIDE: tl.constexpr,  # noqa: N803
    PICTURE_TALL: tl.constexpr, PICTURE_WIDE: tl.constexpr,  # noqa: N803
):  # fmt: skip
    """Program (n, part): strip `part` of frame n's sums, or from STRIPS on some rows of its thin picture.

    table: int64[N, FIELDS]; sums: int32[N, length]; pictures: uint8[M, picture_height, picture_width].
    """
    n = tl.program_id(0).to(tl.int64)
    part = tl.program_id(1)
    entry = table + n * FIELDS
    luma = tl.load(entry).to(tl.pointer_type(tl.uint8))
    row, column = tl.load(entry + 1), tl.load(entry + 2)
    if part < STRIPS:
        out = sums + n * length
        luma_down, luma_across = tl.minimum(luma_height, DOWN), tl.minimum(luma_width, ACROSS)
        if part < luma_down:
            _block_row(
                luma, row, column, luma_start, luma_step, luma_height, luma_width, luma_down, luma_across, part, out,
                BINS, TALL, WIDE,
            )  # fmt: skip
        out += luma_down * luma_across
        chroma_down, chroma_across = tl.minimum(chroma_height, DOWN), tl.minimum(chroma_width, ACROSS)
        for plane in tl.static_range(1, 3):
            if part < chroma_down:
                chroma = tl.load(entry + 3 * plane).to(tl.pointer_type(tl.uint8))
                _block_row(
                    chroma, tl.load(entry + 3 * plane + 1), tl.load(entry + 3 * plane + 2), chroma_start, chroma_step,
                    chroma_height, chroma_width, chroma_down, chroma_across, part, out, BINS, TALL, WIDE,
                )  # fmt: skip
            out += chroma_down * chroma_across
        cell = tl.arange(0, CELL_BINS)
        first = cell * luma_width // CELLS_ACROSS
        counts = tl.maximum(first + 1, (cell + 1) * luma_width // CELLS_ACROSS) - first
        counts = tl.where(cell < CELLS_ACROSS, counts, 0)
        most = tl.maximum(1, (luma_width + CELLS_ACROSS - 1) // CELLS_ACROSS)
        for each in tl.static_range(CELLS_EACH):
            line = part * CELLS_EACH + each
            if line < CELLS_DOWN:
                top = line * luma_height // CELLS_DOWN
                rows = tl.maximum(top + 1, (line + 1) * luma_height // CELLS_DOWN) - top
                found = _binned(
                    luma, row, column, luma_start, luma_step, top, rows, first, counts, most,
                    CELL_BINS, CELL_TALL, CELL_WIDE,
                )  # fmt: skip
                tl.store(out + line * CELLS_ACROSS + cell, found, mask=cell < CELLS_ACROSS)
    else:
        slot = tl.load(entry + FIELDS - 1)
        if slot >= 0:
            out = pictures + slot * picture_height * picture_width
            y = (part - STRIPS) * PICTURE_TALL + tl.arange(0, PICTURE_TALL)
            lines = luma + (picture_start + y * picture_step).to(tl.int64) * row
            for left in range(0, picture_width, PICTURE_WIDE):
                x = left + tl.arange(0, PICTURE_WIDE)
                inside = (y < picture_height)[:, None] & (x < picture_width)[None, :]
                places = (picture_start + x * picture_step).to(tl.int64) * column
                samples = tl.load(lines[:, None] + places[None, :], mask=inside, other=0)
                tl.store(out + y[:, None] * picture_width + x[None, :], samples, mask=inside)


def gather(frames: Sequence[Planes], due: Sequence[int], plan: Plan) -> torch.Tensor:
    """Sums and thin pictures of a batch, packed for one transfer; see `Plan.unpacked`. Nothing is waited for.

    The planes must stay as they are until what is queued on torch's current stream has run.

    Args:
        frames: one or more pictures of one size on one device.
        due: which of them are wanted as thin pictures, in the order in which these shall be.
        plan: what to read of each.

    Raises:
        ValueError: planes, `due` and the plan do not go together.
    """
    table = table_of(frames, due, plan)
    packed = torch.empty(plan.packed_bytes(len(frames), len(due)), dtype=torch.uint8, device=table.device)
    launch(table, packed, len(due), plan)
    return packed


def table_of(frames: Sequence[Planes], due: Sequence[int], plan: Plan) -> torch.Tensor:
    """What `launch` has to know of a batch, on its device: int64 `[N, 10]`. Arguments and errors as of `gather`."""
    device = _checked(frames, due, plan)
    slots = {index: place for place, index in enumerate(due)}
    rows = [
        [number for plane in planes for number in (plane.data_ptr(), *plane.stride())] + [slots.get(index, -1)]
        for index, planes in enumerate(frames)
    ]
    table = torch.tensor(rows, dtype=torch.int64)
    # The allocator of pinned memory knows when the copy is done.
    return table.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else table


def launch(table: torch.Tensor, packed: torch.Tensor, pictures: int, plan: Plan) -> None:
    """Fill in the results of a batch.

    Args:
        table: see `table_of`.
        packed: of `plan.packed_bytes`, on the same device.
        pictures: how many are due.
        plan: what to read of each.
    """
    frames, device = len(table), table.device
    sums, thin = plan.unpacked(packed, frames, pictures)
    parts = _STRIPS + (triton.cdiv(plan.picture.height, _PICTURE_TILE[0]) if pictures else 0)
    function, _, constants, warps = kernel(plan)
    # Triton launches on the current card.
    with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
        function[frames, parts](
            table, sums, thin, *plan.luma, *plan.chroma, *plan.picture, sum(plan.lengths),
            **constants, num_warps=warps,
        )  # fmt: skip


def kernel(plan: Plan) -> tuple[Any, dict[str, str], dict[str, int], int]:
    """What is compiled: the function, the types of its pointers, its constants, and how many warps run it."""
    pointers = {"table": "*i64", "sums": "*i32", "pictures": "*u8"}
    constants = {
        "FIELDS": _FIELDS,
        "STRIPS": _STRIPS,
        "DOWN": plan.blocks[0],
        "ACROSS": plan.blocks[1],
        "BINS": triton.next_power_of_2(plan.blocks[1]),
        "CELLS_DOWN": plan.cells[0],
        "CELLS_ACROSS": plan.cells[1],
        "CELL_BINS": triton.next_power_of_2(plan.cells[1]),
        "CELLS_EACH": triton.cdiv(plan.cells[0], _STRIPS),
        "TALL": _TILE[0],
        "WIDE": _TILE[1],
        "CELL_TALL": _CELL_TILE[0],
        "CELL_WIDE": _CELL_TILE[1],
        "PICTURE_TALL": _PICTURE_TILE[0],
        "PICTURE_WIDE": _PICTURE_TILE[1],
    }
    return _gather, pointers, constants, _WARPS


def gather_reference(frames: Sequence[Planes], due: Sequence[int], plan: Plan) -> torch.Tensor:
    """The reference of `gather`, on any device.

    Raises:
        ValueError: planes, `due` and the plan do not go together.
    """
    _checked(frames, due, plan)
    thin = [torch.stack([_thin(planes[index], grid) for planes in frames]) for index, grid in _grids(plan)]
    blocks = [_block_sums(planes, plan.blocks) for planes in thin]
    sums = torch.cat([*blocks, _cell_sums(thin[0], plan.cells)], dim=1).to(torch.int32)
    pictures = [_thin(frames[index][0], plan.picture).reshape(-1) for index in due]
    return torch.cat([sums.contiguous().view(torch.uint8).reshape(-1), *pictures])


def _grids(plan: Plan) -> list[tuple[int, Grid]]:
    return [(0, plan.luma), (1, plan.chroma), (2, plan.chroma)]


def _thin(plane: torch.Tensor, grid: Grid) -> torch.Tensor:
    return plane[grid.start :: grid.step, grid.start :: grid.step][: grid.height, : grid.width]


def _block_sums(planes: torch.Tensor, blocks: tuple[int, int]) -> torch.Tensor:
    """Sums `[N, BLOCKS]` over blocks of the planes `[N, H, W]`."""
    count, height, width = planes.shape
    down, across = min(height, blocks[0]), min(width, blocks[1])
    rows, columns = height // down, width // across
    whole = planes[:, : down * rows, : across * columns].reshape(count, down, rows, across, columns)
    return whole.sum((2, 4), dtype=torch.int32).reshape(count, -1)


def _cell_sums(planes: torch.Tensor, cells: tuple[int, int]) -> torch.Tensor:
    """Sums `[N, CELLS]` over cells of the planes `[N, H, W]`, as differences of running sums."""
    result = planes.to(torch.int64)
    for axis, count in ((1, cells[0]), (2, cells[1])):
        side = planes.shape[axis]
        first = torch.arange(count, device=planes.device) * side // count
        end = torch.maximum(first + 1, torch.arange(1, count + 1, device=planes.device) * side // count)
        running = result.cumsum(axis)
        running = torch.cat([torch.zeros_like(running.narrow(axis, 0, 1)), running], dim=axis)
        result = running.index_select(axis, end) - running.index_select(axis, first)
    return result.reshape(len(planes), -1)


def _checked(frames: Sequence[Planes], due: Sequence[int], plan: Plan) -> torch.device:
    """The device that all planes are on.

    Raises:
        ValueError: planes, `due` and the plan do not go together.
    """
    if not frames:
        raise ValueError("there is no picture to gather from")
    if plan.blocks[0] > _STRIPS or min(*plan.blocks, *plan.cells) < 1:
        raise ValueError(f"there can be 1 to {_STRIPS} blocks down, not {plan.blocks[0]}")
    if len(set(due)) != len(due) or not all(0 <= index < len(frames) for index in due):
        raise ValueError(f"of {len(frames)} pictures {list(due)} cannot be wanted")
    first = frames[0]
    for planes in frames:
        for plane, like in zip(planes, first, strict=True):
            if plane.dtype != torch.uint8 or plane.dim() != 2:
                raise ValueError(f"a plane of uint8 [H, W] is needed, not {plane.dtype} {list(plane.shape)}")
            if plane.shape != like.shape or plane.device != first[0].device:
                raise ValueError("pictures of one batch have one size and are on one device")
    if len(first) != 3 or first[1].shape != first[2].shape:
        raise ValueError("planes are Y, U and V, the last two of one size")
    for shape, grid in ((first[0].shape, plan.luma), (first[1].shape, plan.chroma), (first[0].shape, plan.picture)):
        if grid.step < 1 or grid.start < 0 or min(grid.height, grid.width) < 1:
            raise ValueError(f"{grid} reads nothing")
        if any(grid.start + (count - 1) * grid.step >= side for count, side in zip(grid[2:], shape, strict=True)):
            raise ValueError(f"{grid} does not lie in a plane of {list(shape)}")
    return first[0].device

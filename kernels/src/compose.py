"""A picture composed in one kernel, from 4:2:0 planes to NV12: crop, scale, backdrop, captions.

One launch draws one source on its area of the canvas. Every pixel of it is either the sharp part, sampled with the
taps of two tables, or the backdrop, sampled likewise from a small picture, or black; then come the patches above it.
The small picture is made before by the same kernel, which shrinks the bands, and by two matrix products that blur.

Not yet run on hardware: Triton's interpreter has checked it against `nvpipe.kernels.compose_torch`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import triton
import triton.language as tl
from nvpipe.kernels.compose_scene import BLACK_UV, BLACK_Y
from nvpipe.kernels.compose_tables import BandTone, PlaneTables, SmallPicture, shrinking

if TYPE_CHECKING:
    from nvpipe.kernels.compose_patches import PatchSheet
    from nvpipe.kernels.compose_scene import Scene
    from nvpipe.kernels.compose_tables import Planes

BLOCK_X, BLOCK_Y = 64, 16
"""Pixels of one program, in luma and in chroma alike."""
_CHANGING = ("y_source", "u_source", "v_source", "patches", "patch_count")
"""What differs from picture to picture; it is not worth a compilation."""


@triton.jit  # type: ignore[untyped-decorator]
def _sampled(  # type: ignore[no-untyped-def]
    source,  # uint8 plane
    row_stride,  # elements
    column_stride,  # elements
    x_index,  # int32 [columns, TAPS_X]
    x_weight,  # float32 [columns, TAPS_X]
    y_index,  # int32 [rows, TAPS_Y]
    y_weight,  # float32 [rows, TAPS_Y]
    x,  # [BX] columns of the tables
    y,  # [BY] rows of the tables
    x_in,  # [BX] whether the column is wanted
    y_in,  # [BY]
    TAPS_X: tl.constexpr,  # noqa: N803
    TAPS_Y: tl.constexpr,  # noqa: N803
):
    """A plane filtered along both axes, rounded to bytes; int32 [BY, BX], anything where it is not wanted."""
    inside = y_in[:, None] & x_in[None, :]
    total = tl.zeros(inside.shape, tl.float32)
    for down in range(TAPS_Y):
        row = tl.load(y_index + y * TAPS_Y + down, mask=y_in, other=0)
        row_share = tl.load(y_weight + y * TAPS_Y + down, mask=y_in, other=0.0)
        line = tl.zeros(inside.shape, tl.float32)
        for across in tl.static_range(TAPS_X):
            column = tl.load(x_index + x * TAPS_X + across, mask=x_in, other=0)
            column_share = tl.load(x_weight + x * TAPS_X + across, mask=x_in, other=0.0)
            at = row[:, None] * row_stride + column[None, :] * column_stride
            line += tl.load(source + at, mask=inside, other=0).to(tl.float32) * column_share[None, :]
        total += line * row_share[:, None]
    return tl.floor(tl.minimum(tl.maximum(total, 0.0), 255.0) + 0.5).to(tl.int32)


@triton.jit  # type: ignore[untyped-decorator]
def _patched(  # type: ignore[no-untyped-def]
    below,  # int32 [BY, BX]
    patches,  # int64 [patch_count, 5]: address, left, top, width, height in pixels of the canvas
    patch_count,
    area_left,
    area_top,
    x,  # [BX] columns of the area, in this plane
    y,  # [BY]
    low_x,  # the first of them
    low_y,
    HALF: tl.constexpr,  # noqa: N803 - 1 for luma, 2 for chroma
    COLOUR: tl.constexpr,  # noqa: N803 - where a patch's plane begins, in such planes
    ALPHA: tl.constexpr,  # noqa: N803
    BX: tl.constexpr,  # noqa: N803
    BY: tl.constexpr,  # noqa: N803
):
    """A block of a plane with the patches laid over it; v / 255 rounded is (v + 128 + (v + 128 >> 8)) >> 8."""
    for number in range(patch_count):
        fields = patches + number * 5
        left, top = (tl.load(fields + 1) - area_left) // HALF, (tl.load(fields + 2) - area_top) // HALF
        width, height = tl.load(fields + 3) // HALF, tl.load(fields + 4) // HALF
        beside = (low_x >= left + width) | (low_x + BX <= left)
        if (beside | (low_y >= top + height) | (low_y + BY <= top)) == 0:
            pixels = tl.load(fields).to(tl.pointer_type(tl.uint8))
            there = ((x >= left) & (x < left + width))[None, :] & ((y >= top) & (y < top + height))[:, None]
            at = (y - top)[:, None] * width + (x - left)[None, :]
            colour = tl.load(pixels + COLOUR * width * height + at, mask=there, other=0).to(tl.int32)
            alpha = tl.load(pixels + ALPHA * width * height + at, mask=there, other=0).to(tl.int32)
            mixed = below * (255 - alpha) + colour * 255 + 128
            below = (mixed + (mixed >> 8)) >> 8
    return below


@triton.jit  # type: ignore[untyped-decorator]
def _plane(  # type: ignore[no-untyped-def]
    source,  # uint8, the upper left pixel of the sharp part
    row_stride,  # elements
    column_stride,
    x_index,  # int32 [sharp width, TAPS_X]
    x_weight,  # float32 [sharp width, TAPS_X]
    y_index,  # int32 [sharp height, TAPS_Y]
    y_weight,
    small,  # uint8 [*, small_width], the backdrop
    small_width,
    bx_index,  # int32 [area width, 2], into the backdrop
    bx_weight,  # float32 [area width, 2]
    by_index,
    by_weight,
    patches,
    patch_count,
    area_left,
    area_top,
    width,  # of the area, in this plane
    height,
    left,  # of the sharp part in the area, in this plane
    top,
    right,
    bottom,
    BACKDROP: tl.constexpr,  # noqa: N803
    TAPS_X: tl.constexpr,  # noqa: N803
    TAPS_Y: tl.constexpr,  # noqa: N803
    BLACK: tl.constexpr,  # noqa: N803
    HALF: tl.constexpr,  # noqa: N803
    COLOUR: tl.constexpr,  # noqa: N803
    ALPHA: tl.constexpr,  # noqa: N803
    BX: tl.constexpr,  # noqa: N803
    BY: tl.constexpr,  # noqa: N803
):
    """This program's block of a plane, int32 [BY, BX]."""
    low_x, low_y = tl.program_id(0) * BX, tl.program_id(1) * BY
    x, y = low_x + tl.arange(0, BX), low_y + tl.arange(0, BY)
    found = tl.full((BY, BX), BLACK, tl.int32)
    if BACKDROP:  # noqa: SIM102 - the outer one is decided by the compiler
        if (low_x < left) | (low_x + BX > right) | (low_y < top) | (low_y + BY > bottom):
            found = _sampled(
                small, small_width, 1, bx_index, bx_weight, by_index, by_weight, x, y, x < width, y < height, 2, 2
            )
    if (low_x < right) & (low_x + BX > left) & (low_y < bottom) & (low_y + BY > top):
        x_in, y_in = (x >= left) & (x < right), (y >= top) & (y < bottom)
        sharp = _sampled(
            source, row_stride, column_stride, x_index, x_weight, y_index, y_weight, x - left, y - top, x_in, y_in,
            TAPS_X, TAPS_Y,
        )  # fmt: skip
        found = tl.where(x_in[None, :] & y_in[:, None], sharp, found)
    return _patched(found, patches, patch_count, area_left, area_top, x, y, low_x, low_y, HALF, COLOUR, ALPHA, BX, BY)


@triton.jit(do_not_specialize=_CHANGING, do_not_specialize_on_alignment=_CHANGING)  # type: ignore[untyped-decorator]
def _compose(  # type: ignore[no-untyped-def]
    y_source,  # uint8 planes of the source, from the upper left pixel of the sharp part on
    u_source,
    v_source,
    y_row_stride,
    y_column_stride,
    u_row_stride,  # of V as well
    u_column_stride,
    x_index,  # the sharp part's taps; see `_plane`
    x_weight,
    y_index,
    y_weight,
    x_index_uv,
    x_weight_uv,
    y_index_uv,
    y_weight_uv,
    small,  # uint8, the backdrop's planes Y, U, V one after the other
    small_width,
    small_height,
    bx_index,  # the backdrop's taps
    bx_weight,
    by_index,
    by_weight,
    bx_index_uv,
    bx_weight_uv,
    by_index_uv,
    by_weight_uv,
    patches,  # int64 [patch_count, 5]
    patch_count,
    canvas,  # uint8 NV12 [canvas_height * 3 / 2, pitch]
    canvas_height,
    pitch,
    area_left,  # in the canvas, all even
    area_top,
    area_width,
    area_height,
    sharp_left,  # in the area, all even
    sharp_top,
    sharp_width,
    sharp_height,
    BACKDROP: tl.constexpr,  # noqa: N803
    TAPS_X: tl.constexpr,  # noqa: N803
    TAPS_Y: tl.constexpr,  # noqa: N803
    BLACK_LUMA: tl.constexpr,  # noqa: N803
    BLACK_CHROMA: tl.constexpr,  # noqa: N803
    BX: tl.constexpr,  # noqa: N803
    BY: tl.constexpr,  # noqa: N803
):
    """Program (i, j, 0) makes a block of luma, (i, j, 1) the same block of both chroma planes."""
    low_x, low_y = tl.program_id(0) * BX, tl.program_id(1) * BY
    x, y = low_x + tl.arange(0, BX), low_y + tl.arange(0, BY)
    right, bottom = sharp_left + sharp_width, sharp_top + sharp_height
    if tl.program_id(2) == 0:
        luma = _plane(
            y_source, y_row_stride, y_column_stride, x_index, x_weight, y_index, y_weight,
            small, small_width, bx_index, bx_weight, by_index, by_weight,
            patches, patch_count, area_left, area_top, area_width, area_height,
            sharp_left, sharp_top, right, bottom,
            BACKDROP, TAPS_X, TAPS_Y, BLACK_LUMA, 1, 0, 1, BX, BY,
        )  # fmt: skip
        seen = (x < area_width)[None, :] & (y < area_height)[:, None]
        at = (area_top + y).to(tl.int64)[:, None] * pitch + (area_left + x)[None, :]
        tl.store(canvas + at, luma.to(tl.uint8), mask=seen)
    else:
        width, height = area_width // 2, area_height // 2
        if (low_x < width) & (low_y < height):
            small_u = small + small_width * small_height
            small_v = small_u + (small_width // 2) * (small_height // 2)
            u = _plane(
                u_source, u_row_stride, u_column_stride, x_index_uv, x_weight_uv, y_index_uv, y_weight_uv,
                small_u, small_width // 2, bx_index_uv, bx_weight_uv, by_index_uv, by_weight_uv,
                patches, patch_count, area_left, area_top, width, height,
                sharp_left // 2, sharp_top // 2, right // 2, bottom // 2,
                BACKDROP, TAPS_X, TAPS_Y, BLACK_CHROMA, 2, 8, 10, BX, BY,
            )  # fmt: skip
            v = _plane(
                v_source, u_row_stride, u_column_stride, x_index_uv, x_weight_uv, y_index_uv, y_weight_uv,
                small_v, small_width // 2, bx_index_uv, bx_weight_uv, by_index_uv, by_weight_uv,
                patches, patch_count, area_left, area_top, width, height,
                sharp_left // 2, sharp_top // 2, right // 2, bottom // 2,
                BACKDROP, TAPS_X, TAPS_Y, BLACK_CHROMA, 2, 9, 10, BX, BY,
            )  # fmt: skip
            seen = (x < width)[None, :] & (y < height)[:, None]
            rows = canvas_height + area_top // 2 + y
            at = rows.to(tl.int64)[:, None] * pitch + (area_left + 2 * x)[None, :]
            tl.store(canvas + at, u.to(tl.uint8), mask=seen)
            tl.store(canvas + at + 1, v.to(tl.uint8), mask=seen)


class KernelDrawer:
    """Draws one scene; its tables are on the device from the start.

    Args:
        scene: what to draw.
        device: where; a CPU only in Triton's interpreter.
    """

    def __init__(self, scene: Scene, device: torch.device) -> None:
        self._scene = scene
        sharp = scene.sharp
        self._tables = PlaneTables.scaling(scene.kernel, scene.part_px, (sharp.width, sharp.height), device)
        self._small = SmallPicture(scene, device) if scene.bands else None
        self._shrinking = [
            (
                KernelDrawer(shrinking(band), device),
                BandTone(band, device),
                torch.empty((band.small_px[1] * 3 // 2, band.small_px[0]), dtype=torch.uint8, device=device),
            )
            for band in scene.bands
        ]
        self._nothing = torch.empty((0, 5), dtype=torch.int64, device=device)

    def draw(self, source: Planes, left_px: int, top_px: int, sheet: PatchSheet | None, canvas: torch.Tensor) -> None:
        """Draw a picture; nothing waits for the device.

        Args:
            source: of the size that the scene was made for; U and V have the same strides.
            left_px, top_px: corner of the sharp part in the source.
            sheet: what lies above it, in the canvas; None is nothing.
            canvas: NV12 `[H * 3 / 2, W]`, its rows maybe apart, of which the scene's area is written.

        Raises:
            ValueError: the planes' strides differ, or the canvas has gaps within its rows.
        """
        if source.u.stride() != source.v.stride():
            raise ValueError(f"U and V have different strides: {source.u.stride()} and {source.v.stride()}")
        if canvas.stride(1) != 1:
            raise ValueError("an NV12 canvas has no gaps within its rows")
        for number, (band, (drawer, tone, shrunk)) in enumerate(zip(self._scene.bands, self._shrinking, strict=True)):
            drawer.draw(source, band.source.left, band.source.top, None, shrunk)
            assert self._small is not None
            self._small.put(number, tone.apply(shrunk))
        scene, tables = self._scene, self._tables
        part = source.window(left_px, top_px, scene.part_px)
        # Without a backdrop its arguments are never read.
        small = self._small
        behind = small.tables if small else tables
        pixels, width, height = (small.pixels, small.width, small.height) if small else (canvas, 0, 0)
        fields = self._nothing if sheet is None else sheet.fields
        area, sharp = scene.area, scene.sharp
        grid = (triton.cdiv(area.width, BLOCK_X), triton.cdiv(area.height, BLOCK_Y), 2)
        _compose[grid](
            part.y, part.u, part.v, *part.y.stride(), *part.u.stride(),
            *tables.luma.pointers(), *tables.chroma.pointers(),
            pixels, width, height,
            *behind.luma.pointers(), *behind.chroma.pointers(),
            fields, fields.shape[0],
            canvas, canvas.shape[0] * 2 // 3, canvas.stride(0),
            *area, *sharp,
            BACKDROP=self._small is not None, TAPS_X=tables.taps_x, TAPS_Y=tables.taps_y,
            BLACK_LUMA=BLACK_Y, BLACK_CHROMA=BLACK_UV, BX=BLOCK_X, BY=BLOCK_Y,
        )  # fmt: skip

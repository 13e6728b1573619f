"""Placements as scenes of the compose kernel: the numbers that the CPU's filter graphs are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.compose.graphs import bands_of, corner_of, kernel_of
from nvpipe.kernels.compose_scene import Band, Rect, Scene

if TYPE_CHECKING:
    from nvpipe.compose import Area, Placement, Size
    from nvpipe.compose.graphs import Band as GraphBand


def scene_of(placement: Placement, source_px: Size, area: Area) -> Scene:
    """The scene that shows upright footage with square pixels on an area of a canvas.

    Args:
        placement: where it goes on the area.
        source_px: width and height of the footage.
        area: of the canvas.
    """
    sharp = Rect(*corner_of(placement, area.size_px), *placement.size_px)
    bands = tuple(_band(band, placement, source_px, area.size_px) for band in bands_of(placement, area.size_px))
    return Scene(
        Rect(area.left_px, area.top_px, *area.size_px), placement.part_px, sharp, kernel_of(placement), bands
    )


def enlarging(source_px: Size, area: Area) -> Scene:
    """The scene that stretches all of a picture over an area."""
    return Scene(Rect(area.left_px, area.top_px, *area.size_px), source_px, Rect(0, 0, *area.size_px), "bilinear")


def corner_in(source_px: Size, part_px: Size, *, exact: bool = False) -> tuple[int, int]:
    """Left and top of the middle part of a picture, as libavfilter's `crop` rounds them.

    Args:
        source_px: size of the picture.
        part_px: size of the part.
        exact: any whole pixel; else even ones.
    """
    left, top = (
        max(0, min(round((source_px[axis] - part_px[axis]) / 2), source_px[axis] - part_px[axis])) for axis in (0, 1)
    )
    return (left, top) if exact else (left // 2 * 2, top // 2 * 2)


def _band(band: GraphBand, placement: Placement, source_px: Size, area_px: Size) -> Band:
    assert placement.backdrop is not None
    backdrop, tail = placement.backdrop, band.name == "tail"
    corner = corner_in(source_px, backdrop.part_px)
    return Band(
        source=_along(band.axis, corner, backdrop.part_px, band.source_px, tail=tail),
        small_px=_sized(band.axis, band.whole_px, band.blurred_px),
        # As precisely as the filter graphs say them.
        sigma_px=float(f"{band.sigma_px:g}"),
        opacity=float(f"{backdrop.opacity:g}"),
        chroma=float(f"{backdrop.opacity * (1 - backdrop.desaturation):g}"),
        kept=_along(band.axis, (0, 0), _sized(band.axis, band.whole_px, band.blurred_px), band.kept_px, tail=tail),
        shown=_along(band.axis, (0, 0), area_px, band.thick_px, tail=tail),
    )


def _along(axis: int, corner: tuple[int, int], size: Size, length: int, *, tail: bool) -> Rect:
    """The first or last pixels of a rectangle along an axis."""
    skip = size[axis] - length if tail else 0
    left, top = (corner[each] + (skip if each == axis else 0) for each in (0, 1))
    return Rect(left, top, *_sized(axis, size, length))


def _sized(axis: int, size: Size, length: int) -> Size:
    return (size[0], length) if axis else (length, size[1])

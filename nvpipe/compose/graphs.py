"""Placements as filter graphs for libavfilter.

Everything stays in planar YUV; of the blurred backdrop only the bands that the footage leaves free are computed, at a
tenth of the canvas, and scaled up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.compose.layout import even

if TYPE_CHECKING:
    from nvpipe.compose import Backdrop, Placement, Size

BLUR_SCALE = 10
"""How much smaller the backdrop is computed, at most."""
SMALL_SIGMA_PX = 3.0
"""Of the blur at the small size; with less, the scaling up would show."""
LEAST_WIDTH_PX = 40
"""Of what is blurred: libavfilter's gblur gives garbage in planes of 16 columns or fewer, and chroma has half."""
_REACH = 4
"""How far beyond a band the blur is computed, in standard deviations: what lies further on adds nothing to it."""
WINDOW = "crop@window"
"""Name of the filter that cuts out the sharp part, where it can be moved."""


@dataclass(frozen=True, slots=True)
class Band:
    """The first or last columns (axis 0) or rows (axis 1) of the backdrop, made small, blurred, and scaled up."""

    name: str
    """`head` or `tail`."""
    axis: int
    thick_px: int
    """Of the canvas."""
    whole_px: Size
    """Size of all of the backdrop when it is small."""
    kept_px: int
    """How much of the small one is shown, along the axis."""
    blurred_px: int
    """How much of it is blurred."""
    source_px: int
    """How much of the backdrop's part of the footage that takes."""
    sigma_px: float
    """Of the blur at the small size."""


def kernel_of(placement: Placement) -> str:
    """The filter of the sharp part.

    Footage that is made smaller loses nothing visible to the quicker filter; what is enlarged would look soft.
    """
    return "bilinear" if placement.size_px[0] <= placement.part_px[0] else "bicubic"


def corner_of(placement: Placement, canvas_px: Size) -> tuple[int, int]:
    """Left and top of the sharp part on the canvas."""
    left, top = (even((canvas_px[axis] - placement.size_px[axis]) / 2, least=0) for axis in (0, 1))
    return left, top


def bands_of(placement: Placement, canvas_px: Size) -> tuple[Band, ...]:
    """The bands of a placement's backdrop, none where there is none."""
    if placement.backdrop is None or placement.size_px == canvas_px:
        return ()
    axis = 1 if placement.size_px[0] == canvas_px[0] else 0
    before = corner_of(placement, canvas_px)[axis]
    after = canvas_px[axis] - placement.size_px[axis] - before
    sides = (("head", before), ("tail", after))
    return tuple(_band_of(name, thick, axis, placement.backdrop, canvas_px) for name, thick in sides if thick > 0)


def _band_of(name: str, thick_px: int, axis: int, backdrop: Backdrop, canvas: Size) -> Band:
    shrunk = max(1.0, min(BLUR_SCALE, backdrop.sigma_px / SMALL_SIGMA_PX, canvas[0] / LEAST_WIDTH_PX))
    sigma = backdrop.sigma_px / shrunk
    whole = (even(canvas[0] / shrunk), even(canvas[1] / shrunk))
    kept = even(thick_px * whole[axis] / canvas[axis])
    blurred = min(whole[axis], even(kept + _REACH * sigma, least=LEAST_WIDTH_PX))
    source = min(backdrop.part_px[axis], even(blurred * backdrop.part_px[axis] / whole[axis]))
    return Band(name, axis, thick_px, whole, kept, blurred, source, sigma)


def graph_of(placement: Placement, canvas_px: Size, *, moving: bool = False) -> str:
    """The graph, in FFmpeg's syntax, from upright square-pixel frames to the canvas.

    With `moving` the sharp part is cut out by a filter named `WINDOW`, which takes commands and any whole pixel.
    """
    width, height = placement.size_px
    part = f"{placement.part_px[0]}:{placement.part_px[1]}"
    window = f"{WINDOW}={part}:exact=1" if moving else f"crop={part}"
    sharp = f"{window},scale={width}:{height}:flags={kernel_of(placement)}"
    if (width, height) == canvas_px:
        return sharp
    left, top = corner_of(placement, canvas_px)
    if placement.backdrop is None:
        return f"{sharp},pad={canvas_px[0]}:{canvas_px[1]}:{left}:{top}:black"
    bands = bands_of(placement, canvas_px)
    names = [band.name for band in bands]
    stacked = ["[head]"] * ("head" in names) + ["[sharp]"] + ["[tail]"] * ("tail" in names)
    return ";".join(
        [
            f"[in]split={len(stacked)}[a]" + "".join(f"[{name}0]" for name in names),
            f"[a]{sharp}[sharp]",
            *(f"[{band.name}0]{_band(band, placement.backdrop, canvas_px)}[{band.name}]" for band in bands),
            f"{''.join(stacked)}{'vstack' if width == canvas_px[0] else 'hstack'}=inputs={len(stacked)}",
        ]
    )


def _band(band: Band, backdrop: Backdrop, canvas: Size) -> str:
    """Shrunk, blurred, dimmed, scaled up."""

    def cut(size: Size, length: int) -> str:
        width, height = _with(size, band.axis, length)
        return f"crop={width}:{height}:" + ("iw-ow:ih-oh" if band.name == "tail" else "0:0")

    def scaled(size: Size, length: int) -> str:
        width, height = _with(size, band.axis, length)
        return f"scale={width}:{height}"

    chroma = backdrop.opacity * (1 - backdrop.desaturation)
    return ",".join(
        [
            f"crop={backdrop.part_px[0]}:{backdrop.part_px[1]}",
            cut(backdrop.part_px, band.source_px),
            f"{scaled(band.whole_px, band.blurred_px)}:flags=area",
            *([f"gblur=sigma={band.sigma_px:g}"] if band.sigma_px else []),
            f"lutyuv=y=16+(val-16)*{backdrop.opacity:g}:u=128+(val-128)*{chroma:g}:v=128+(val-128)*{chroma:g}",
            cut(band.whole_px, band.kept_px),
            f"{scaled(canvas, band.thick_px)}:flags=bilinear",
        ]
    )


def _with(size: Size, axis: int, length: int) -> Size:
    """A size with its width (axis 0) or height replaced."""
    return (size[0], length) if axis else (length, size[1])

"""Placements as filter graphs for libavfilter.

Everything stays in planar YUV; of the blurred backdrop only the bands that the footage leaves free are computed, at a
tenth of the canvas, and scaled up.
"""

from __future__ import annotations

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


def graph_of(placement: Placement, canvas_px: Size, *, moving: bool = False) -> str:
    """The graph, in FFmpeg's syntax, from upright square-pixel frames to the canvas.

    With `moving` the sharp part is cut out by a filter named `WINDOW`, which takes commands and any whole pixel.
    """
    width, height = placement.size_px
    # Footage that is made smaller loses nothing visible to the quicker filter; what is enlarged would look soft.
    kernel = "bilinear" if width <= placement.part_px[0] else "bicubic"
    part = f"{placement.part_px[0]}:{placement.part_px[1]}"
    window = f"{WINDOW}={part}:exact=1" if moving else f"crop={part}"
    sharp = f"{window},scale={width}:{height}:flags={kernel}"
    if (width, height) == canvas_px:
        return sharp
    left, top = even((canvas_px[0] - width) / 2, least=0), even((canvas_px[1] - height) / 2, least=0)
    if placement.backdrop is None:
        return f"{sharp},pad={canvas_px[0]}:{canvas_px[1]}:{left}:{top}:black"
    upright = width == canvas_px[0]
    axis = 1 if upright else 0
    before = top if upright else left
    after = (canvas_px[1] - height if upright else canvas_px[0] - width) - before
    bands = [("head", before)] * (before > 0) + [("tail", after)] * (after > 0)
    stacked = ["[head]"] * (before > 0) + ["[sharp]"] + ["[tail]"] * (after > 0)
    return ";".join(
        [
            f"[in]split={len(stacked)}[a]" + "".join(f"[{name}0]" for name, _ in bands),
            f"[a]{sharp}[sharp]",
            *(f"[{name}0]{_band(name, placement.backdrop, canvas_px, thick, axis)}[{name}]" for name, thick in bands),
            f"{''.join(stacked)}{'vstack' if upright else 'hstack'}=inputs={len(stacked)}",
        ]
    )


def _band(name: str, backdrop: Backdrop, canvas: Size, thickness: int, axis: int) -> str:
    """The first or last `thickness` columns (axis 0) or rows of the backdrop: shrunk, blurred, dimmed, scaled up."""
    shrunk = max(1.0, min(BLUR_SCALE, backdrop.sigma_px / SMALL_SIGMA_PX, canvas[0] / LEAST_WIDTH_PX))
    sigma = backdrop.sigma_px / shrunk
    whole = (even(canvas[0] / shrunk), even(canvas[1] / shrunk))
    kept = even(thickness * whole[axis] / canvas[axis])
    blurred = min(whole[axis], even(kept + _REACH * sigma, least=LEAST_WIDTH_PX))
    source = min(backdrop.part_px[axis], even(blurred * backdrop.part_px[axis] / whole[axis]))

    def cut(size: Size, length: int) -> str:
        width, height = _with(size, axis, length)
        return f"crop={width}:{height}:" + ("iw-ow:ih-oh" if name == "tail" else "0:0")

    def scaled(size: Size, length: int) -> str:
        width, height = _with(size, axis, length)
        return f"scale={width}:{height}"

    chroma = backdrop.opacity * (1 - backdrop.desaturation)
    return ",".join(
        [
            f"crop={backdrop.part_px[0]}:{backdrop.part_px[1]}",
            cut(backdrop.part_px, source),
            f"{scaled(whole, blurred)}:flags=area",
            *([f"gblur=sigma={sigma:g}"] if sigma else []),
            f"lutyuv=y=16+(val-16)*{backdrop.opacity:g}:u=128+(val-128)*{chroma:g}:v=128+(val-128)*{chroma:g}",
            cut(whole, kept),
            f"{scaled(canvas, thickness)}:flags=bilinear",
        ]
    )


def _with(size: Size, axis: int, length: int) -> Size:
    """A size with its width (axis 0) or height replaced."""
    return (size[0], length) if axis else (length, size[1])

"""Placements as filter graphs for libavfilter.

Everything stays in planar YUV; the blurred backdrop is computed at a tenth of the canvas, and only the bands of it
that the footage leaves free are scaled up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.compose.layout import even

if TYPE_CHECKING:
    from nvpipe.compose import Backdrop, Placement, Size

BLUR_SCALE = 10
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
    before = top if upright else left
    after = (canvas_px[1] - height if upright else canvas_px[0] - width) - before
    bands = [("head", before)] * (before > 0) + [("tail", after)] * (after > 0)
    small = (even(canvas_px[0] / BLUR_SCALE), even(canvas_px[1] / BLUR_SCALE))
    stacked = ["[head]"] * (before > 0) + ["[sharp]"] + ["[tail]"] * (after > 0)
    return ";".join(
        [
            "[in]split=2[a][b]",
            f"[a]{sharp}[sharp]",
            f"[b]{_soft(placement.backdrop, small)},split={len(bands)}" + "".join(f"[{name}0]" for name, _ in bands),
            *(f"[{name}0]{_band(name, small, canvas_px, thick, upright)}[{name}]" for name, thick in bands),
            f"{''.join(stacked)}{'vstack' if upright else 'hstack'}=inputs={len(stacked)}",
        ]
    )


def _soft(backdrop: Backdrop, small: Size) -> str:
    """The whole backdrop at the small size, blurred and dimmed."""
    chroma = backdrop.opacity * (1 - backdrop.desaturation)
    return (
        f"crop={backdrop.part_px[0]}:{backdrop.part_px[1]},scale={small[0]}:{small[1]}:flags=area,"
        f"gblur=sigma={backdrop.sigma_px / BLUR_SCALE:g},"
        f"lutyuv=y=16+(val-16)*{backdrop.opacity:g}:u=128+(val-128)*{chroma:g}:v=128+(val-128)*{chroma:g}"
    )


def _band(name: str, small: Size, canvas: Size, thickness: int, upright: bool) -> str:
    """The first or last `thickness` pixels of the backdrop, scaled up to the canvas."""
    axis = 1 if upright else 0
    rows = max(2, even(thickness * small[axis] / canvas[axis]))
    offset = small[axis] - rows if name == "tail" else 0
    if upright:
        return f"crop={small[0]}:{rows}:0:{offset},scale={canvas[0]}:{thickness}:flags=bilinear"
    return f"crop={rows}:{small[1]}:{offset}:0,scale={thickness}:{canvas[1]}:flags=bilinear"

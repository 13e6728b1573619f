"""The layouts: where footage goes on the canvas, as numbers that every composer draws the same from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nvpipe.compose import Area, Backdrop, Layout, Placement, Size
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from nvpipe.types import OutputFormat

FOREGROUND_SHARE = 0.6
"""How much of the width of landscape footage stays in the sharp middle."""
BLUR_FOR_SIDE_PX = 1080
"""The canvas' shorter side for which the strength of the blur is given."""
THIN_SHARE = 0.07
"""Where so little of the canvas' height or width is free, the picture is cropped instead of banded."""
_ROUNDING_PX = 8
"""A gap of a few pixels is rounding of the crop, not a band that anybody wants to see."""


def styled(placement: Placement, canvas_px: Size, output: OutputFormat) -> Placement:
    """A placement whose backdrop, if it has one, looks as the output says."""
    if placement.backdrop is None:
        return placement
    sigma_px = output.blur_px * min(canvas_px) / BLUR_FOR_SIDE_PX
    backdrop = Backdrop(placement.backdrop.part_px, sigma_px, output.blur_opacity, output.blur_desaturation)
    return replace(placement, backdrop=backdrop)


def proven(layout: Layout) -> Probe:
    """Place footage of 16:9 on a 9:16 canvas; whether it can be drawn is the composer's to prove."""
    area = layout.areas((1080, 1920))[0].size_px
    placement = layout.place((1920, 1080), area)
    fits = placement.size_px[0] <= area[0] and placement.size_px[1] <= area[1]
    return Probe(fits, "{}x{} of 1920x1080 at {}x{}".format(*placement.part_px, *placement.size_px))


class Whole:
    """One source on all of the canvas."""

    def areas(self, canvas_px: Size) -> tuple[Area, ...]:
        return (Area(0, 0, canvas_px),)


class Fill(Whole):
    """The middle of the picture, filling the canvas."""

    def probe(self) -> Probe:
        return proven(self)

    def place(self, source_px: Size, canvas_px: Size) -> Placement:
        return Placement(crop_to(source_px, canvas_px[0] / canvas_px[1]), canvas_px, None)


class Letterbox(Whole):
    """The whole picture, with black bars."""

    def probe(self) -> Probe:
        return proven(self)

    def place(self, source_px: Size, canvas_px: Size) -> Placement:
        whole = (even_part(source_px[0]), even_part(source_px[1]))
        return Placement(whole, fit(whole, canvas_px), None)


class Blur(Whole):
    """The middle of the picture sharp, between bands of a blurred, dimmed copy that fills the canvas."""

    def probe(self) -> Probe:
        return proven(self)

    def place(self, source_px: Size, canvas_px: Size) -> Placement:
        part = foreground_part(source_px, canvas_px)
        size = fit(part, canvas_px)
        behind = crop_to(source_px, canvas_px[0] / canvas_px[1])
        free = max(1 - size[0] / canvas_px[0], 1 - size[1] / canvas_px[1])
        if free < THIN_SHARE:
            return Placement(part if size == canvas_px else behind, canvas_px, None)
        return Placement(part, size, Backdrop(behind))


class Split(Fill):
    """Two sources, each filling its half: the second above the first, or to its left on a wide canvas."""

    def areas(self, canvas_px: Size) -> tuple[Area, ...]:
        width, height = canvas_px
        if width > height:
            left = even(width / 2)
            return Area(left, 0, (width - left, height)), Area(0, 0, (left, height))
        top = even(height / 2)
        return Area(0, top, (width, height - top)), Area(0, 0, (width, top))


def even(value: float, *, least: int = 2) -> int:
    """The nearest even whole number, as 4:2:0 chroma needs."""
    return max(least, 2 * round(value / 2))


def even_part(value: float) -> int:
    """The largest even whole number inside a length; odd footage loses its last row or column."""
    return max(2, 2 * int(value / 2 + 1e-6))


def crop_to(source: Size, aspect: float) -> Size:
    """The largest part of a picture with the aspect ratio (width over height), in even numbers."""
    width, height = source
    if width > height * aspect:
        return even_part(height * aspect), even_part(height)
    return even_part(width), even_part(width / aspect)


def fit(source: Size, canvas: Size) -> Size:
    """The largest even size with the source's shape inside the canvas; a whole edge snaps to the canvas."""
    scale = min(canvas[0] / source[0], canvas[1] / source[1])
    size = (min(canvas[0], even(source[0] * scale)), min(canvas[1], even(source[1] * scale)))
    return (
        canvas[0] if canvas[0] - size[0] <= _ROUNDING_PX else size[0],
        canvas[1] if canvas[1] - size[1] <= _ROUNDING_PX else size[1],
    )


def foreground_part(source: Size, canvas: Size) -> Size:
    """What of the picture is shown sharp: its middle 60 % of the width, never narrower than the canvas' shape."""
    width, height = source
    aspect = canvas[0] / canvas[1]
    share = max(width * FOREGROUND_SHARE, min(width, height * aspect))
    return even_part(min(width, even(share))), even_part(height)

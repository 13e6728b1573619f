"""The layouts, as filter graphs over upright frames with square pixels.

Everything stays in planar YUV; the blurred background is computed at a tenth of the canvas, and only the bands
of it that the foreground leaves free are scaled up.
"""

from __future__ import annotations

from nvpipe.registry import Probe

Size = tuple[int, int]

FOREGROUND_SHARE = 0.6
"""How much of the width of landscape footage stays in the sharp middle."""
BLUR_SCALE = 10
BLUR_SIGMA = 3.0
"""At the small scale, so 30 pixels on the canvas."""
DIM = 0.7
DESATURATE = 0.3


def even(value: float, *, least: int = 2) -> int:
    """The nearest even whole number, as 4:2:0 chroma needs."""
    return max(least, 2 * round(value / 2))


def crop_to(source: Size, aspect: float) -> Size:
    """The largest part of a picture with the aspect ratio (width over height), in even numbers."""
    width, height = source
    if width > height * aspect:
        return even_part(height * aspect), even_part(height)
    return even_part(width), even_part(width / aspect)


def even_part(value: float) -> int:
    """The largest even whole number inside a length; odd footage loses its last row or column."""
    return max(2, 2 * int(value / 2 + 1e-6))


class _Geometric:
    def probe(self) -> Probe:
        return Probe(True, "drawn with libavfilter")


class Fill(_Geometric):
    """The middle of the picture, filling the canvas."""

    def graph(self, source_px: Size, canvas_px: Size) -> str:
        width, height = crop_to(source_px, canvas_px[0] / canvas_px[1])
        return f"crop={width}:{height},scale={canvas_px[0]}:{canvas_px[1]}:flags=bicubic"


class Letterbox(_Geometric):
    """The whole picture, with black bars."""

    def graph(self, source_px: Size, canvas_px: Size) -> str:
        width, height = fit(source_px, canvas_px)
        return (
            f"scale={width}:{height}:flags=bicubic,"
            f"pad={canvas_px[0]}:{canvas_px[1]}:{even((canvas_px[0] - width) / 2, least=0)}"
            f":{even((canvas_px[1] - height) / 2, least=0)}:black"
        )


class Blur(_Geometric):
    """The middle of the picture sharp, between bands of a blurred, dimmed copy that fills the canvas."""

    def graph(self, source_px: Size, canvas_px: Size) -> str:
        part = foreground_part(source_px, canvas_px)
        width, height = fit(part, canvas_px)
        sharp = f"crop={part[0]}:{part[1]},scale={width}:{height}:flags=bicubic"
        if (width, height) == canvas_px:
            return sharp
        small = (even(canvas_px[0] / BLUR_SCALE), even(canvas_px[1] / BLUR_SCALE))
        filled = crop_to(source_px, canvas_px[0] / canvas_px[1])
        chroma = DIM * (1 - DESATURATE)
        soft = (
            f"crop={filled[0]}:{filled[1]},scale={small[0]}:{small[1]}:flags=area,gblur=sigma={BLUR_SIGMA},"
            f"lutyuv=y=16+(val-16)*{DIM}:u=128+(val-128)*{chroma:g}:v=128+(val-128)*{chroma:g}"
        )
        upright = width == canvas_px[0]
        before = even((canvas_px[1] - height if upright else canvas_px[0] - width) / 2, least=0)
        after = (canvas_px[1] - height if upright else canvas_px[0] - width) - before
        bands = [self._band(small, canvas_px, before, upright, at_end=False)] if before else []
        if after:
            bands.append(self._band(small, canvas_px, after, upright, at_end=True))
        labels = ["head", "tail"] if before and after else ["head"] if before else ["tail"]
        stack = "vstack" if upright else "hstack"
        order = "".join(
            f"[{name}]" for name in (["head"] if before else []) + ["sharp"] + (["tail"] if after else [])
        )
        split = "".join(f"[{name}0]" for name in labels)
        return ";".join(
            [
                "[in]split=2[a][b]",
                f"[a]{sharp}[sharp]",
                f"[b]{soft},split={len(labels)}{split}",
                *(f"[{name}0]{band}[{name}]" for name, band in zip(labels, bands, strict=True)),
                f"{order}{stack}=inputs={len(labels) + 1}",
            ]
        )

    @staticmethod
    def _band(small: Size, canvas: Size, thickness: int, upright: bool, *, at_end: bool) -> str:
        """The first or last `thickness` pixels of the small picture, scaled up to the canvas."""
        if upright:
            rows = max(2, even(thickness * small[1] / canvas[1]))
            origin = f"0:{small[1] - rows if at_end else 0}"
            return f"crop={small[0]}:{rows}:{origin},scale={canvas[0]}:{thickness}:flags=bilinear"
        columns = max(2, even(thickness * small[0] / canvas[0]))
        origin = f"{small[0] - columns if at_end else 0}:0"
        return f"crop={columns}:{small[1]}:{origin},scale={thickness}:{canvas[1]}:flags=bilinear"


def fit(source: Size, canvas: Size) -> Size:
    """The largest even size with the source's shape inside the canvas; a whole edge snaps to the canvas."""
    scale = min(canvas[0] / source[0], canvas[1] / source[1])
    size = (min(canvas[0], even(source[0] * scale)), min(canvas[1], even(source[1] * scale)))
    # A gap of a few pixels is rounding of the crop, not a band that anybody wants to see.
    return (
        canvas[0] if canvas[0] - size[0] <= 8 else size[0],
        canvas[1] if canvas[1] - size[1] <= 8 else size[1],
    )


def foreground_part(source: Size, canvas: Size) -> Size:
    """What of the picture is shown sharp: its middle 60 % of the width, never narrower than the canvas' shape."""
    width, height = source
    aspect = canvas[0] / canvas[1]
    share = max(width * FOREGROUND_SHARE, min(width, height * aspect))
    return even_part(min(width, even(share))), even_part(height)

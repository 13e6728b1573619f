"""The filter chain that turns any accepted source into upright 8-bit BT.709 pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.media.colour import is_rgb

if TYPE_CHECKING:
    from nvpipe.types import MediaInfo

_TURNS = {0: (), 90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
_SCALE_FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"


def source_filters(info: MediaInfo) -> str:
    """The libavfilter chain for a source's decoded frames, "" when they are fine as they are.

    What comes out is upright, progressive (one frame for each frame), with square pixels,
    `info.width_px` x `info.height_px`, yuv420p, limited range, BT.709 matrix.
    """
    chain: list[str] = []
    if info.interlaced:
        chain.append("bwdif=mode=send_frame:parity=auto:deint=all")
    chain += _conversion(info)
    chain += _TURNS[info.rotation_deg]
    return ",".join(chain)


def _conversion(info: MediaInfo) -> list[str]:
    """One `scale` for size, matrix, range and format, where any of them is not as wanted."""
    square = info.sample_aspect == 1
    rgb = is_rgb(info.pixel_format)
    if square and info.pixel_format == "yuv420p" and info.colour_matrix == "bt709" and not info.full_range:
        return []
    upright = info.rotation_deg in (0, 180)
    width, height = (info.width_px, info.height_px) if upright else (info.height_px, info.width_px)
    options = [f"w={width}", f"h={height}"] if not square else []
    if not rgb:
        options.append(f"in_color_matrix={info.colour_matrix}")
        options.append(f"in_range={'full' if info.full_range else 'limited'}")
    options += ["out_color_matrix=bt709", "out_range=limited", f"flags={_SCALE_FLAGS}"]
    return ["scale=" + ":".join(options), "format=yuv420p", *([] if square else ["setsar=1"])]

"""The filter chain that turns any accepted source into upright 8-bit BT.709 pictures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from nvpipe.media.colour import is_rgb

if TYPE_CHECKING:
    from nvpipe.types import MediaInfo

_TURNS = {
    (0, False): (),
    (90, False): ("transpose=clock",),
    (180, False): ("hflip", "vflip"),
    (270, False): ("transpose=cclock",),
    (0, True): ("hflip",),
    (90, True): ("transpose=cclock_flip",),
    (180, True): ("vflip",),
    (270, True): ("transpose=clock_flip",),
}
"""By clockwise turn, and whether the turned picture is flipped left to right."""
_SCALE_FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"
_LIGHT = "gbrpf32le"
"""What `lut3d` is quickest with."""
_TAGS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=limited"


def source_filters(info: MediaInfo) -> str:
    """The libavfilter chain for a source's decoded frames, "" when they are fine as they are.

    What comes out is upright, progressive (one frame for each frame), with square pixels,
    `info.width_px` x `info.height_px`, yuv420p, limited range, BT.709. HDR and wide gamut are mapped by `tone.table`.

    Raises:
        NvpipeError: that table cannot be written.
    """
    chain: list[str] = []
    if info.interlaced:
        parity = "bff" if info.bottom_first else "auto"
        chain.append(f"bwdif=mode=send_frame:parity={parity}:deint=all")
    chain += _conversion(info)
    chain += _TURNS[info.rotation_deg, info.mirrored]
    return ",".join(chain)


def needs_tone_map(info: MediaInfo) -> bool:
    """Whether a video is HDR or has a wide gamut."""
    return info.transfer != "sdr" or info.primaries != "bt709"


def reduced(info: MediaInfo, share: float) -> MediaInfo:
    """A video that needs a tone map, which costs by the pixel, at a share of its size; others as they are.

    Args:
        info: of the video.
        share: of its width and height; nothing is made larger.
    """
    if share >= 1 or not needs_tone_map(info):
        return info
    width, height = (max(2, 2 * math.ceil(side * share / 2)) for side in (info.width_px, info.height_px))
    return replace(info, width_px=width, height_px=height)


def _conversion(info: MediaInfo) -> list[str]:
    """One `scale` for size, matrix, range and format, where any of them is not as wanted; two around a tone map."""
    square = info.sample_aspect == 1
    mapped = needs_tone_map(info)
    coded = (info.pixel_format, info.colour_matrix, info.full_range)
    if square and not mapped and coded == ("yuv420p", "bt709", False):
        return []
    upright = info.rotation_deg in (0, 180)
    width, height = (info.width_px, info.height_px) if upright else (info.height_px, info.width_px)
    source = [f"w={width}", f"h={height}"] if mapped or not square else []
    if not is_rgb(info.pixel_format):
        source.append(f"in_color_matrix={info.colour_matrix}")
        source.append(f"in_range={'full' if info.full_range else 'limited'}")
    target = ["out_color_matrix=bt709", "out_range=limited"]
    after = ["format=yuv420p", *([] if square else ["setsar=1"])]
    if not mapped:
        return [_scale(*source, *target), *after]
    return [_scale(*source), f"format={_LIGHT}", _tone_map(info), _scale(*target), *after, _TAGS]


def _scale(*options: str) -> str:
    return "scale=" + ":".join((*options, f"flags={_SCALE_FLAGS}"))


def _tone_map(info: MediaInfo) -> str:
    from nvpipe.media.tone import table

    return f"lut3d=file={table(info.transfer, info.primaries, info.peak_nits)}:interp=tetrahedral"

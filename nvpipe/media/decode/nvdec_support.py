"""Which videos NVDEC gives bit for bit as the CPU does, and why another one is left to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from nvpipe.media.decode.nvdec_driver import CODECS, Caps

if TYPE_CHECKING:
    from nvpipe.media.probe import Inspection

_SAME_CODEC = {"libdav1d": "av1", "libaom-av1": "av1", "libvpx-vp9": "vp9", "libvpx": "vp8"}
"""Libraries on the CPU, by what they decode."""
_BITS = {"yuv420p": 8, "yuvj420p": 8, "yuv420p10le": 10}
_H264_BITS = 8
_MACROBLOCK_PX = 16


class Kind(NamedTuple):
    """What NVDEC has to know of a video."""

    codec: str
    bits: int


def kind_of(inspection: Inspection) -> Kind | str:
    """The codec and bit depth of a video, or why no NVDEC decodes it."""
    info = inspection.info
    codec = _SAME_CODEC.get(info.codec, info.codec)
    if codec not in CODECS:
        return f"{codec} video is decoded on the CPU only"
    if info.pixel_format not in _BITS:
        return f"{info.pixel_format} is not 8-bit or 10-bit 4:2:0"
    bits = _BITS[info.pixel_format]
    if codec == "h264" and bits != _H264_BITS:
        return "NVDEC does not decode H.264 of 10 bits"
    if info.interlaced:
        return "interlaced video is decoded on the CPU, which tells its fields apart"
    return Kind(codec, bits)


def refusal(inspection: Inspection, caps: Callable[[str, int], Caps]) -> str:
    """Why a card does not decode a video; empty when it does as far as can be told without trying.

    Args:
        inspection: of the video.
        caps: what the card does with a codec at a bit depth.
    """
    kind = kind_of(inspection)
    if isinstance(kind, str):
        return kind
    can = caps(kind.codec, kind.bits)
    if not can.supported:
        return f"this card's NVDEC does not decode {kind.codec} of {kind.bits} bits"
    width, height = inspection.coded_width_px, inspection.coded_height_px
    blocks = -(-width // _MACROBLOCK_PX) * -(-height // _MACROBLOCK_PX)
    fits = width <= can.max_px[0] and height <= can.max_px[1] and blocks <= can.max_macroblocks
    if not fits or width < can.min_px[0] or height < can.min_px[1]:
        least, most = ("x".join(map(str, size)) for size in (can.min_px, can.max_px))
        return f"{width}x{height} is not within what NVDEC decodes of {kind.codec}: {least} to {most}"
    return ""

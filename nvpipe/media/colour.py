"""What a video's colour tags mean, and which kinds would come out wrong (code points of ITU-T H.273)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nvpipe.errors import UnsupportedMediaError
from nvpipe.media.tone import PQ_PEAK_NITS, SDR_WHITE_NITS, USUAL_PEAK_NITS

if TYPE_CHECKING:
    import av
    from av.video.codeccontext import VideoCodecContext

_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020"}
_UNTAGGED = (0, 2, 3)
_REFUSED_MATRICES = {
    8: "the YCgCo matrix",
    10: "BT.2020 constant-luminance colour",
    11: "the SMPTE 2085 matrix",
    12: "a chromaticity-derived matrix",
    13: "a chromaticity-derived matrix",
    14: "the ICtCp matrix",
}
_HDR_TRANSFERS = {16: "pq", 18: "hlg"}
_PRIMARIES = {1: "bt709", 4: "bt709", 5: "bt709", 6: "bt709", 7: "bt709", 9: "bt2020", 12: "p3"}
_MASTERING = struct.Struct("=20i2i")
"""AVMasteringDisplayMetadata: ten chromaticities, least and most light as fractions, which of both are known."""
_FULL_RANGE = 2


@dataclass(frozen=True, slots=True)
class Colour:
    """As in `MediaInfo`; `assumed` when the matrix had to be."""

    matrix: str
    assumed: bool
    full_range: bool
    transfer: str
    primaries: str
    peak_nits: float


def is_rgb(pixel_format: str) -> bool:
    """Whether a libav pixel format holds red, green and blue."""
    return pixel_format.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "x2rgb", "x2bgr"))


def side_data(frame: av.VideoFrame) -> dict[str, bytes]:
    """A frame's side data by libav's name of its kind."""
    items: Any = frame.side_data
    return {item.type.name: bytes(item) for item in items}


def colour_of(frame: av.VideoFrame, context: VideoCodecContext, name: str) -> Colour:
    """Read the tags of a decoded frame, or of its stream where the frame has none.

    Untagged video is BT.709 from 720 lines or 1280 columns on and BT.601 below, limited range; untagged HDR is
    BT.2020.

    Raises:
        UnsupportedMediaError: a kind of colour for which there is no conversion here.
    """
    known = side_data(frame)
    pixel_format = frame.format.name
    transfer = _HDR_TRANSFERS.get(_tag(frame.color_trc, context.color_trc), "sdr")
    tagged = _PRIMARIES.get(_tag(frame.color_primaries, context.color_primaries))
    tag = _tag(frame.colorspace, context.colorspace)
    wide = transfer != "sdr" or tagged == "bt2020"
    primaries = tagged or ("bt2020" if wide or _MATRICES.get(tag) == "bt2020" else "bt709")
    peak_nits = _peak(known) if transfer == "pq" else 0.0
    if is_rgb(pixel_format):
        return Colour("bt709", False, True, transfer, primaries, peak_nits)
    refused = _REFUSED_MATRICES.get(tag)
    if not refused and tag not in _MATRICES and any(kind.startswith("DOVI") for kind in known):
        # Profiles whose base layer is HDR10, HLG or SDR say so; the others are in a colour space of their own.
        refused = "Dolby Vision without a base layer that others can show"
    if refused:
        raise UnsupportedMediaError(
            f"{name} uses {refused}, which is not supported yet", hint="convert it to SDR (BT.709)"
        )
    full = (frame.color_range or context.color_range) == _FULL_RANGE or pixel_format.startswith("yuvj")
    usual = "bt2020" if wide else _usual_matrix(frame)
    return Colour(_MATRICES.get(tag, usual), tag not in _MATRICES, full, transfer, primaries, peak_nits)


def changed_colour(frame: av.VideoFrame, first: Colour) -> Colour:
    """Matrix and range of a frame that differs in shape from the first one; what it does not tell is as before."""
    usual = _usual_matrix(frame) if first.assumed and first.matrix != "bt2020" else first.matrix
    full = frame.format.name.startswith("yuvj") or (
        frame.color_range == _FULL_RANGE if frame.color_range else first.full_range
    )
    return replace(first, matrix=_MATRICES.get(frame.colorspace, usual), full_range=full)


def _usual_matrix(frame: av.VideoFrame) -> str:
    hd = min(frame.width, frame.height) >= 720 or max(frame.width, frame.height) >= 1280
    return "bt709" if hd else "bt601"


def _tag(own: int, streams: int) -> int:
    return streams if own in _UNTAGGED else own


def _peak(known: dict[str, bytes]) -> float:
    """Brightest light of a PQ video by its content light level, or by the display it was mastered on."""
    peak = 0.0
    light, display = known.get("CONTENT_LIGHT_LEVEL", b""), known.get("MASTERING_DISPLAY_METADATA", b"")
    if len(light) >= 4:
        peak = float(struct.unpack_from("=I", light)[0])
    if not peak and len(display) >= _MASTERING.size:
        *_, most, divisor, _, has_light = _MASTERING.unpack_from(display)
        peak = most / divisor if has_light and divisor else 0.0
    return min(max(peak or USUAL_PEAK_NITS, SDR_WHITE_NITS), PQ_PEAK_NITS)

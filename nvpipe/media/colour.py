"""What a video's colour tags mean, and which kinds would come out wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nvpipe.errors import UnsupportedMediaError

if TYPE_CHECKING:
    import av
    from av.video.codeccontext import VideoCodecContext

_MATRICES = {1: "bt709", 5: "bt601", 6: "bt601"}
_UNTAGGED = (0, 2, 3)
_REFUSED_MATRICES = {
    4: "the FCC matrix",
    7: "the SMPTE 240M matrix",
    8: "the YCgCo matrix",
    9: "BT.2020 wide-gamut colour",
    10: "BT.2020 constant-luminance colour",
    11: "the SMPTE 2085 matrix",
    12: "a chromaticity-derived matrix",
    13: "a chromaticity-derived matrix",
    14: "the ICtCp matrix",
}
_HDR_TRANSFERS = {16: "PQ", 18: "HLG"}
_WIDE_PRIMARIES = 9
_FULL_RANGE = 2


@dataclass(frozen=True, slots=True)
class Colour:
    """Matrix as in `MediaInfo.colour_matrix`, whether it had to be assumed, and the range."""

    matrix: str
    assumed: bool
    full_range: bool


def is_rgb(pixel_format: str) -> bool:
    """Whether a libav pixel format holds red, green and blue."""
    return pixel_format.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "x2rgb", "x2bgr"))


def side_data(frame: av.VideoFrame) -> dict[str, bytes]:
    """A frame's side data by libav's name of its kind."""
    items: Any = frame.side_data
    return {item.type.name: bytes(item) for item in items}


def colour_of(frame: av.VideoFrame, context: VideoCodecContext, name: str) -> Colour:
    """Read the tags of a decoded frame, or of its stream where the frame has none (ITU-T H.273 code points).

    Untagged video is BT.709 from 720 lines or 1280 columns on and BT.601 below, limited range.

    Raises:
        UnsupportedMediaError: HDR, or a matrix for which there is no conversion here.
    """
    transfer = _HDR_TRANSFERS.get(frame.color_trc) or _HDR_TRANSFERS.get(context.color_trc)
    if transfer:
        raise UnsupportedMediaError(
            f"{name} is HDR ({transfer}); HDR is not supported yet", hint="convert it to SDR (BT.709)"
        )
    pixel_format = frame.format.name
    if is_rgb(pixel_format):
        return Colour("bt709", False, True)
    tag = context.colorspace if frame.colorspace in _UNTAGGED else frame.colorspace
    refused = _REFUSED_MATRICES.get(tag)
    if _WIDE_PRIMARIES in (frame.color_primaries, context.color_primaries):
        refused = refused or "BT.2020 wide-gamut colour"
    if refused or any(kind.startswith("DOVI") for kind in side_data(frame)):
        raise UnsupportedMediaError(
            f"{name} uses {refused or 'Dolby Vision'}, which is not supported yet",
            hint="convert it to SDR (BT.709)",
        )
    full = (frame.color_range or context.color_range) == _FULL_RANGE or pixel_format.startswith("yuvj")
    hd = min(frame.width, frame.height) >= 720 or max(frame.width, frame.height) >= 1280
    return Colour(_MATRICES.get(tag, "bt709" if hd else "bt601"), tag not in _MATRICES, full)

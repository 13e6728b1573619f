"""What the device can make of footage: which kinds, and how they become upright limited-range BT.709 there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from nvpipe.media.normalise import needs_tone_map

if TYPE_CHECKING:
    import torch

    from nvpipe.kernels.compose_tables import Planes
    from nvpipe.types import MediaInfo

FORMATS = ("yuv420p", "yuvj420p", "nv12")
"""8-bit 4:2:0; others lose what the CPU's conversion keeps."""
_LUMA_SHARES = {
    "bt709": (0.2126, 0.0722),
    "bt601": (0.299, 0.114),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
    "bt2020": (0.2627, 0.0593),
}
"""Of red and of blue, by matrix (ITU-T H.273, table 4)."""


def refusal(info: MediaInfo) -> str:
    """Why the device does not show a video as the CPU does; empty when it does."""
    if needs_tone_map(info):
        return "HDR and wide gamut are mapped on the CPU"
    if info.interlaced:
        return "interlaced video is deinterlaced on the CPU"
    if info.sample_aspect != 1:
        return f"pixels of shape {info.sample_aspect.numerator}:{info.sample_aspect.denominator} are on the CPU"
    if info.pixel_format not in FORMATS:
        return f"{info.pixel_format} is converted on the CPU"
    if info.colour_matrix not in _LUMA_SHARES:
        return f"the {info.colour_matrix} matrix is converted on the CPU"
    return ""


@dataclass(frozen=True, slots=True)
class Recolouring:
    """A change of matrix and range, as sums of Y, Cb and Cr."""

    luma: tuple[float, float, float, float]
    """Of Y, Cb and Cr in bytes, and a constant."""
    chroma: tuple[tuple[float, float], tuple[float, float]]
    """Of Cb and Cr less 128, for the new Cb and Cr less 128."""


def recolouring(info: MediaInfo) -> Recolouring | None:
    """From a video's matrix and range to limited-range BT.709; None when it is that already."""
    if info.colour_matrix == "bt709" and not info.full_range:
        return None
    red, blue = _LUMA_SHARES[info.colour_matrix]
    to_red, to_blue = _LUMA_SHARES["bt709"]
    zero, luma_range, chroma_range = (0.0, 255.0, 255.0) if info.full_range else (16.0, 219.0, 224.0)
    # Of Y, Cb and Cr as fractions: what is added to Y for each primary.
    primaries = {
        "red": (0.0, 2 * (1 - red)),
        "blue": (2 * (1 - blue), 0.0),
        "green": (-2 * (1 - blue) * blue / (1 - red - blue), -2 * (1 - red) * red / (1 - red - blue)),
    }
    shares = {"red": to_red, "blue": to_blue, "green": 1 - to_red - to_blue}
    new_y = [sum(shares[name] * primaries[name][index] for name in shares) for index in (0, 1)]
    new_cb = [(primaries["blue"][index] - new_y[index]) / (2 * (1 - to_blue)) for index in (0, 1)]
    new_cr = [(primaries["red"][index] - new_y[index]) / (2 * (1 - to_red)) for index in (0, 1)]
    scale, of_y = 224 / chroma_range, 219 / luma_range
    cb, cr = (219 * value / chroma_range for value in new_y)
    luma = (of_y, cb, cr, 16 - of_y * zero - 128 * (cb + cr))
    return Recolouring(luma, ((new_cb[0] * scale, new_cb[1] * scale), (new_cr[0] * scale, new_cr[1] * scale)))


def recoloured(planes: Planes, how: Recolouring) -> Planes:
    """Planes in another matrix and range; chroma is brought to the luma's size and back as libswscale does."""
    import torch.nn.functional as nn

    from nvpipe.kernels.compose_tables import Planes

    of_y, of_cb, of_cr, constant = how.luma
    cb, cr = planes.u.float(), planes.v.float()
    height, width = planes.y.shape
    mixed = (cb * of_cb + cr * of_cr)[None, None]
    size = (2 * cb.shape[0], 2 * cb.shape[1])
    added = nn.interpolate(mixed, size=size, mode="bicubic")[0, 0, :height, :width]
    luma = planes.y.float().mul_(of_y).add_(added).add_(constant)
    soft_cb, soft_cr = _softened(cb - 128), _softened(cr - 128)
    chroma = [128 + soft_cb * row[0] + soft_cr * row[1] for row in how.chroma]
    return Planes(_bytes(luma), _bytes(chroma[0]), _bytes(chroma[1]))


def _softened(plane: torch.Tensor) -> torch.Tensor:
    """Chroma after it was doubled and halved again by libswscale's bicubic."""
    import torch
    import torch.nn.functional as nn

    weights = torch.tensor(_round_trip(), device=plane.device)
    reach = len(weights) // 2
    padded = nn.pad(plane[None, None], (reach, reach, reach, reach), mode="replicate")
    return nn.conv2d(nn.conv2d(padded, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))[0, 0]


@lru_cache(maxsize=1)
def _round_trip() -> tuple[float, ...]:
    """What a pixel's neighbours, and itself in the middle, add to it when a line is doubled and halved."""
    from nvpipe.kernels.compose_scene import make_taps

    length, middle = 32, 16
    doubling, halving = make_taps("bicubic", length, 2 * length), make_taps("bicubic", 2 * length, length)
    shares = [0.0] * length
    for doubled, weight in zip(halving.index[middle], halving.weight[middle], strict=True):
        for pixel, share in zip(doubling.index[doubled], doubling.weight[doubled], strict=True):
            shares[pixel] += float(weight * share)
    reach = max(abs(place - middle) for place, share in enumerate(shares) if abs(share) > 1e-4)
    return tuple(shares[middle - reach : middle + reach + 1])


def turned(planes: Planes, rotation_deg: int, *, mirrored: bool) -> Planes:
    """Planes upright.

    Args:
        planes: as coded.
        rotation_deg: clockwise.
        mirrored: whether the turned picture is flipped left to right.
    """
    import torch

    from nvpipe.kernels.compose_tables import Planes

    if not rotation_deg and not mirrored:
        return planes
    turns = [torch.rot90(plane, -rotation_deg // 90) for plane in planes]
    return Planes(*((plane.flip(1) if mirrored else plane).contiguous() for plane in turns))


def _bytes(plane: torch.Tensor) -> torch.Tensor:
    import torch

    return plane.round_().clamp_(0, 255).to(torch.uint8)

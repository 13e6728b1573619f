"""Conversions of colour written out from the standards in floating point, so that nvpipe does not check itself."""

from __future__ import annotations

import numpy as np

TO_709 = {
    "bt2020": [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]],
    "p3": [[1.224940, -0.224940, 0.0], [-0.042057, 1.042057, 0.0], [-0.019638, -0.078636, 1.098274]],
}
"""As published: ITU-R BT.2407, and for P3 with white D65."""
WHITE_NITS = 203.0
BT709, BT2020 = (0.2126, 0.0722), (0.2627, 0.0593)
"""Shares of red and blue in Y."""


def pq_to_nits(signal: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, equation 4.1."""
    power = signal ** (32 / 2523)
    return 1e4 * (np.clip(power - 107 / 128, 0, None) / (2413 / 128 - 2392 / 128 * power)) ** (8192 / 1305)


def nits_to_pq(nits: np.ndarray) -> np.ndarray:
    power = (nits / 1e4) ** (1305 / 8192)
    return ((107 / 128 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def hlg_to_nits(signal: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100, tables 5: inverse OETF and OOTF for 1000 cd/m2."""
    a, b = 0.17883277, 1 - 4 * 0.17883277
    c = 0.5 - a * np.log(4 * a)
    scene = np.where(signal > 0.5, (np.exp((signal - c) / a) + b) / 12, signal**2 / 3)
    luminance = 0.2627 * scene[..., 0] + 0.6780 * scene[..., 1] + 0.0593 * scene[..., 2]
    return np.asarray(1000 * scene * (luminance**0.2)[..., None])


def curve(nits: np.ndarray, peak: float) -> np.ndarray:
    """ITU-R BT.2390, section 5.4.1."""
    ceiling = nits_to_pq(np.array(peak))
    one, most = nits_to_pq(nits) / ceiling, nits_to_pq(np.array(WHITE_NITS)) / ceiling
    one = np.minimum(one, 1)
    start = 1.5 * most - 0.5
    t = (one - start) / (1 - start)
    bent = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * (1 - start) + (-2 * t**3 + 3 * t**2) * most
    return pq_to_nits(np.where(one < start, one, bent) * ceiling)


def reference(rgb: np.ndarray, transfer: str, primaries: str, peak: float) -> np.ndarray:
    """One pixel after the other in plain words: light, tone curve, gamut, signal."""
    if transfer == "sdr":
        light = WHITE_NITS * rgb**2.4
    else:
        light = hlg_to_nits(rgb) if transfer == "hlg" else pq_to_nits(rgb)
    found = np.empty_like(light)
    for place in np.ndindex(light.shape[:-1]):
        colour = light[place] / WHITE_NITS
        if transfer != "sdr" and (most := colour.max()) > 0:
            colour = colour * curve(np.array(most * WHITE_NITS), peak) / (most * WHITE_NITS)
        colour = np.array(TO_709[primaries]) @ colour
        grey = float(colour @ (0.2126, 0.7152, 0.0722))
        if colour.min() < 0:
            colour = grey + (colour - grey) * grey / (grey - colour.min())
        found[place] = (colour / max(colour.max(), 1)).clip(0, 1) ** (1 / 2.4)
    return found


def quantised(rgb: np.ndarray, matrix: tuple[float, float], bits: int) -> list[np.ndarray]:
    """Y, Cb and Cr in limited range, as floats."""
    kr, kb = matrix
    red, green, blue = np.moveaxis(rgb, -1, 0)
    y = kr * red + (1 - kr - kb) * green + kb * blue
    scale = 2 ** (bits - 8)
    return [
        scale * (16 + 219 * y),
        scale * (128 + 112 * (blue - y) / (1 - kb)),
        scale * (128 + 112 * (red - y) / (1 - kr)),
    ]

"""High dynamic range and wide gamut brought to BT.709 SDR, as a table for libavfilter's `lut3d`.

The table maps non-linear R'G'B' to non-linear R'G'B':

1. to linear display light: ITU-R BT.2100 (SMPTE ST 2084 for PQ; ARIB STD-B67 with the OOTF of a 1000 cd/m2 display
   for HLG), BT.1886 for SDR;
2. the tone curve of ITU-R BT.2390 (EETF), from the source's peak to the 203 cd/m2 that BT.2408 gives to SDR's white,
   on the largest of R, G and B, so that no hue moves; what is well below white keeps its light;
3. to BT.709's primaries; what lies outside of its gamut loses saturation at the same luminance until nothing is
   negative, then light until nothing is above white;
4. the inverse of BT.1886.
"""

from __future__ import annotations

import tempfile
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import NvpipeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SDR_WHITE_NITS = 203.0
HLG_PEAK_NITS = 1000.0
PQ_PEAK_NITS = 10_000.0
USUAL_PEAK_NITS = 1000.0
"""Peak of a PQ video that does not tell its own."""
POINTS = 33
_GAMMA = 2.4
_D65 = (0.3127, 0.3290)
_PRIMARIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""Chromaticities of R, G and B, all with white D65 (ITU-R BT.709, BT.2020, SMPTE EG 432-1)."""
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_NOT_IN_A_GRAPH = "[],;:'\\"
_lock = threading.Lock()


def to_bt709(rgb: Floats, transfer: str, primaries: str, peak_nits: float) -> Floats:
    """Convert pictures; the table holds this function's values.

    Args:
        rgb: `[..., 3]` non-linear, 0 to 1.
        transfer: `pq`, `hlg` or `sdr`.
        primaries: `bt709`, `bt2020` or `p3`.
        peak_nits: brightest light in a PQ source; HLG's is 1000.

    Returns:
        `[..., 3]` non-linear BT.709 for a BT.1886 display, 0 to 1.
    """
    import numpy as np

    light = _light(rgb, transfer)
    if transfer != "sdr":
        peak = HLG_PEAK_NITS if transfer == "hlg" else peak_nits
        largest = light.max(axis=-1, keepdims=True)
        light = light * (_eetf(largest, peak) / np.maximum(largest, 1e-9))
    light = light / SDR_WHITE_NITS @ _between(primaries).T
    return np.asarray(np.clip(_inside(light), 0.0, 1.0) ** (1 / _GAMMA))


def table(transfer: str, primaries: str, peak_nits: float) -> Path:
    """A `.cube` file of `to_bt709`, made once; it goes away when the process ends.

    Raises:
        NvpipeError: it cannot be written, or lies where a filter graph cannot name it.
    """
    kind = (transfer, primaries, round(peak_nits) if transfer == "pq" else 0)
    with _lock:
        path = _written(*kind)
        if not path.is_file():
            # Somebody has tidied up the temporary folder.
            _written.cache_clear()
            _folder.cache_clear()
            path = _written(*kind)
    return path


@lru_cache(maxsize=64)
def _written(transfer: str, primaries: str, peak_nits: int) -> Path:
    import numpy as np

    axis = np.linspace(0.0, 1.0, POINTS)
    # Red runs fastest in a .cube file.
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    values = to_bt709(np.stack((red, green, blue), axis=-1), transfer, primaries, peak_nits).reshape(-1, 3)
    rows = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in values.tolist())
    try:
        path = Path(_folder().name) / f"{transfer}-{primaries}-{peak_nits}.cube"
        path.write_text(f"LUT_3D_SIZE {POINTS}\n{rows}\n", encoding="ascii")
    except OSError as error:
        raise NvpipeError(
            f"the tone mapping table cannot be written: {error.strerror or error}",
            hint="make room there, or set TMPDIR to another folder",
        ) from error
    if any(char in str(path) for char in _NOT_IN_A_GRAPH):
        raise NvpipeError(
            f"libavfilter cannot read a table in the temporary folder {path.parent}",
            hint=f"set TMPDIR to a folder without any of {_NOT_IN_A_GRAPH}",
        )
    return path


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="nvpipe-tone-", ignore_cleanup_errors=True)


def _light(signal: Floats, transfer: str) -> Floats:
    """Light of the display in cd/m2, `[..., 3]`."""
    import numpy as np

    if transfer == "pq":
        return _pq_light(signal)
    if transfer == "sdr":
        return np.asarray(SDR_WHITE_NITS * signal**_GAMMA)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _C) / _A) + _B) / 12)
    luminance = scene @ np.array((0.2627, 0.6780, 0.0593))
    return np.asarray(HLG_PEAK_NITS * luminance[..., None] ** 0.2 * scene)


def _pq_light(signal: Floats) -> Floats:
    import numpy as np

    root = signal ** (1 / _M2)
    return np.asarray(PQ_PEAK_NITS * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1))


def _pq_signal(nits: Floats | float) -> Floats:
    import numpy as np

    power = (np.asarray(nits) / PQ_PEAK_NITS) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _eetf(nits: Floats, peak_nits: float) -> Floats:
    """ITU-R BT.2390-11, section 5.4.1, black to black: straight up to a knee, then a Hermite spline in PQ."""
    import numpy as np

    peak = _pq_signal(peak_nits)
    top = _pq_signal(SDR_WHITE_NITS) / peak
    if top >= 1:
        return nits
    signal = np.minimum(_pq_signal(nits) / peak, 1.0)
    knee = 1.5 * top - 0.5
    t = np.maximum(signal - knee, 0) / (1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * top
    return np.where(signal < knee, nits, _pq_light(spline * peak))


def _inside(light: Floats) -> Floats:
    """Colours drawn towards the grey of their luminance until none of R, G and B is negative, then dimmed to fit."""
    import numpy as np

    grey = (light @ _xyz("bt709")[1])[..., None]
    lowest = light.min(axis=-1, keepdims=True)
    share = np.where(lowest < 0, grey / np.maximum(grey - lowest, 1e-12), 1.0)
    drawn = grey + (light - grey) * share
    return np.asarray(drawn / np.maximum(drawn.max(axis=-1, keepdims=True), 1.0))


def _between(primaries: str) -> Floats:
    """Matrix from linear RGB of some primaries to linear BT.709."""
    import numpy as np

    return np.linalg.inv(_xyz("bt709")) @ _xyz(primaries)


def _xyz(primaries: str) -> Floats:
    """Matrix from linear RGB to CIE XYZ (SMPTE RP 177)."""
    import numpy as np

    columns = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in _PRIMARIES[primaries]]).T
    x, y = _D65
    scale = np.linalg.solve(columns, np.array((x / y, 1.0, (1 - x - y) / y)))
    return columns * scale

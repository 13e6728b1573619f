"""The proof that NVDEC works here: a small H.264 file, decoded on the card and compared with the CPU's pictures."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import NvpipeError
from nvpipe.media.decode.nvdec_driver import Driver, DriverError
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from nvpipe.media.decode import Decoder, Reader

_SIZE_PX = (192, 128)
_FRAMES, _FPS, _GOP = 24, 8, 6
_LATE_S = 2.2
"""Where a part is read from: far enough into the file to be sought."""
_SAME_S = 1e-6
_CODING = {"preset": "ultrafast", "bf": "2", "g": str(_GOP), "threads": "1"}
_PLAY_SAFE = "--decoder pyav decodes on the CPU"


def prove(decoder: Decoder, driver: Driver) -> Probe:
    """Decode a file that is made for it.

    Args:
        decoder: the one to be proven.
        driver: tells what the card's NVDEC is.
    """
    try:
        caps = driver.caps("h264", 8)
    except DriverError as error:
        return Probe(False, f"the driver does not tell what NVDEC decodes: {error}", "update the driver")
    if not caps.supported:
        return Probe(
            False,
            "this card, or the part of it that is given to this process, has no NVDEC for H.264",
            f"with MIG, choose a profile with a media engine; {_PLAY_SAFE}",
        )
    with tempfile.TemporaryDirectory(prefix="nvpipe-probe-") as folder:
        path = Path(folder) / "probe.mp4"
        try:
            write_sample(path)
            with decoder.open(path) as reader, PyAvDecoder().open(path) as reference:
                wrong = _difference(reader, reference)
        except NvpipeError as error:
            return Probe(False, error.message, error.hint or _PLAY_SAFE)
    if wrong:
        return Probe(False, f"what NVDEC decodes is not what was coded: {wrong}", _PLAY_SAFE)
    engines = f", {caps.engines} engines" if caps.engines > 1 else ""
    return Probe(True, f"decoded {_FRAMES} pictures of H.264 bit for bit as the CPU does{engines}")


def write_sample(path: Path) -> None:
    """A small H.264 file, of which every picture is another."""
    import av
    import numpy as np

    width, height = _SIZE_PX
    noise = np.random.default_rng(1).integers(0, 256, (height * 3 // 2, width), np.uint8)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=_FPS, options=_CODING)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(_FRAMES):
            picture = av.VideoFrame.from_ndarray(np.roll(noise, 4 * index, axis=1) // 2 + 40, format="yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, _FPS)
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))


def _difference(reader: Reader, reference: Reader) -> str:
    """What two readers of one file differ in; empty when nothing."""
    for start_s in (0.0, _LATE_S):
        if wrong := _differing(reader, reference, start_s):
            return wrong
    return ""


def _differing(reader: Reader, reference: Reader, start_s: float) -> str:
    import torch

    count = 0
    wanted = iter(reference.frames(start_s))
    for frame in reader.frames(start_s):
        other = next(wanted, None)
        if other is None:
            return f"after {start_s:g} s it has too many pictures"
        if abs(frame.time_s - other.time_s) > _SAME_S:
            return f"a picture is shown at {frame.time_s:.3f} s, not at {other.time_s:.3f} s"
        for name, one, two in zip("YUV", frame.planes(), other.planes(), strict=True):
            if not torch.equal(one.cpu(), two):
                return f"the picture of {other.time_s:.3f} s has another {name}"
        count += 1
    left = sum(1 for _ in wanted)
    return f"after {start_s:g} s, {count} pictures come instead of {count + left}" if left else ""

"""Test video for the probe, and its frames as the CPU decodes them."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

WIDTH_PX, HEIGHT_PX, FPS = 1920, 1080, 30
GOP_FRAMES = 60


@cache
def texture(width_px: int, height_px: int) -> tuple[Any, Any]:
    """Still luma (H, W) and chroma (H/2, W/2, 2) with detail in every plane, uint8."""
    import numpy as np

    x = np.arange(width_px, dtype=np.int32)[None, :]
    y = np.arange(height_px, dtype=np.int32)[:, None]
    noise = np.random.default_rng(7).integers(0, 32, (height_px, width_px))
    luma = 40 + (x * 3 + y * 2) // 16 % 128 + noise
    u = 40 + (x[:, : width_px // 2] + 2 * y[: height_px // 2]) // 4 % 64
    v = 152 + (2 * x[:, : width_px // 2] + y[: height_px // 2]) // 6 % 64
    return luma.astype(np.uint8), np.stack([u, v], axis=-1).astype(np.uint8)


def synthetic(index: int, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> tuple[Any, Any]:
    """Frame `index` as luma (H, W) and chroma (H/2, W/2, 2): the texture moves, a bright box moves otherwise."""
    import numpy as np

    luma, chroma = texture(width_px, height_px)
    luma = np.roll(luma, (2 * index, 6 * index), axis=(0, 1))
    left = index * 10 % (width_px - width_px // 8)
    luma[height_px // 4 : height_px // 2, left : left + width_px // 8] = 220
    return luma, np.roll(chroma, (index, 3 * index), axis=(0, 1))


def planar(luma: Any, chroma: Any) -> Any:
    """The same picture as yuv420p rows (H * 3 // 2, W)."""
    import numpy as np

    planes = [luma.reshape(-1), chroma[..., 0].reshape(-1), chroma[..., 1].reshape(-1)]
    return np.concatenate(planes).reshape(-1, luma.shape[1])


def write(path: Path, seconds: float, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> None:
    """Encode the test video: H.264 High with B-frames, as users' footage has them."""
    import av

    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS, options={"preset": "superfast", "crf": "23", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.codec_context.gop_size = GOP_FRAMES
        for index in range(max(2, round(seconds * FPS))):
            frame = av.VideoFrame.from_ndarray(planar(*synthetic(index, width_px, height_px)), format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def cpu_planes(path: Path, count: int) -> Iterator[tuple[Any, Any]]:
    """Luma (H, W) and interleaved chroma (H/2, W/2, 2) of the first frames, decoded on the CPU as uint8 arrays."""
    import av
    import numpy as np

    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in itertools.islice(source.decode(stream), count):
            if frame.format.name not in ("yuv420p", "yuvj420p"):
                raise ValueError(f"the probe compares 8-bit 4:2:0 video, not {frame.format.name}")
            y, u, v = (
                np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
                for plane in frame.planes
            )
            yield y.copy(), np.stack([u, v], axis=-1)


def psnr_db(reference: Any, picture: Any) -> float:
    """Peak signal-to-noise ratio of two uint8 arrays; 100 when they are equal."""
    import numpy as np

    error = float(np.mean((np.asarray(reference, np.float64) - np.asarray(picture, np.float64)) ** 2))
    return 100.0 if error == 0 else float(10 * np.log10(255**2 / error))


if __name__ == "__main__":
    write(Path(sys.argv[1]), float(sys.argv[2]))

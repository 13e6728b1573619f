"""Small finished shorts, right in every rule unless told otherwise, and their boxes for breaking them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

BT709 = {"colorprim": "bt709", "transfer": "bt709", "colormatrix": "bt709", "range": "tv"}
ALL_BT709 = (1, 1, 1, 1)
"""Primaries, transfer, matrix, range as code points; what the `colr` box is made from."""


@dataclass(frozen=True)
class Short:
    """What a short is made of."""

    frames: int = 14
    fps: int = 30
    size: tuple[int, int] = (1080, 1920)
    codec: str | None = "libx264"
    pixel_format: str = "yuv420p"
    x264: dict[str, Any] = field(default_factory=dict)
    colours: tuple[int, int, int, int] = ALL_BT709
    aspect: Fraction | None = None
    pts: Callable[[int], int] = lambda i: i
    timescale: int | None = None
    audio: str | None = "aac"
    rate_hz: int = 48_000
    layout: str = "stereo"
    bit_rate: int = 128_000
    amplitude: float = 0.2
    clicks: float = 0.0
    audio_s: float | None = None
    format: str = "mp4"
    movflags: str = "+faststart"


def make_short(path: Path, short: Short) -> Path:
    """Encode a still picture and a 997 Hz tone."""
    options = {"movflags": short.movflags} if short.format in ("mp4", "mov") and short.movflags else {}
    with av.open(str(path), "w", format=short.format, options=options) as container:
        video = _video_stream(container, short) if short.codec else None
        audio = _audio_stream(container, short)
        if video is not None:
            for i in range(short.frames):
                container.mux(video.encode(_picture(short, i)))
            container.mux(video.encode(None))
        if audio is not None:
            samples = tone(short)
            for start in range(0, samples.shape[1], 1024):
                container.mux(audio.encode(_sound(samples[:, start : start + 1024], short, start)))
            container.mux(audio.encode(None))
    return path


def tone(short: Short) -> NDArray[np.float32]:
    """The short's sound, shape (channels, n)."""
    seconds = short.frames / short.fps if short.audio_s is None else short.audio_s
    at = np.arange(round(seconds * short.rate_hz)) / short.rate_hz
    wave = (short.amplitude * np.sin(2 * np.pi * 997 * at)).astype(np.float32)
    if short.clicks:
        wave[5000:5004] = short.clicks
    return np.stack([wave] * (2 if short.layout == "stereo" else 1))


def _video_stream(container: Any, short: Short) -> Any:
    stream = container.add_stream(short.codec, rate=short.fps)
    stream.width, stream.height = short.size
    stream.pix_fmt = short.pixel_format
    if short.timescale:
        stream.codec_context.time_base = Fraction(1, short.timescale)
    if short.aspect:
        stream.codec_context.sample_aspect_ratio = short.aspect
    context = stream.codec_context
    context.color_primaries, context.color_trc, context.colorspace, context.color_range = short.colours
    if short.codec == "libx264":
        parameters = {"bframes": 2, "keyint": 2 * short.fps, "scenecut": 0, "cabac": 1, "8x8dct": 1} | BT709
        joined = ":".join(f"{key}={value}" for key, value in (parameters | short.x264).items())
        stream.options = {"preset": "ultrafast", "x264-params": joined}
    return stream


def _audio_stream(container: Any, short: Short) -> Any:
    if short.audio is None:
        return None
    stream = container.add_stream(short.audio, rate=short.rate_hz, layout=short.layout)
    stream.bit_rate = short.bit_rate
    return stream


def _picture(short: Short, i: int) -> av.VideoFrame:
    frame = av.VideoFrame(*short.size, short.pixel_format)
    for number, plane in enumerate(frame.planes):
        rows = np.full((plane.height, plane.line_size), 128, np.uint8)
        if not number:
            rows[:] = (np.arange(plane.line_size) // 8 * 7 + i * 2) % 200 + 20
        plane.update(rows)
    frame.pts = short.pts(i)
    frame.time_base = Fraction(1, short.timescale or short.fps)
    frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = short.colours
    return frame


def _sound(samples: NDArray[np.float32], short: Short, start: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=short.layout)
    frame.sample_rate = short.rate_hz
    frame.pts = start
    frame.time_base = Fraction(1, short.rate_hz)
    return frame


def payload_at(data: bytes, *kinds: str, nth: int = 0) -> int:
    """Where the payload of the nth box of that path starts, found by its name after its parent's."""
    at = 0
    for kind in kinds[:-1]:
        at = data.index(kind.encode(), at) + 4
    for _ in range(nth + 1):
        at = data.index(kinds[-1].encode(), at) + 4
    return at


def patched(source: Path, target: Path, at: int, new: bytes) -> Path:
    """A copy with some bytes overwritten."""
    data = bytearray(source.read_bytes())
    data[at : at + len(new)] = new
    target.write_bytes(data)
    return target

"""Figures of encoders that follow simple rules, for what is made of figures."""

from __future__ import annotations

from nvpipe.bench.candidates import Way
from nvpipe.bench.points import Point, Row, row_of
from nvpipe.media.encode.x264 import X264Encoder


def row(
    encoder: str,
    setting: str,
    kbit_s: float,
    xpsnr_db: float | None,
    fps: float,
    *,
    clips: int = 2,
    harder: float = 1.5,
    vmaf: float | None = None,
) -> Row:
    """A setting on stretches of which each needs `harder` times the bits of the one before for the same quality."""
    points = [
        Point(
            clip=clip,
            frames=60,
            wall_s=60 / fps,
            cpu_s=100 / fps,
            energy_j=None,
            intervals_s=(1 / fps,) * 60,
            kbit_s=kbit_s * harder**clip,
            ssim=0.99 if xpsnr_db is None else 1 - 10 ** (-xpsnr_db / 20),
            worst_ssim=0.9,
            xpsnr_db=xpsnr_db,
            vmaf=vmaf,
            same_bytes=None,
        )
        for clip in range(clips)
    ]
    return row_of(Way(encoder, X264Encoder(), setting), setting, points)


def preset(encoder: str, name: str, bits: float, fps: float) -> list[Row]:
    """Four rates of a preset: 6 of the factor are half the bits and 3 dB."""
    return [
        row(encoder, f"{name}@{factor}", bits * 10_000 * 2 ** ((18 - factor) / 6), 45 - (factor - 18) / 2, fps)
        for factor in (18, 23, 28, 33)
    ]

"""A decoder whose pictures are computed: planes by time, without any file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from nvpipe.registry import Probe
from nvpipe.types import Footage, MediaInfo

Planes = tuple[np.ndarray, np.ndarray, np.ndarray]
Painter = Callable[[float], Planes]


def planes(luma: np.ndarray, u: int = 128, v: int = 128) -> Planes:
    """Y as given with chroma of one colour."""
    height, width = luma.shape
    shape = ((height + 1) // 2, (width + 1) // 2)
    return luma.astype(np.uint8), np.full(shape, u, np.uint8), np.full(shape, v, np.uint8)


def texture(height: int = 72, width: int = 128, seed: int = 1) -> np.ndarray:
    """A picture with detail: blocks of random brightness between 60 and 180."""
    blocks = np.random.default_rng(seed).integers(60, 180, (height // 8 + 1, width // 8 + 1))
    return np.kron(blocks, np.ones((8, 8)))[:height, :width]


@dataclass
class ScriptedFrame:
    time_s: float
    size_bytes: int
    picture: Planes

    def planes(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y, u, v = (torch.from_numpy(plane) for plane in self.picture)
        return y, u, v

    def to_av(self) -> Any:
        raise NotImplementedError("scripted frames have no av picture")


@dataclass
class ScriptedReader:
    info: MediaInfo
    source: ScriptedDecoder

    @property
    def damaged(self) -> int:
        return self.source.damaged

    def frames(
        self,
        start_s: float = 0.0,
        end_s: float | None = None,
        *,
        draft: bool = False,
        sound: object = None,
        spare: object = None,
        thinning: object = None,
    ) -> Iterator[ScriptedFrame]:
        for index, time_s in enumerate(self.source.times_s):
            if time_s >= start_s and (end_s is None or time_s < end_s):
                yield ScriptedFrame(time_s, self.source.size_bytes(index), self.source.paint(time_s))

    def close(self) -> None:
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


@dataclass
class ScriptedDecoder:
    """Frames painted at the given times."""

    paint: Painter
    times_s: Sequence[float]
    rotation_deg: int = 0
    mirrored: bool = False
    damaged: int = 0
    header_s: float | None = None
    size_bytes: Callable[[int], int] = field(default=lambda _index: 1000)

    def probe(self) -> Probe:
        return Probe(True, "paints")

    def open(self, path: Path) -> ScriptedReader:
        height, width = self.paint(0.0)[0].shape
        if self.rotation_deg % 180:
            width, height = height, width
        seconds = (self.times_s[-1] + 1 / 30 if self.times_s else 0.0) if self.header_s is None else self.header_s
        info = MediaInfo(
            path=path,
            container="mp4",
            codec="h264",
            width_px=width,
            height_px=height,
            fps=Fraction(30),
            duration_s=seconds,
            rotation_deg=self.rotation_deg,
            mirrored=self.mirrored,
            sample_aspect=Fraction(1),
            pixel_format="yuv420p",
            colour_matrix="bt709",
            colour_assumed=False,
            full_range=False,
            interlaced=False,
            has_audio=False,
        )
        return ScriptedReader(info, self)


def even_times(seconds: float, fps: float = 30) -> list[float]:
    return [index / fps for index in range(round(seconds * fps))]


def footage(path: Path = Path("clip.mp4")) -> Footage:
    return Footage("clip-00000000", path, "00", 128, 72, Fraction(30), 0.0, "h264", 0, False, "bt709", False)

"""Surfaces as decoders hand them out, decoders that write over them, and a card that is late with its work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from nvpipe.footage.motion.surfaces import Sent

Planes = tuple[torch.Tensor, torch.Tensor, torch.Tensor]

ODD_SIZES = ((1, 1, 2), (3, 5, 6), (137, 201, 256), (5, 700, 704), (700, 5, 6))
"""Height, width and pitch: one pixel, odd ones, tall and wide ones, rows wider than the picture."""
SIZES = (*ODD_SIZES, (2, 2, 2), (36, 64, 64), (72, 128, 160), (240, 426, 512), (1083, 1917, 2048))


def noise(*shape: int, seed: int = 1, device: str = "cpu") -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator).to(device)


def nv12(surface: torch.Tensor, height: int, width: int) -> Planes:
    """Planes of a surface `[height + height / 2, pitch]`."""
    pairs = surface[height:, : (width + 1) // 2 * 2]
    return surface[:height, :width], pairs[:, 0::2], pairs[:, 1::2]


def surfaces(count: int, height: int, width: int, pitch: int, *, seed: int = 1, device: str = "cpu") -> list[Planes]:
    """Noise in NV12."""
    whole = noise(count, height + (height + 1) // 2, pitch, seed=seed, device=device)
    return [nv12(surface, height, width) for surface in whole]


def planar(count: int, height: int, width: int, *, device: str = "cpu") -> list[Planes]:
    """Noise in three planes of their own."""
    half = (height + 1) // 2, (width + 1) // 2
    y, u, v = (
        noise(count, *shape, seed=seed, device=device) for seed, shape in enumerate(((height, width), half, half))
    )
    return list(zip(y, u, v, strict=True))


def upper_halves(count: int, height: int, width: int, *, device: str = "cpu") -> list[Planes]:
    """Noise in P010, of which the upper byte of every sample is looked at."""
    whole = noise(count, height + (height + 1) // 2, 2 * ((width + 1) // 2 * 2) + 32, device=device)
    return [nv12(surface[:, 1::2], height, width) for surface in whole]


@dataclass
class Frame:
    time_s: float
    size_bytes: int
    given: Planes

    def planes(self) -> Planes:
        return self.given


@dataclass
class HeldFrame(Frame):
    """A frame that stays as it is until it has called what was registered."""

    settles: list[Callable[[], None]] = field(default_factory=list)

    def before_reuse(self, settle: Callable[[], None]) -> None:
        self.settles.append(settle)


def recycled(
    pictures: Sequence[Planes], times_s: Sequence[float], *, batch: int, honest: bool = True
) -> Iterator[Frame]:
    """Frames in a few surfaces that are written over, as soon as the next batch is asked for.

    Args:
        pictures: what is shown.
        times_s: when.
        batch: how many surfaces there are; with one, frames promise nothing.
        honest: whether what was registered is called before.
    """
    room = [tuple(torch.zeros_like(plane) for plane in pictures[0]) for _ in range(batch)]
    for first in range(0, len(pictures), batch):
        settles: list[Callable[[], None]] = []
        for surface, picture in zip(room, pictures[first : first + batch], strict=False):
            for target, plane in zip(surface, picture, strict=True):
                target.copy_(plane)
        for offset, surface in enumerate(room[: len(pictures) - first]):
            place = first + offset
            if batch > 1:
                yield HeldFrame(times_s[place], 1000, surface, settles)
            else:
                yield Frame(times_s[place], 1000, surface)
        for settle in settles if honest else ():
            settle()
    for surface in room:
        for target in surface:
            target.fill_(255)


class LateQueue:
    """A card that does its work when it is waited for."""

    def __init__(self) -> None:
        self.sent = 0

    def send(self, work: Callable[[], torch.Tensor]) -> Sent:
        self.sent += 1
        result = torch.empty(0, dtype=torch.uint8)

        def do() -> None:
            if not result.numel():
                result.set_(work())

        return Sent(result, do, do)

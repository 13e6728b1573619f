"""Sizes of the finished picture, by their shape or in pixels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nvpipe.errors import UsageError

SHAPES = {"9:16": (1080, 1920), "4:5": (1080, 1350), "1:1": (1080, 1080), "16:9": (1920, 1080)}
"""What the platforms take for each shape."""
SHORTEST_PX, LONGEST_PX = 180, 3840
MOST_SIZES = 8


@dataclass(frozen=True, slots=True)
class NamedSize:
    """A size and what it was called, as a file's name shows it: `1x1`, `720x1280`."""

    name: str
    width_px: int
    height_px: int


def parse_sizes(text: str) -> tuple[NamedSize, ...]:
    """The sizes of a list like `9:16,1:1,720x1280`, in its order.

    Raises:
        UsageError: one of them is none, has an odd or impossible side, or two are the same.
    """
    sizes = tuple(_parse(item.strip()) for item in text.split(","))
    if len({(size.width_px, size.height_px) for size in sizes}) < len(sizes):
        raise UsageError(f"{text!r} names one size twice", hint="name each once")
    if len(sizes) > MOST_SIZES:
        raise UsageError(f"{len(sizes)} sizes are too many for one run", hint=f"name at most {MOST_SIZES}")
    return sizes


def _parse(text: str) -> NamedSize:
    if text in SHAPES:
        return NamedSize(text.replace(":", "x"), *SHAPES[text])
    match = re.fullmatch(r"(?a)(\d{1,5})[xX](\d{1,5})", text)
    if match is None:
        raise UsageError(f"{text!r} is no size", hint=f"choose from {', '.join(SHAPES)} or give pixels: 720x1280")
    width, height = int(match[1]), int(match[2])
    if width % 2 or height % 2:
        raise UsageError(f"{text} has an odd side, which H.264 in 4:2:0 cannot hold", hint="give even numbers")
    if min(width, height) < SHORTEST_PX or max(width, height) > LONGEST_PX:
        raise UsageError(f"{text} is not possible: each side is {SHORTEST_PX} to {LONGEST_PX} pixels long")
    return NamedSize(f"{width}x{height}", width, height)

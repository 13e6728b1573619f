"""All pictures of a timeline, drawn with a layout that scales footage to the whole canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.media import frame_number

from nvpipe.compose import Placement, Size
from nvpipe.compose.cpu import Pictures
from nvpipe.compose.layout import Whole
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.registry import Probe

if TYPE_CHECKING:
    import numpy as np

    from nvpipe.types import Timeline


class Stretched(Whole):
    """A layout that scales to the canvas."""

    def probe(self) -> Probe:
        return Probe(True, "scales")

    def place(self, source_px: Size, canvas_px: Size) -> Placement:
        return Placement(source_px, canvas_px, None)


def shown(timeline: Timeline) -> list[np.ndarray]:
    """All pictures as yuv420p arrays."""
    with Pictures(timeline, PyAvDecoder(), Stretched()) as pictures:
        return [picture.to_ndarray() for picture in pictures]


def numbers(timeline: Timeline) -> list[int]:
    """Which frames of the footage they show, of a canvas of 72 rows."""
    return [frame_number(picture[:72]) for picture in shown(timeline)]

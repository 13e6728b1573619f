"""Where the sharp part of the footage is cut out, moment by moment."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nvpipe.compose import Placement, Size

CENTRE = 0.5


class Window:
    """The sharp part of a placement, moving along a cut's path.

    The path is that of a window of the canvas' shape. A wider part always holds that window, moves less and never
    faster, and comes to rest at the edges of the picture with it instead of being stopped by them.

    Args:
        path: see `Cut.crop_path`.
        placement: where the footage goes.
        source_px: width and height of the upright footage.
        canvas_px: width and height of the result.
    """

    def __init__(
        self, path: tuple[tuple[float, float], ...], placement: Placement, source_px: Size, canvas_px: Size
    ) -> None:
        self._path = path
        self._width_px = source_px[0]
        self._room_px = source_px[0] - placement.part_px[0]
        narrow = canvas_px[0] / canvas_px[1] * source_px[1] / source_px[0]
        self._reach = (1 - narrow) / 2
        """How far the narrow window's centre goes from the middle."""

    @property
    def moves(self) -> bool:
        """Whether there is a path, and room to follow it."""
        return bool(self._path) and self._room_px > 0 and self._reach > 0

    def left_px(self, at_s: float) -> int:
        """Left edge of the part in the footage, any whole pixel, `at_s` seconds after the cut's start."""
        off = centre_at(self._path, at_s) - CENTRE
        share = min(1.0, abs(off) / self._reach)
        # With this exponent the part is as fast as the window at the edge, and slower before.
        exponent = max(1.0, self._reach / (self._room_px / 2 / self._width_px))
        return round(self._room_px / 2 * (1 + math.copysign(share**exponent, off)))


def centre_at(path: tuple[tuple[float, float], ...], at_s: float) -> float:
    """The centre at a moment of a path; its first and last points count on before and after it."""
    if not path:
        return CENTRE
    after = bisect_right(path, (at_s, math.inf))
    if after == 0:
        return path[0][1]
    if after == len(path):
        return path[-1][1]
    (from_s, before), (to_s, then) = path[after - 1], path[after]
    return before + (then - before) * (at_s - from_s) / (to_s - from_s)

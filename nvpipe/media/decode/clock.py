"""Times of decoded frames."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

_REBASE_S = 1.0


class Clock:
    """Times of frames from their timestamps, made good where those are missing or jump back."""

    def __init__(self, base: Fraction, origin_s: float, step_s: float, *, from_start: bool, trusts_pts: bool) -> None:
        self._base = base
        self._origin_s = origin_s
        self._step_s = step_s
        self._trusts_pts = trusts_pts
        self._last_s: float | None = -step_s if from_start else None
        self._shift_s = 0.0

    def at(self, picture: av.VideoFrame, delay_frames: int) -> float:
        """Presentation time; infinite when nothing tells it.

        Without a presentation stamp, the decoding stamp of the packet that released the picture serves,
        less the decoder's reordering delay.
        """
        stamp, early_s = picture.pts, 0.0
        if stamp is None or not self._trusts_pts:
            stamp, early_s = picture.dts, delay_frames * self._step_s
        last_s = self._last_s
        if stamp is None:
            time_s = math.inf if last_s is None else last_s + self._step_s
        else:
            time_s = stamp * self._base.numerator / self._base.denominator - early_s
            time_s += self._shift_s - self._origin_s
            if last_s is not None and time_s < last_s - _REBASE_S:
                self._shift_s += last_s + self._step_s - time_s
                time_s = last_s + self._step_s
            elif last_s is not None and last_s > 0:
                time_s = max(time_s, last_s)
        self._last_s = None if math.isinf(time_s) else time_s
        return time_s

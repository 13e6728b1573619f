"""Times of decoded frames."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

REBASE_S = 1.0
"""Stamps that jump back, or past the end, by more than this are not taken as they are."""
_MAX_REBASES = 3
"""Recordings are spliced now and then; stamps that jump back more often than this mean nothing."""


class Clock:
    """Times of frames from their timestamps, made good where those are missing, repeat, jump back or far ahead.

    Args:
        base: unit of the stamps.
        origin_s: time zero on their clock.
        step_s: how long a frame usually lasts.
        end_s: where the video ends by its header.
        from_start: whether the first frame is the file's.
        paced: whether stamps mean nothing, and frames follow each other at their usual distance.
        trusts_pts: whether the container has presentation stamps.
    """

    def __init__(
        self,
        base: Fraction,
        origin_s: float,
        step_s: float,
        end_s: float,
        *,
        from_start: bool,
        paced: bool,
        trusts_pts: bool,
    ) -> None:
        self._numerator, self._denominator = base.numerator, base.denominator
        self._origin_s = origin_s
        self._step_s = step_s
        self._end_s = end_s
        self._trusts_pts = trusts_pts
        self._last_s: float | None = -step_s if from_start else None
        self._stamp_s: float | None = None
        self._shift_s = 0.0
        self._rebases = _MAX_REBASES + 1 if paced else 0
        self.honest = trusts_pts and not paced
        """Whether every frame so far has had a presentation stamp that could be taken as it was."""

    def seconds(self, stamp: int) -> float:
        """The time that a presentation stamp means as it is."""
        return stamp * self._numerator / self._denominator - self._origin_s

    def at(self, picture: av.VideoFrame, delay_frames: int) -> float:
        """Presentation time; infinite when nothing tells it.

        Without a presentation stamp, the decoding stamp of the packet that released the picture serves,
        less the decoder's reordering delay.
        """
        stamp, early_s = picture.pts, 0.0
        if stamp is None or not self._trusts_pts:
            stamp, early_s = picture.dts, delay_frames * self._step_s
        last_s = self._last_s
        if last_s is not None and (stamp is None or self._rebases > _MAX_REBASES):
            time_s = last_s + self._step_s
        elif stamp is None:
            time_s = math.inf
        else:
            stamp_s = stamp * self._numerator / self._denominator - early_s - self._origin_s
            time_s = stamp_s if last_s is None else self._after(last_s, stamp_s)
            self._stamp_s = stamp_s
        self.honest = self.honest and picture.pts is not None and time_s == self.seconds(picture.pts)
        self._last_s = None if math.isinf(time_s) else time_s
        return time_s

    def _after(self, last_s: float, stamp_s: float) -> float:
        """The time that a stamp means for the frame after another one."""
        time_s = stamp_s + self._shift_s
        if time_s < last_s - REBASE_S:
            self._shift_s += last_s + self._step_s - time_s
            self._rebases += 1
            return last_s + self._step_s
        if time_s > max(self._end_s, last_s) + REBASE_S:
            return last_s + self._step_s
        if time_s > last_s or self._stamp_s is None:
            return time_s
        # Behind the last frame: as far after it as the stamps have moved, where they did.
        moved_s = stamp_s - self._stamp_s
        return last_s + (moved_s if 0 < moved_s < self._step_s else self._step_s)

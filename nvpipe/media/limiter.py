"""A look-ahead limiter for the true peak, without delay, in memory that does not grow with the sound.

How much each moment has to be turned down follows from its oversampled peak. The largest reduction
within reach of the look-ahead is held, then released exponentially in decibels, then
smoothed by a window no longer than the hold: the smoothed reduction is an average of values that are all
at least the reduction needed, so that no peak slips through, and it moves too slowly to be heard.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nvpipe.media.spool import BLOCK_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nvpipe.media.spool import Spool

    Samples = NDArray[np.float32]
    Track = NDArray[np.float64]

CONTROL_STEP_SAMPLES = 16
"""The reduction is computed once for as many samples (a third of a millisecond) and interpolated."""
LOOK_AHEAD_S = 0.006
RELEASE_S = 0.05
"""Time constant: deep reductions end as soon as shallow ones, so that one plosive does not hide a word."""
SMALLEST_DB = 1e-3
_BLOCK_STEPS = BLOCK_SAMPLES // CONTROL_STEP_SAMPLES
_FLOOR = 1e-10


def limited(sound: Spool, peaks: Spool, rate_hz: int, *, gain_db: float, ceiling_dbtp: float) -> Iterator[Samples]:
    """Sound at a gain, its true peak kept at or below a ceiling.

    Args:
        sound: what to limit.
        peaks: its `PeakTrack` with steps of `CONTROL_STEP_SAMPLES`.
        rate_hz: its sample rate.
        gain_db: applied first.
        ceiling_dbtp: not exceeded by more than 0.1 dB.

    Yields:
        Blocks that together are as long as the sound, with nothing moved.
    """
    reduction = Reduction(peaks, rate_hz, gain_db=gain_db, ceiling_dbtp=ceiling_dbtp)
    for first in range(0, peaks.count, _BLOCK_STEPS):
        last = min(first + _BLOCK_STEPS, peaks.count)
        # One step more on either side, which the gain between the steps is interpolated from.
        before, after = max(first - 1, 0), min(last + 1, peaks.count)
        gains = 10 ** ((gain_db - reduction.span(before, after)) / 20)
        start = first * CONTROL_STEP_SAMPLES
        block = sound.read(start, min(last * CONTROL_STEP_SAMPLES, sound.count))
        if gains.min() == gains.max():
            block *= np.float32(gains[0])
        else:
            centres = np.arange(before, after) * CONTROL_STEP_SAMPLES + (CONTROL_STEP_SAMPLES - 1) / 2
            block *= np.interp(np.arange(start, start + block.shape[1]), centres, gains).astype(np.float32)
        yield block


class Reduction:
    """How much a limiter takes away, in decibels for every control step; asked for from the start to the end."""

    def __init__(self, peaks: Spool, rate_hz: int, *, gain_db: float, ceiling_dbtp: float) -> None:
        self._peaks = peaks
        self._raised_db = gain_db - ceiling_dbtp
        step_s = CONTROL_STEP_SAMPLES / rate_hz
        self._reach = max(1, round(LOOK_AHEAD_S / step_s / 2))
        """Of each of the two smoothings, in steps."""
        self._decay = step_s / RELEASE_S
        self._released: Track = np.zeros(0)
        self._at = 0
        """The step that `_released` begins with."""
        self._last = -math.inf
        """Logarithm of the last value that was released."""

    def span(self, first: int, last: int) -> Track:
        """The reduction in steps `[first, last)`; neither may be before that of an earlier call."""
        low, high = max(first - self._reach, 0), min(last + self._reach, self._peaks.count)
        self._release(max(low - self._reach, 0), min(high + self._reach, self._peaks.count))
        once = self._smooth(self._released, self._at, low, high)
        return self._smooth(once, low, first, last)

    def _release(self, first: int, last: int) -> None:
        """Let `_released` hold the steps `[first, last)`."""
        end = self._at + self._released.size
        fresh = self._decayed(end, last) if last > end else np.zeros(0)
        self._released = np.concatenate([self._released[first - self._at :], fresh])
        self._at = first

    def _decayed(self, first: int, last: int) -> Track:
        # One step more than the smoothing reaches, for the interpolation between steps.
        reach = 2 * self._reach + 1
        peaks = self._peaks.read(first - reach, last + reach)[0].astype(np.float64)
        held = _sliding_max(np.maximum(20 * np.log10(np.maximum(peaks, _FLOOR)) + self._raised_db, 0.0), reach)
        # max over m <= n of held[m] * exp(-(n - m) * decay), as a running maximum of logarithms.
        rise = np.arange(held.size + 1) * self._decay
        logs = np.concatenate([[self._last], np.log(np.maximum(held, SMALLEST_DB))])
        logs = np.maximum.accumulate(logs + rise) - rise
        self._last = float(logs[-1])
        released: Track = np.exp(logs[1:])
        released[released < 2 * SMALLEST_DB] = 0.0
        return released

    def _smooth(self, track: Track, at: int, first: int, last: int) -> Track:
        """The mean over `_reach` steps on either side, the ends of the whole repeated; `track` begins at `at`."""
        width = 2 * self._reach + 1
        places = np.clip(np.arange(first - self._reach, last + self._reach), 0, self._peaks.count - 1)
        sums = np.concatenate([[0.0], np.cumsum(track[places - at])])
        means: Track = (sums[width:] - sums[:-width]) / width
        return means


def _sliding_max(track: Track, reach: int) -> Track:
    """The largest value within `reach` steps of each that has so many on both sides; log2(reach) passes."""
    width, done = 2 * reach + 1, 1
    best = track
    while done < width:
        shift = min(done, width - done)
        best = np.maximum(best[:-shift], best[shift:])
        done += shift
    return best

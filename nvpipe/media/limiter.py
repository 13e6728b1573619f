"""A look-ahead limiter for the true peak, on whole signals, without delay.

How much each moment has to be turned down follows from its oversampled peak. The largest reduction
within reach of the look-ahead is held, then released exponentially in decibels, then
smoothed by a window no longer than the hold: the smoothed reduction is an average of values that are all
at least the reduction needed, so that no peak slips through, and it moves too slowly to be heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.media.true_peak import CHUNK_SAMPLES, decibels, peak_track, refuse_unusable, true_peak

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    Track = NDArray[np.float64]

CONTROL_STEP_SAMPLES = 16
"""The reduction is computed once for as many samples (a third of a millisecond) and interpolated."""
LOOK_AHEAD_S = 0.006
RELEASE_S = 0.05
"""Time constant: deep reductions end as soon as shallow ones, so that one plosive does not hide a word."""
SMALLEST_DB = 1e-3
TOLERANCE_DB = 0.02
ROUNDS = 4


class Limiter:
    """One signal whose peaks are known, to be limited at any gain.

    Raises:
        MediaError: a sample is not a finite number.
    """

    def __init__(self, samples: Samples, rate_hz: int) -> None:
        refuse_unusable(samples)
        self.samples, self.rate_hz = samples, rate_hz
        self._peaks = peak_track(samples, rate_hz, CONTROL_STEP_SAMPLES)

    def apply(self, gain_db: float, ceiling_dbtp: float) -> Samples:
        """The signal at that gain, limited; shape as given. Its true peak can be over by a little."""
        import numpy as np

        output = np.empty_like(self.samples, dtype=np.float32)
        gains = 10 ** ((gain_db - self._reduction_db(gain_db, ceiling_dbtp)) / 20)
        centres = np.arange(gains.size) * CONTROL_STEP_SAMPLES + (CONTROL_STEP_SAMPLES - 1) / 2
        for start in range(0, output.shape[1], CHUNK_SAMPLES):
            part = self.samples[:, start : start + CHUNK_SAMPLES]
            gain = np.interp(np.arange(start, start + part.shape[1]), centres, gains)
            np.multiply(part, gain.astype(np.float32), out=output[:, start : start + CHUNK_SAMPLES])
        return output

    def apply_strictly(self, gain_db: float, ceiling_dbtp: float) -> Samples:
        """As `apply`, lowering the ceiling until the measured true peak is under the one asked for."""
        inner = ceiling_dbtp
        for _ in range(ROUNDS):
            output = self.apply(gain_db, inner)
            excess_db = decibels(true_peak(output, self.rate_hz)) - ceiling_dbtp
            if excess_db <= TOLERANCE_DB:
                return output
            inner -= excess_db
        return (output * 10 ** (-excess_db / 20)).astype(output.dtype)

    def _reduction_db(self, gain_db: float, ceiling_dbtp: float) -> Track:
        import numpy as np

        floor = 1e-10
        needed = 20 * np.log10(np.maximum(self._peaks, floor).astype(np.float64)) + gain_db - ceiling_dbtp
        step_s = CONTROL_STEP_SAMPLES / self.rate_hz
        half = max(1, round(LOOK_AHEAD_S / step_s / 2)) * 2
        # One control step more than the smoothing reaches, for the interpolation between steps.
        held = _sliding_max(np.maximum(needed, 0.0), half + 1)
        # max over m <= n of held[m] * exp(-(n - m) * decay), as a running maximum of logarithms.
        rise = np.arange(held.size) * (step_s / RELEASE_S)
        released = np.exp(np.maximum.accumulate(np.log(np.maximum(held, SMALLEST_DB)) + rise) - rise)
        released[released < 2 * SMALLEST_DB] = 0.0
        return _smooth(_smooth(released, half // 2), half // 2)


def limit(samples: Samples, rate_hz: int, *, gain_db: float, ceiling_dbtp: float) -> Samples:
    """Gain, then a limiter that keeps the true peak at or below the ceiling.

    Args:
        samples: float32, shape (1 or 2, n), full scale at 1.0.
        rate_hz: its sample rate.
        gain_db: applied first.
        ceiling_dbtp: not exceeded by more than 0.1 dB.

    Returns:
        As many samples, none of them moved.

    Raises:
        MediaError: a sample is not a finite number.
    """
    return Limiter(samples, rate_hz).apply_strictly(gain_db, ceiling_dbtp)


def _sliding_max(track: Track, reach: int) -> Track:
    """The largest value within `reach` steps on either side; doubling, so log2(reach) passes."""
    import numpy as np

    width, done = 2 * reach + 1, 1
    best = np.pad(track, reach)
    while done < width:
        shift = min(done, width - done)
        best = np.maximum(best[:-shift], best[shift:])
        done += shift
    return best


def _smooth(track: Track, reach: int) -> Track:
    """The mean over `reach` steps on either side, the ends repeated."""
    import numpy as np

    width = 2 * reach + 1
    if not track.size:
        return track
    sums = np.cumsum(np.pad(np.pad(track, reach, mode="edge"), (1, 0)))
    return (sums[width:] - sums[:-width]) / width

"""True peak of ITU-R BS.1770-4, annex 2: the largest sample at four times the rate.

libswresample does the resampling, as in libavfilter's `ebur128`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from av.audio.frame import AudioFrame
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

OVERSAMPLING = 4
HIGHEST_RATE_HZ = 384_000
"""Sound whose oversampled rate would be beyond this is sampled densely enough as it is."""
SILENCE_AFTER_SAMPLES = 64
"""Put after the end: libswresample would mirror the last samples there, and gives nothing back for sound that is
shorter than its filter."""
LAYOUTS = {1: "mono", 2: "stereo"}


class PeakMeter:
    """The largest oversampled value so far, chunk by chunk."""

    def __init__(self, rate_hz: int, layout: str) -> None:
        self._upsampler = Upsampler(rate_hz, layout)
        self._peak = 0.0

    def add(self, samples: Samples) -> None:
        self._scan(self._upsampler.add(samples))

    def finish(self) -> float:
        """The peak as an amplitude."""
        self._scan(self._upsampler.finish())
        return self._peak

    def _scan(self, runs: Iterator[Samples]) -> None:
        for run in runs:
            self._peak = max(self._peak, float(run.max(initial=0.0)))


class Upsampler:
    """The largest absolute value of any channel at the oversampled rate, chunk by chunk."""

    def __init__(self, rate_hz: int, layout: str) -> None:
        import av

        self._rate_hz, self._layout = rate_hz, layout
        self._resampler = av.AudioResampler(format="fltp", layout=layout, rate=upsampled_hz(rate_hz))
        self._channels = 0

    def add(self, samples: Samples) -> Iterator[Samples]:
        if samples.shape[1]:
            self._channels = samples.shape[0]
            yield from self._push(frame_of(samples, self._rate_hz, self._layout))

    def finish(self) -> Iterator[Samples]:
        import numpy as np

        if self._channels:
            yield from self.add(np.zeros((self._channels, SILENCE_AFTER_SAMPLES), np.float32))
            yield from self._push(None)

    def _push(self, frame: AudioFrame | None) -> Iterator[Samples]:
        import numpy as np

        for upsampled in self._resampler.resample(frame):
            yield np.abs(upsampled.to_ndarray()).max(axis=0)


class PeakTrack:
    """The largest oversampled value of any channel in each run of `step` samples, chunk by chunk."""

    def __init__(self, rate_hz: int, channels: int, step: int) -> None:
        import numpy as np

        self._upsampler = Upsampler(rate_hz, LAYOUTS[channels])
        self._step, self._step_up = step, step * upsampled_hz(rate_hz) // rate_hz
        self._rest: Samples = np.zeros(0, np.float32)
        self._samples = self._steps = 0

    def add(self, samples: Samples) -> Iterator[Samples]:
        """The peaks of all steps that are complete now."""
        self._samples += samples.shape[1]
        for run in self._upsampler.add(samples):
            yield self._take(run)

    def finish(self) -> Iterator[Samples]:
        """The last peaks: ceil(n / step) in all."""
        import numpy as np

        steps = -(-self._samples // self._step)
        tail = np.concatenate([self._rest, *self._upsampler.finish()])
        left = steps - self._steps
        if left:
            # What rings on after the end belongs to the last step.
            starts = np.arange(left) * self._step_up
            yield np.maximum.reduceat(np.pad(tail, (0, max(0, int(starts[-1]) + 1 - tail.size))), starts)

    def _take(self, run: Samples) -> Samples:
        import numpy as np

        run = np.concatenate([self._rest, run])
        # The last step waits for what may ring on after it.
        steps = max(run.size // self._step_up - 1, 0)
        self._rest = run[steps * self._step_up :]
        self._steps += steps
        peaks: Samples = run[: steps * self._step_up].reshape(steps, self._step_up).max(axis=1)
        return peaks


def upsampled_hz(rate_hz: int) -> int:
    """The rate at which peaks are looked for."""
    return rate_hz * OVERSAMPLING if rate_hz * OVERSAMPLING <= HIGHEST_RATE_HZ else rate_hz


def frame_of(samples: Samples, rate_hz: int, layout: str) -> AudioFrame:
    """Planar float samples as a libav frame without a timestamp."""
    import av
    import numpy as np

    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    frame.sample_rate = rate_hz
    return frame


def refuse_unusable(samples: Samples) -> None:
    """Raise MediaError for samples that are not finite numbers."""
    import numpy as np

    if not np.isfinite(samples).all():
        raise MediaError("the sound has samples that are not finite numbers")


def decibels(amplitude: float) -> float:
    """`-inf` for zero."""
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf

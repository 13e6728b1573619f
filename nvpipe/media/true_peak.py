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
CHUNK_SAMPLES = 1 << 16
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


def true_peak(samples: Samples, rate_hz: int) -> float:
    """The largest oversampled value of any channel, as an amplitude."""
    meter = PeakMeter(rate_hz, LAYOUTS[samples.shape[0]])
    for chunk in chunks(samples):
        meter.add(chunk)
    return meter.finish()


def peak_track(samples: Samples, rate_hz: int, step: int) -> Samples:
    """The largest oversampled value of any channel in each run of `step` samples; shape (ceil(n / step),)."""
    import numpy as np

    step_up = step * upsampled_hz(rate_hz) // rate_hz
    steps = -(-samples.shape[1] // step)
    track = np.zeros(steps, np.float32)
    at = 0
    for run in _upsampled(samples, rate_hz):
        starts = np.concatenate([[0], np.arange(-at % step_up or step_up, run.size, step_up)])
        # What rings on after the end belongs to the last step.
        steps_at = np.minimum(at // step_up + np.arange(starts.size), steps - 1)
        np.maximum.at(track, steps_at, np.maximum.reduceat(run, starts))
        at += run.size
    return track


def _upsampled(samples: Samples, rate_hz: int) -> Iterator[Samples]:
    upsampler = Upsampler(rate_hz, LAYOUTS[samples.shape[0]])
    for chunk in chunks(samples):
        yield from upsampler.add(chunk)
    yield from upsampler.finish()


def upsampled_hz(rate_hz: int) -> int:
    """The rate at which peaks are looked for."""
    return rate_hz * OVERSAMPLING if rate_hz * OVERSAMPLING <= HIGHEST_RATE_HZ else rate_hz


def chunks(samples: Samples) -> Iterator[Samples]:
    """The samples in runs that bound what libav buffers."""
    for start in range(0, samples.shape[1], CHUNK_SAMPLES):
        yield samples[:, start : start + CHUNK_SAMPLES]


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

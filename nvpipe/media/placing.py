"""Where decoded sound belongs, and what it is as float samples."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from nvpipe.media.probe import origin_of

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.audio import AudioStream
    from av.container import InputContainer

    Samples = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

_JITTER_S = 0.04
_REBASE_S = 1.0
LAYOUTS = {1: "mono", 2: "stereo"}


class Place:
    """Where each frame belongs, in samples from time zero."""

    def __init__(self, container: InputContainer, stream: AudioStream, source_hz: int) -> None:
        base = stream.time_base or Fraction(1, 1000)
        self._samples_per_tick = base * source_hz
        self._origin = origin_of(container) * source_hz
        self.is_coarse = self._samples_per_tick > 1
        self.grid: int | None = None
        """A position at which a frame of full length begins, where timestamps are coarser than samples."""
        self._shift = 0.0
        self._source_hz = source_hz
        self._next: int | None = None

    def of(self, frame: av.AudioFrame, count: int, *, exactly: bool) -> int:
        """Position of a frame of `count` samples: where the one before ended, unless its stamp tells otherwise."""
        position = self._next if self._next is not None else 0
        if frame.pts is not None:
            stamped = float(frame.pts * self._samples_per_tick) - self._origin + self._shift
            off = stamped - position
            if self._next is None:
                position = self._snapped(stamped, frame.samples)
            elif off < -_REBASE_S * self._source_hz:
                self._shift -= off
            elif abs(off) > (self._tick if exactly else max(_JITTER_S * self._source_hz, self._tick)):
                position = self._snapped(stamped, frame.samples)
        self._next = position + count
        return position

    @property
    def _tick(self) -> float:
        return max(float(self._samples_per_tick), 1.0)

    def _snapped(self, stamped: float, samples: int) -> int:
        """A stamp that was rounded to ticks, on the grid that frames of equal length make from the start."""
        if self.grid is not None and samples:
            near = self.grid + round((stamped - self.grid) / samples) * samples
            if abs(near - stamped) <= min(1.1 * self._samples_per_tick, 0.4 * samples):
                return near
        return round(stamped)


class Mix:
    """Frames of any format as float samples of the wanted channels, at the source's rate."""

    def __init__(self, source_hz: int, channels: int) -> None:
        self._source_hz = source_hz
        self._channels = channels
        self._kind: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None

    def samples(self, frame: av.AudioFrame) -> Iterator[Samples]:
        import av
        import numpy as np

        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        single = frame.layout.nb_channels == 1
        if self._resampler is None or kind != self._kind:
            self._kind = kind
            # Without the limit, libswresample lets float sums of channels exceed 1.
            self._resampler = av.AudioResampler(
                "fltp",
                "mono" if single else LAYOUTS[self._channels],
                self._source_hz,
                options={"rematrix_maxval": "1.0"},
            )
        for part in self._resampler.resample(frame):
            samples = cast("Samples", part.to_ndarray())
            if single and self._channels > 1:
                samples = np.repeat(samples, self._channels, axis=0)
            # A sum is finite only when everything in it is, and takes a tenth of the time of looking at each.
            if not np.isfinite(samples.sum()):
                samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
            yield samples

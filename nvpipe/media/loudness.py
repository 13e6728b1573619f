"""Loudness and true peak by ITU-R BS.1770-4 and EBU R128, through libavfilter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nvpipe.errors import MediaError
from nvpipe.media.true_peak import (
    HIGHEST_RATE_HZ,
    PeakMeter,
    decibels,
    frame_of,
    refuse_unusable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from av.audio.frame import AudioFrame
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

BLOCK_S = 0.4
"""A gating block of BS.1770; shorter sound is repeated until it fills one."""
SILENCE_LUFS = -70.0
"""The absolute gate of BS.1770: blocks below it do not count."""
LOWEST_RATE_HZ = 4_000
MOST_CHANNELS = 8
"""PyAV crashes on planar sound with more."""
_CHUNK_SAMPLES = 1 << 15
"""Decoded frames are short; libav and numpy work faster on many at once."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """Both are `-inf` for silence."""

    integrated_lufs: float
    true_peak_dbtp: float


def measure_file(path: Path, *, on_block: Callable[[], None] | None = None) -> Loudness:
    """Loudness and true peak of a file's first audio stream, in memory that does not grow with its length.

    Args:
        path: a file with sound.
        on_block: called now and then; what it raises ends the work.

    Raises:
        MediaError: the file cannot be read, has no audio, or its audio cannot be decoded.
    """
    import av

    from nvpipe.media.safety import name_of, opened

    with opened(path, sound_only=True) as container:
        if not container.streams.audio:
            raise MediaError(f"{name_of(path)} has no sound")
        if container.streams.audio[0].codec_context is None:
            raise MediaError(f"the sound of {name_of(path)} is in a codec that is not known here")
        meter = Meter()
        try:
            for frame in container.decode(container.streams.audio[0]):
                if on_block is not None:
                    on_block()
                meter.add(frame)
        except av.FFmpegError as error:
            raise MediaError(f"the sound of {name_of(path)} cannot be decoded: {error.strerror}") from error
        return meter.result()


class Meter:
    """Measures decoded frames one after the other; rate and channels are those of the first."""

    def __init__(self) -> None:
        self._format: tuple[int, str] | None = None
        self._head: list[Samples] = []
        self._count = 0
        self._waiting: list[Samples] = []
        self._waiting_samples = 0

    def add(self, frame: AudioFrame) -> None:
        """Measure another frame.

        Raises:
            MediaError: there are more than 8 channels, rate or channels change, or a sample is not a finite number.
        """
        import av

        if self._format is None:
            if frame.layout.nb_channels > MOST_CHANNELS or not LOWEST_RATE_HZ <= frame.sample_rate <= HIGHEST_RATE_HZ:
                raise MediaError(
                    f"sound with {frame.layout.nb_channels} channels at {frame.sample_rate} Hz cannot be measured"
                )
            self._format = (frame.sample_rate, frame.layout.name)
            self._to_float = av.AudioResampler(format="fltp")
            self._peaks = PeakMeter(*self._format)
            self._gate = _Gate(*self._format)
        if (frame.sample_rate, frame.layout.name) != self._format:
            raise MediaError("the sound changes its sample rate or its channels midway")
        frame.pts = None
        for plain in self._to_float.resample(frame):
            self._take(cast("Samples", plain.to_ndarray()))

    def result(self) -> Loudness:
        """The measurement; nothing can be added after it."""
        import numpy as np

        if self._format is None:
            return Loudness(-math.inf, -math.inf)
        for plain in self._to_float.resample(None):
            self._take(cast("Samples", plain.to_ndarray()))
        self._flush()
        rate_hz, layout = self._format
        lufs = self._gate.finish()
        if self._head:
            lufs = _repeated_lufs(np.concatenate(self._head, axis=1), rate_hz, layout)
        return Loudness(lufs, decibels(self._peaks.finish()))

    def _take(self, samples: Samples) -> None:
        assert self._format is not None
        refuse_unusable(samples)
        self._count += samples.shape[1]
        if self._count < BLOCK_S * self._format[0]:
            self._head.append(samples)
        else:
            self._head.clear()
        self._waiting.append(samples)
        self._waiting_samples += samples.shape[1]
        if self._waiting_samples >= _CHUNK_SAMPLES:
            self._flush()

    def _flush(self) -> None:
        import numpy as np

        if not self._waiting:
            return
        samples = np.concatenate(self._waiting, axis=1)
        self._waiting, self._waiting_samples = [], 0
        self._gate.add(samples)
        self._peaks.add(samples)


class _Gate:
    """Gated loudness, chunk by chunk."""

    def __init__(self, rate_hz: int, layout: str) -> None:
        from av.filter import Graph

        self._rate_hz, self._layout = rate_hz, layout
        self._lufs = SILENCE_LUFS
        self._graph = Graph()
        source = self._graph.add(
            "abuffer",
            sample_rate=str(rate_hz),
            sample_fmt="fltp",
            channel_layout=layout,
            time_base=f"1/{rate_hz}",
        )
        meter = self._graph.add("ebur128", "metadata=1:framelog=quiet")
        sink = self._graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        self._graph.configure()

    def add(self, samples: Samples) -> None:
        if samples.shape[1]:
            self._graph.push(frame_of(samples, self._rate_hz, self._layout))
            self._drain()

    def finish(self) -> float:
        self._graph.push(None)
        self._drain()
        return self._lufs if self._lufs > SILENCE_LUFS else -math.inf

    def _drain(self) -> None:
        import av

        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            self._lufs = float(frame.metadata.get("lavfi.r128.I", self._lufs))


def _repeated_lufs(samples: Samples, rate_hz: int, layout: str) -> float:
    import numpy as np

    if not samples.shape[1]:
        return -math.inf
    gate = _Gate(rate_hz, layout)
    gate.add(np.tile(samples, (1, math.ceil(2 * BLOCK_S * rate_hz / samples.shape[1]))))
    return gate.finish()

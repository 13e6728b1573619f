"""The finished MP4: H.264 from an encoder, AAC beside it, the index first."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Self

from nvpipe.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    import av
    import numpy as np
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from numpy.typing import NDArray

    from nvpipe.media.encode import Encoder
    from nvpipe.types import OutputFormat

AUDIO_RATE_HZ = 48_000
AUDIO_BIT_RATE = 128_000
_FRAME = 1024
"""Samples in an AAC frame."""


def write_sound(samples: NDArray[np.float32], path: Path) -> None:
    """Encode stereo sound as AAC-LC, 48 kHz, 128 kbit/s, into an MP4 that holds nothing else.

    Args:
        samples: float32 `[2, n]` at 48 kHz, full scale is 1.0.
        path: where to write.

    Raises:
        OutputError: the file cannot be written.
    """
    import av
    import numpy as np

    try:
        with av.open(path, "w", format="mp4") as container:
            stream = container.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo")
            stream.bit_rate = AUDIO_BIT_RATE
            for start in range(0, samples.shape[1], _FRAME):
                block = np.ascontiguousarray(samples[:, start : start + _FRAME])
                frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
                frame.sample_rate = AUDIO_RATE_HZ
                frame.pts = start
                frame.time_base = Fraction(1, AUDIO_RATE_HZ)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


class Mp4Writer:
    """An MP4 being written, frame by frame; the sound is copied from a file that `write_sound` made.

    Raises:
        OutputError: the file cannot be written: no permission, no space.
        UsageError: the output's encoder parameters are wrong.
    """

    def __init__(self, path: Path, output: OutputFormat, encoder: Encoder, sound: Path) -> None:
        import av

        self.path = path
        self._sound = av.open(sound)
        try:
            self._container = av.open(path, "w", format="mp4", options={"movflags": "+faststart"})
        except OSError as error:
            self._sound.close()
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
        self._video = encoder.add_stream(self._container, output)
        source = self._sound.streams.audio[0]
        self._audio = self._container.add_stream_from_template(source)
        self._packets = self._audio_packets()
        self._next: Packet[AudioStream] | None = next(self._packets, None)
        self._time_base = 1 / output.fps
        self.frames = 0

    def write(self, picture: av.VideoFrame) -> None:
        """Append the next picture."""
        picture.pts = self.frames
        picture.time_base = self._time_base
        self.frames += 1
        try:
            # The first picture goes before any sound: an encoder may adopt its frame pool when it sees it.
            self._container.mux(self._video.encode(picture))
            self._mux_audio(float(self.frames * self._time_base))
        except OSError as error:
            raise self._failed(error) from error

    def finish(self) -> None:
        """Write what the encoder still holds, the rest of the sound and the index."""
        try:
            self._container.mux(self._video.encode(None))
            self._mux_audio(None)
            self._container.close()
        except OSError as error:
            raise self._failed(error) from error
        finally:
            self._sound.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
            return
        self._sound.close()
        try:
            self._container.close()
        except (OSError, ValueError):
            # The first error is the one that counts; the file is a temporary one and will be removed.
            return

    def _audio_packets(self) -> Iterator[Packet[AudioStream]]:
        for packet in self._sound.demux(audio=0):
            if packet.dts is not None:
                packet.stream = self._audio
                yield packet

    def _mux_audio(self, until_s: float | None) -> None:
        while self._next is not None:
            at_s = float((self._next.pts or 0) * self._next.time_base)
            if until_s is not None and at_s > until_s:
                return
            self._container.mux(self._next)
            self._next = next(self._packets, None)

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(f"cannot write {self.path}: {error.strerror or error}", hint="free some disk space")

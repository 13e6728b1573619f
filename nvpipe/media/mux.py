"""The finished MP4: H.264 from an encoder, AAC beside it, the index first."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Self

from nvpipe.errors import OutputError
from nvpipe.media.waiting import WaitingPackets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    import numpy as np
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from nvpipe.media.encode import Encoder
    from nvpipe.media.waiting import PacketList
    from nvpipe.types import OutputFormat

AUDIO_RATE_HZ = 48_000
AUDIO_BIT_RATE = 128_000


def write_sound(
    blocks: Iterable[NDArray[np.float32]],
    path: Path,
    *,
    bit_rate: int = AUDIO_BIT_RATE,
    on_block: Callable[[], None] | None = None,
) -> float:
    """Encode stereo sound as AAC-LC at 48 kHz into an MP4 that holds nothing else.

    Args:
        blocks: float32 `[2, n]` at 48 kHz, full scale is 1.0, one after the other.
        path: where to write.
        bit_rate: what the encoder is asked for; it misses it by some per cent, and quiet sound takes less.
        on_block: called with every block; what it raises ends the work.

    Returns:
        Bits per second that were written.

    Raises:
        OutputError: the file cannot be written.
    """
    import av
    import numpy as np

    written = samples = 0
    # The default coder takes three times as long on speech, and its peaks rise further above the source's.
    options = {"aac_coder": "fast"}
    try:
        with av.open(path, "w", format="mp4") as container:
            stream = container.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo", options=options)
            stream.bit_rate = bit_rate
            for block in blocks:
                if on_block is not None:
                    on_block()
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
                frame.sample_rate = AUDIO_RATE_HZ
                frame.pts = samples
                frame.time_base = Fraction(1, AUDIO_RATE_HZ)
                samples += block.shape[1]
                packets = stream.encode(frame)
                written += sum(packet.size for packet in packets)
                container.mux(packets)
            packets = stream.encode(None)
            written += sum(packet.size for packet in packets)
            container.mux(packets)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    return float(written * 8 * AUDIO_RATE_HZ / samples)


class Mp4Writer:
    """An MP4 being written, packet by packet; the sound may come later and is copied from a file.

    Pictures can be written while the sound is still being made: their packets wait on the disk until `attach`.

    Args:
        path: where to write.
        output: what the packets are encoded for.
        encoder: what encodes them.

    Raises:
        OutputError: the file cannot be written: no permission, no space.
        UsageError: the output's encoder parameters are wrong.
    """

    def __init__(self, path: Path, output: OutputFormat, encoder: Encoder) -> None:
        import av

        from nvpipe.media.encode.passes import add_ready_stream

        self.path = path
        try:
            self._container = av.open(path, "w", format="mp4", options={"movflags": "+faststart"})
            self._waiting = WaitingPackets(path.absolute().parent)
        except OSError as error:
            raise self._failed(error) from error
        self._video = add_ready_stream(self._container, encoder, output)
        self._sound: InputContainer | None = None
        self._next: Packet[AudioStream] | None = None

    @property
    def has_sound(self) -> bool:
        return self._sound is not None

    def attach(self, sound: Path) -> None:
        """Take the sound from a file that `write_sound` made."""
        import av

        try:
            self._sound = av.open(sound)
            self._audio = self._container.add_stream_from_template(self._sound.streams.audio[0])
            self._packets = self._audio_packets(self._sound)
            self._next = next(self._packets, None)
            self._mux(self._waiting.take(self._video))
            self._waiting.close()
        except OSError as error:
            raise self._failed(error) from error

    def write(self, packets: Iterable[Packet[VideoStream]]) -> None:
        """Append packets of the pictures, in decoding order."""
        try:
            self._mux(packets)
        except OSError as error:
            raise self._failed(error) from error

    def append(self, packets: PacketList) -> None:
        """Append the packets of a file, and remove it."""
        try:
            found = WaitingPackets.opened(packets)
            try:
                self._mux(found.take())
            finally:
                found.close()
            packets.path.unlink()
        except OSError as error:
            raise self._failed(error) from error

    def finish(self) -> None:
        """Write the rest of the sound and the index.

        Raises:
            OutputError: the file cannot be written.
            ValueError: there is no sound yet.
        """
        if self._sound is None:
            raise ValueError("a short cannot be finished without its sound")
        try:
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
        if self._sound is not None:
            self._sound.close()
        self._waiting.close()
        try:
            self._container.close()
        except (OSError, ValueError):
            # The first error is the one that counts; the file is a temporary one and will be removed.
            return

    def _mux(self, packets: Iterable[Packet[VideoStream]]) -> None:
        if self._sound is None:
            self._waiting.add(packets)
            return
        for packet in packets:
            packet.stream = self._video
            self._container.mux(packet)
            # Sound follows the pictures that it belongs to.
            self._mux_audio(float((packet.dts or 0) * packet.time_base))

    def _mux_audio(self, until_s: float | None) -> None:
        while self._next is not None:
            at_s = float((self._next.pts or 0) * self._next.time_base)
            if until_s is not None and at_s > until_s:
                return
            self._container.mux(self._next)
            self._next = next(self._packets, None)

    def _audio_packets(self, sound: InputContainer) -> Iterator[Packet[AudioStream]]:
        for packet in sound.demux(audio=0):
            if packet.dts is not None:
                packet.stream = self._audio
                yield packet

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(f"cannot write {self.path}: {error.strerror or error}", hint="free some disk space")

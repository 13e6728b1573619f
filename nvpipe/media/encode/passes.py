"""An encoder by itself: pictures in, packets out, for files that are put together from several encoders' packets."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av

from nvpipe.errors import BackendFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from nvpipe.media.encode import Encoder
    from nvpipe.types import OutputFormat


FEW = 2
"""Of so few pictures no encoder changes the order; x265 gives their packets decoding times that mean nothing."""


class EncoderPass:
    """One encoder from its first picture to its last packet.

    Args:
        encoder: what to open.
        output: for which geometry, pace and quality.
        first: number of the first picture, counted from the start of the file.

    It opens with its first picture, which says where pictures lie and how.

    Every method raises
        UsageError: the output's encoder parameters are wrong.
        BackendUnavailableError: the encoder does not open.
        BackendFailedError: it fails while it works.
    """

    def __init__(self, encoder: Encoder, output: OutputFormat, first: int = 0) -> None:
        # The muxer tells the encoder where its parameter sets go; nothing is ever written into this file.
        self._container = av.open(io.BytesIO(), "w", format="mp4")
        self._encoder = encoder
        self._output = output
        self._stream: VideoStream | None = None
        self._time_base = 1 / output.fps
        self._first = first
        self.next = first
        """Number of the next picture."""

    def encode(self, picture: av.VideoFrame) -> Sequence[Packet[VideoStream]]:
        """Packets that are ready after one more picture."""
        picture.pts = self.next
        picture.time_base = self._time_base
        if self._stream is None:
            self._stream = self._encoder.add_stream(self._container, self._output, picture.format.name)
        packets = self._coded(picture)
        self.next += 1
        return packets

    def finish(self) -> Sequence[Packet[VideoStream]]:
        """The rest of the packets; the encoder's memory is given back."""
        try:
            packets = self._coded(None)
            few = self._output.codec == "hevc" and self.next - self._first <= FEW
            return in_order(packets) if few else packets
        finally:
            self.close()

    def close(self) -> None:
        self._container.close()

    def _coded(self, picture: av.VideoFrame | None) -> Sequence[Packet[VideoStream]]:
        if self._stream is None:
            return ()
        try:
            packets = self._stream.encode(picture)
        except av.error.FFmpegError as error:
            name = self._stream.codec_context.name
            raise BackendFailedError(
                f"encoder {name} failed at picture {self.next}: {error}", hint="take another --encoder"
            ) from error
        for packet in packets:
            packet.duration = packet.duration or 1
        return packets


def in_order(packets: Sequence[Packet[VideoStream]]) -> Sequence[Packet[VideoStream]]:
    """Packets of at most FEW pictures, to be decoded when they are shown."""
    for packet in packets:
        packet.dts = packet.pts
    return packets


def add_ready_stream(container: OutputContainer, encoder: Encoder, output: OutputFormat) -> VideoStream:
    """Add a video stream for packets of `EncoderPass` to an open file, without an encoder of its own.

    Raises:
        UsageError: the output's encoder parameters are wrong.
    """
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as sample:
        encoding = encoder.add_stream(sample, output)
        bit_rate, parameter_sets = encoding.bit_rate, encoding.codec_context.extradata
        picture = av.VideoFrame(output.width_px, output.height_px, "yuv420p")
        picture.pts, picture.time_base = 0, 1 / output.fps
        sample.mux(in_order([*encoding.encode(picture), *encoding.encode(None)]))
    file.seek(0)
    with av.open(file) as sample:
        template = sample.streams.video[0]
        # PyAV looks for an encoder of the decoder's name, which AV1's, dav1d, has not.
        stream = container.add_stream_from_template(template, opaque=output.codec == "av1")
        if output.codec == "hevc":
            stream.codec_context.codec_tag = template.codec_context.codec_tag
    stream.time_base = 1 / output.fps
    # As the encoder gives them: the muxer rewrites packets only when the parameter sets are in the same form.
    stream.codec_context.extradata = parameter_sets
    stream.codec_context.bit_rate = bit_rate or 0
    return stream

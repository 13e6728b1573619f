"""An encoder by itself: pictures in, packets out, for files that are put together from several encoders' packets."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from nvpipe.media.encode import Encoder
    from nvpipe.types import OutputFormat


class EncoderPass:
    """One encoder from its first picture to its last packet.

    Args:
        encoder: what to open.
        output: for which geometry, pace and quality.
        first: number of the first picture, counted from the start of the file.

    Raises:
        UsageError: the output's encoder parameters are wrong.
    """

    def __init__(self, encoder: Encoder, output: OutputFormat, first: int = 0) -> None:
        # The muxer tells the encoder where its parameter sets go; nothing is ever written into this file.
        self._container = av.open(io.BytesIO(), "w", format="mp4")
        self._stream = encoder.add_stream(self._container, output)
        self._time_base = 1 / output.fps
        self.next = first
        """Number of the next picture."""

    def encode(self, picture: av.VideoFrame) -> Sequence[Packet[VideoStream]]:
        """Packets that are ready after one more picture."""
        picture.pts = self.next
        picture.time_base = self._time_base
        self.next += 1
        return self._stream.encode(picture)

    def finish(self) -> Sequence[Packet[VideoStream]]:
        """The rest of the packets; the encoder's memory is given back."""
        try:
            return self._stream.encode(None)
        finally:
            self.close()

    def close(self) -> None:
        self._container.close()


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
        sample.mux(encoding.encode(picture))
        sample.mux(encoding.encode(None))
    file.seek(0)
    with av.open(file) as sample:
        stream = container.add_stream_from_template(sample.streams.video[0])
    stream.time_base = 1 / output.fps
    # As the encoder gives them: the muxer rewrites packets only when the parameter sets are in the same form.
    stream.codec_context.extradata = parameter_sets
    stream.codec_context.bit_rate = bit_rate or 0
    return stream

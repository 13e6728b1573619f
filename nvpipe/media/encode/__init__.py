"""Encoders of the finished picture, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nvpipe.registry import Entry, Probe, Registry

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from nvpipe.types import OutputFormat

QUALITIES = ("low", "medium", "high", "original")
COMPOSED_SMALL = ("low", "original")
"""Qualities at which long narrations are composed at two thirds of the size and scaled up."""


class Encoder(Protocol):
    """A way of encoding H.264."""

    def probe(self) -> Probe: ...

    def trials(self) -> tuple[str, ...]:
        """Settings worth comparing with the quality levels; each goes in the place of `OutputFormat.quality`."""
        ...

    def add_stream(self, container: OutputContainer, output: OutputFormat) -> VideoStream:
        """Add a video stream to an open MP4, set up for the output's geometry, pace and quality level.

        The output's own parameters and bit rate win over the quality level's.

        Raises:
            UsageError: the output's own encoder parameters are wrong.
        """
        ...


ENCODERS: Registry[Encoder] = Registry(
    "encoder", (Entry("x264", "nvpipe.media.encode.x264:X264Encoder", "libx264 on the CPU"),)
)


def prove_parameters(name: str, params: str, bit_rate: int | None = None) -> None:
    """Open an encoder with the user's parameters and bits per second, and throw it away.

    Raises:
        UsageError: it does not take one of them.
        BackendUnavailableError: the encoder itself is not usable.
    """
    import io
    from fractions import Fraction

    import av

    from nvpipe.types import OutputFormat

    encoder, _ = ENCODERS.choose(name)
    output = OutputFormat(64, 64, Fraction(30), "fill", QUALITIES[0], x264_params=params, bit_rate=bit_rate)
    with av.open(io.BytesIO(), "w", format="mp4") as container:
        encoder.add_stream(container, output)

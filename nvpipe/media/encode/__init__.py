"""Encoders of the finished picture, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nvpipe.registry import AUTO, Entry, Probe, Registry

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from nvpipe.types import BackendChoice, OutputFormat

CODECS = ("h264", "hevc", "av1")
"""What pictures can be coded as; the platforms take the first one."""
QUALITIES = ("low", "medium", "high", "original")
COMPOSED_SMALL = ("low", "original")
"""Qualities at which long narrations are composed at two thirds of the size and scaled up."""


class Encoder(Protocol):
    """A way of encoding pictures."""

    codecs: tuple[str, ...]
    """Those of CODECS that it knows; whether the machine can is the probe's to say."""
    accepts: tuple[str, ...]
    """Formats of pictures that it takes as they are: `yuv420p`, `nv12`, and `cuda` for NV12 on the card."""
    in_chunks: bool
    """Whether a film may be divided among several encoders without that its bytes tell."""

    def holds(self, output: OutputFormat) -> int:
        """How many pictures it may still read after it was given them; 0 where it copies."""
        ...

    def prepare(self, codec: str) -> None:
        """Say which codec is to be proven; H.264, or else the first of its own, unless told."""
        ...

    def probe(self) -> Probe: ...

    def trials(self) -> tuple[str, ...]:
        """Settings worth comparing with the quality levels; each goes in the place of `OutputFormat.quality`."""
        ...

    def add_stream(self, container: OutputContainer, output: OutputFormat, pix_fmt: str = "yuv420p") -> VideoStream:
        """Add a video stream to an open MP4, set up for the output's geometry, pace, codec and quality level.

        The output's own parameters and bit rate win over the quality level's.

        Args:
            container: the file.
            output: what is encoded for.
            pix_fmt: format of the pictures that will come, one that the encoder accepts.

        Raises:
            UsageError: the output's own encoder parameters are wrong.
            BackendUnavailableError: the encoder does not open: no session is free, the card does not take the size.
        """
        ...


ENCODERS: Registry[Encoder] = Registry(
    "encoder",
    (
        Entry("nvenc", "nvpipe.media.encode.nvenc:NvencEncoder", "NVENC, the encoder of NVIDIA's cards"),
        Entry("x264", "nvpipe.media.encode.x264:X264Encoder", "libx264 on the CPU"),
        Entry("x265", "nvpipe.media.encode.other_codecs:X265Encoder", "libx265 on the CPU, for --codec hevc"),
        Entry("svtav1", "nvpipe.media.encode.other_codecs:SvtAv1Encoder", "SVT-AV1 on the CPU, for --codec av1"),
    ),
)


def choose_encoder(wanted: str, codec: str = CODECS[0], params: str = "") -> tuple[Encoder, BackendChoice]:
    """The encoder asked for, or with `auto` the first one that proves usable for a codec.

    Args:
        wanted: its name, or `auto`.
        codec: one of CODECS.
        params: parameters for x264, which ask for x264.

    Raises:
        UsageError: there is no encoder of that name.
        BackendUnavailableError: it, or any, does not encode that codec here.
    """
    named = "x264" if params and wanted == AUTO else wanted
    return ENCODERS.choose(named, lambda encoder: encoder.prepare(codec))


def prove_parameters(name: str, params: str, bit_rate: int | None = None, codec: str = CODECS[0]) -> None:
    """Open an encoder with the user's parameters and bits per second, and throw it away.

    Raises:
        UsageError: it does not take one of them.
        BackendUnavailableError: the encoder itself is not usable.
    """
    import io
    from fractions import Fraction

    import av

    from nvpipe.types import OutputFormat

    encoder, _ = choose_encoder(name, codec, params)
    size_px = (256, 256)
    output = OutputFormat(
        *size_px, Fraction(30), "fill", QUALITIES[0], x264_params=params, bit_rate=bit_rate, codec=codec
    )
    with av.open(io.BytesIO(), "w", format="mp4") as container:
        encoder.add_stream(container, output)

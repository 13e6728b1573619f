"""HEVC through libx265 and AV1 through SVT-AV1, on the CPU, for those who ask for them with --codec.

A film is one stream of one encoder. The number of frames that x265 works on at once is part of what it writes, so it
is fixed here; what SVT-AV1 writes does not depend on its threads, except at a bit rate, for which it gets one.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from nvpipe.errors import BackendUnavailableError, UsageError
from nvpipe.media.encode.passes import in_order
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from nvpipe.types import OutputFormat

GOP_S = 2
BT709, LIMITED = 1, 1
_PROBE_PX = 256


@dataclass(frozen=True, slots=True)
class Level:
    """What a quality level means: a preset, and a rate factor or bits per second."""

    preset: str
    crf: int
    bit_rate: int = 0


class SoftwareEncoder:
    """What both have in common."""

    name: str
    library: str
    codecs: tuple[str, ...]
    levels: dict[str, Level]
    presets: tuple[str, ...]
    factors: tuple[int, ...]
    """Worth comparing with the levels, each with each."""
    accepts = ("yuv420p",)
    in_chunks = False

    def __init__(self) -> None:
        self._codec = self.codecs[0]

    def holds(self, output: OutputFormat) -> int:
        return 0

    def prepare(self, codec: str) -> None:
        self._codec = codec

    def trials(self) -> tuple[str, ...]:
        return tuple(f"{preset}@{crf}" for preset in self.presets for crf in self.factors)

    def probe(self) -> Probe:
        import av

        from nvpipe.types import OutputFormat

        (codec,) = self.codecs
        if self._codec != codec:
            return Probe(False, f"it encodes {codec}, not {self._codec}", "take --encoder auto")
        try:
            with av.open(io.BytesIO(), "w", format="mp4") as container:
                output = OutputFormat(_PROBE_PX, _PROBE_PX, Fraction(30), "fill", "low", codec=codec)
                stream = self.add_stream(container, output)
                picture = av.VideoFrame(_PROBE_PX, _PROBE_PX, "yuv420p")
                picture.pts, picture.time_base = 0, 1 / output.fps
                container.mux(in_order([*stream.encode(picture), *stream.encode(None)]))
        except (av.error.FFmpegError, ValueError, BackendUnavailableError) as error:
            return Probe(False, f"{self.library} does not encode: {error}", "take --codec h264")
        return Probe(True, f"encoded a frame of {codec}")

    def add_stream(self, container: OutputContainer, output: OutputFormat, pix_fmt: str = "yuv420p") -> VideoStream:
        import av

        if output.x264_params:
            raise UsageError(f"x264 parameters say nothing to {self.name}", hint="leave them out, or --codec h264")
        level = self._level(output.quality)
        bit_rate = output.bit_rate or level.bit_rate
        stream = cast("VideoStream", container.add_stream(self.library, rate=output.fps))
        stream.width, stream.height = output.width_px, output.height_px
        stream.pix_fmt = pix_fmt
        stream.time_base = 1 / output.fps
        context = stream.codec_context
        context.color_range = LIMITED
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.gop_size = GOP_S * round(output.fps)
        stream.bit_rate = bit_rate
        stream.options = {**self.options(level, bit_rate, context.gop_size)}
        self.tag(stream)
        try:
            context.open()
        except (av.error.FFmpegError, ValueError) as error:
            raise BackendUnavailableError(
                f"encoder {self.name} does not open: {error}", hint="take --codec h264"
            ) from error
        return stream

    def _level(self, quality: str) -> Level:
        """A quality level, or what a trial's name says."""
        if quality in self.levels:
            return self.levels[quality]
        preset, _, crf = quality.partition("@")
        return Level(preset, int(crf))

    def options(self, level: Level, bit_rate: int, gop: int) -> dict[str, str]:
        """libavcodec's options."""
        raise NotImplementedError

    def tag(self, stream: VideoStream) -> None:
        """Name the codec in the container where the usual name is not the best."""


class X265Encoder(SoftwareEncoder):
    """libx265 as PyAV bundles it."""

    name, library, codecs = "x265", "libx265", ("hevc",)
    presets, factors = ("ultrafast", "superfast", "fast"), (20, 24, 28, 32)
    levels = {  # noqa: RUF012 - as constant as the others
        "low": Level("ultrafast", 32),
        "medium": Level("ultrafast", 26),
        "high": Level("superfast", 22),
        "original": Level("ultrafast", 28, bit_rate=1_500_000),
    }

    def options(self, level: Level, bit_rate: int, gop: int) -> dict[str, str]:
        parameters = f"keyint={gop}:min-keyint=1:open-gop=0:frame-threads=2:log-level=none"
        rate = {} if bit_rate else {"crf": str(level.crf)}
        return {"preset": level.preset, "x265-params": parameters, **rate}

    def tag(self, stream: VideoStream) -> None:
        # Apple's players want the parameter sets in the index.
        stream.codec_context.codec_tag = "hvc1"


class SvtAv1Encoder(SoftwareEncoder):
    """SVT-AV1 as PyAV bundles it."""

    name, library, codecs = "svtav1", "libsvtav1", ("av1",)
    presets, factors = ("9", "8", "6"), (24, 32, 40, 48)
    # Faster presets leave artefacts, of which the library itself warns.
    levels = {  # noqa: RUF012
        "low": Level("9", 45),
        "medium": Level("8", 36),
        "high": Level("6", 28),
        "original": Level("9", 40, bit_rate=1_500_000),
    }

    def add_stream(self, container: OutputContainer, output: OutputFormat, pix_fmt: str = "yuv420p") -> VideoStream:
        # The library speaks to stderr by itself unless its own variable forbids it; only errors are let through.
        os.environ.setdefault("SVT_LOG", "1")
        return super().add_stream(container, output, pix_fmt)

    def options(self, level: Level, bit_rate: int, gop: int) -> dict[str, str]:
        # Key frames are the only ones at which a group begins, and nothing before them is shown after.
        groups = f"keyint={gop}:irefresh-type=2"
        if bit_rate:
            # With several threads its rate control does not give the same bytes twice (4.1, measured).
            return {"preset": level.preset, "svtav1-params": f"{groups}:lp=1"}
        return {"preset": level.preset, "svtav1-params": groups, "crf": str(level.crf)}

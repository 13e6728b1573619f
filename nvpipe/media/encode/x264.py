"""H.264 through libx264.

The number of threads is part of what x264 writes, so it is fixed here and not taken from the machine: the same
job gives the same bytes on two cores and on sixty-four.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from nvpipe.errors import UsageError
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

    from nvpipe.types import OutputFormat

THREADS = 6
GOP_S = 2
BT709 = 1
LIMITED = 1


@dataclass(frozen=True, slots=True)
class Level:
    """What a quality level means for x264."""

    preset: str
    crf: int
    params: str


LEVELS = {
    # 8x8dct costs next to nothing beside ultrafast and makes the stream High profile.
    "low": Level("ultrafast", 30, "8x8dct=1"),
    "medium": Level("ultrafast", 23, "cabac=1:8x8dct=1"),
    "high": Level("veryfast", 21, ""),
}


class X264Encoder:
    """libx264 as PyAV bundles it."""

    def probe(self) -> Probe:
        import av

        from nvpipe.types import OutputFormat

        try:
            with av.open(io.BytesIO(), "w", format="mp4") as container:
                output = OutputFormat(64, 64, Fraction(30), "fill", "medium")
                stream = self.add_stream(container, output)
                container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
                container.mux(stream.encode(None))
        except (av.error.FFmpegError, ValueError) as error:
            return Probe(False, f"libx264 does not encode: {error}")
        return Probe(True, "encoded a frame")

    def add_stream(self, container: OutputContainer, output: OutputFormat) -> VideoStream:
        level = LEVELS[output.quality]
        stream = container.add_stream("libx264", rate=output.fps)
        stream.width, stream.height = output.width_px, output.height_px
        stream.pix_fmt = "yuv420p"
        stream.time_base = 1 / output.fps
        context = stream.codec_context
        context.color_range = LIMITED
        context.colorspace = BT709
        context.color_primaries = BT709
        context.color_trc = BT709
        keyint = GOP_S * round(output.fps)
        own = f"keyint={keyint}:open-gop=0:threads={THREADS}:sliced-threads=0"
        params = ":".join(filter(None, (own, level.params, _checked(output.x264_params))))
        stream.options = {"preset": level.preset, "crf": str(level.crf), "x264-params": params}
        _open(context)
        return stream


def _open(context: VideoCodecContext) -> None:
    """Open the encoder; libx264 only logs a parameter that it does not know, so the log is read.

    Raises:
        UsageError: x264 does not take one of the parameters.
    """
    import av
    import av.logging

    level = av.logging.get_level()
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture() as lines:
            context.open()
        refused = [text for _, name, text in lines if name == "libx264" and "option" in text]
    except (av.error.FFmpegError, ValueError) as error:
        refused = [str(error)]
    finally:
        av.logging.set_level(level)
    if refused:
        raise UsageError(f"x264 refuses its parameters: {refused[0].strip()}", hint="see x264 --fullhelp")


def _checked(params: str) -> str:
    """The user's parameters, each of the form key=value.

    Raises:
        UsageError: one of them is not.
    """
    for item in filter(None, params.split(":")):
        key, equals, value = item.partition("=")
        if not (key and equals and value):
            raise UsageError(f"x264 parameter {item!r} is not of the form key=value")
    return params

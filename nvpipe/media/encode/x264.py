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
    # Macroblock-tree rate control together with B-frames does not give the same bytes twice (core 165, measured).
    "high": Level("veryfast", 21, "mbtree=0"),
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
        own = {
            "keyint": str(GOP_S * round(output.fps)),
            "open-gop": "0",
            "threads": str(THREADS),
            "sliced-threads": "0",
        }
        params = own | parameters(level.params) | parameters(output.x264_params)
        # libavcodec sets the rate control again with every frame, from its own options alone.
        rate: dict[str, str] = {name: params.pop(name) for name in ("crf", "qp", "bitrate") if name in params} or {
            "crf": str(level.crf)
        }
        if "bitrate" in rate:
            stream.bit_rate = _kilobits(rate.pop("bitrate"))
        text = ":".join(f"{key}={value}" for key, value in params.items())
        stream.options = {"preset": level.preset, "x264-params": text, **rate}
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


def parameters(text: str) -> dict[str, str]:
    """`key=value:...` as a dictionary.

    Raises:
        UsageError: a part is not of that form.
    """
    found = {}
    for item in filter(None, text.split(":")):
        key, _, value = item.partition("=")
        if not (key and value):
            raise UsageError(f"x264 parameter {item!r} is not of the form key=value")
        found[key] = value
    return found


def _kilobits(text: str) -> int:
    try:
        return int(text) * 1000
    except ValueError:
        raise UsageError(f"x264 parameter bitrate takes kbit/s, not {text!r}") from None

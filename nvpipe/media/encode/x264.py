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
RATE_CONTROLS = ("crf", "qp", "bitrate")
BT709 = 1
LIMITED = 1


@dataclass(frozen=True, slots=True)
class Level:
    """What a quality level means for x264."""

    preset: str
    crf: int
    params: str
    tune: str = ""
    threads: int = THREADS
    bit_rate: int = 0
    """Average bits per second, instead of `crf`; 0 leaves it to `crf`."""


LEVELS = {
    # 8x8dct costs next to nothing beside ultrafast and makes the stream High profile.
    "low": Level("ultrafast", 30, "8x8dct=1"),
    "medium": Level("ultrafast", 23, "cabac=1:8x8dct=1"),
    # Superfast keeps what veryfast keeps in two thirds of its time, for a fourth more bits (`nvpipe bench encode`).
    # Macroblock-tree rate control, without which slower presets gain little, does not give the same bytes twice
    # together with B-frames (core 165, measured).
    "high": Level("superfast", 20, "mbtree=0"),
    # What tiktok-automata finishes its files with at its highest bit rate; its crf 30 is that of intermediate files,
    # which there are none of here. A crf under that rate as a ceiling (VBV) does not give the same bytes twice.
    # 8x8dct is ours: without it the stream would be Baseline, which is not what is promised of every file.
    "original": Level(
        "ultrafast",
        30,
        "ref=1:bframes=0:me=dia:subme=0:cabac=0:8x8dct=1",
        tune="fastdecode",
        threads=8,
        bit_rate=1_500_000,
    ),
}


TRIALS = tuple(
    f"{preset}@{crf}"
    for preset in ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
    for crf in (18, 23, 28, 33)
)
"""Presets and rate factors to compare, each without macroblock-tree rate control and as High profile."""


class X264Encoder:
    """libx264 as PyAV bundles it."""

    codecs = ("h264",)
    accepts = ("yuv420p", "nv12")
    in_chunks = True

    def __init__(self) -> None:
        self._codec = "h264"

    def prepare(self, codec: str) -> None:
        self._codec = codec

    def holds(self, output: OutputFormat) -> int:
        return 0

    def trials(self) -> tuple[str, ...]:
        return TRIALS

    def probe(self) -> Probe:
        import av

        from nvpipe.types import OutputFormat

        if self._codec not in self.codecs:
            return Probe(False, f"it encodes h264, not {self._codec}", "take --encoder auto")
        try:
            with av.open(io.BytesIO(), "w", format="mp4") as container:
                output = OutputFormat(64, 64, Fraction(30), "fill", "medium")
                stream = self.add_stream(container, output)
                container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
                container.mux(stream.encode(None))
        except (av.error.FFmpegError, ValueError) as error:
            return Probe(False, f"libx264 does not encode: {error}")
        return Probe(True, "encoded a frame")

    def add_stream(self, container: OutputContainer, output: OutputFormat, pix_fmt: str = "yuv420p") -> VideoStream:
        level = _level(output.quality)
        stream = container.add_stream("libx264", rate=output.fps)
        stream.width, stream.height = output.width_px, output.height_px
        stream.pix_fmt = pix_fmt
        stream.time_base = 1 / output.fps
        context = stream.codec_context
        context.color_range = LIMITED
        context.colorspace = BT709
        context.color_primaries = BT709
        context.color_trc = BT709
        own = {
            "keyint": str(GOP_S * round(output.fps)),
            "open-gop": "0",
            "threads": str(level.threads),
            "sliced-threads": "0",
            # x264 alone lets a short file miss its bit rate by a third.
            "ratetol": "0.1",
        }
        params = own | parameters(level.params) | parameters(output.x264_params)
        # libavcodec sets the rate control again with every frame, from its own options alone.
        asked = {name: params.pop(name) for name in RATE_CONTROLS if name in params}
        stream.bit_rate, rate = _rate_control(level, output.bit_rate, asked)
        text = ":".join(f"{key}={value}" for key, value in params.items())
        tune = {"tune": level.tune} if level.tune else {}
        stream.options = {"preset": level.preset, **tune, "x264-params": text, **rate}
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


def _level(quality: str) -> Level:
    """A quality level, or what a trial's name says."""
    if quality in LEVELS:
        return LEVELS[quality]
    preset, _, crf = quality.partition("@")
    return Level(preset, int(crf), "mbtree=0:cabac=1:8x8dct=1")


def _rate_control(level: Level, bit_rate: int | None, asked: dict[str, str]) -> tuple[int, dict[str, str]]:
    """Bits per second, 0 where they don't count, and the other options of libavcodec's rate control.

    Raises:
        UsageError: a bit rate is asked for as well as another rate control, or is no number.
    """
    if bit_rate is not None and asked:
        raise UsageError(
            f"a bit rate of {bit_rate / 1000:g} kbit/s and x264's {next(iter(asked))} contradict each other",
            hint="leave one of them out",
        )
    if "bitrate" in asked:
        return _kilobits(asked.pop("bitrate")), asked
    if asked:
        return 0, asked
    if bit_rate is not None:
        return bit_rate, {}
    return (level.bit_rate, {}) if level.bit_rate else (0, {"crf": str(level.crf)})


def _kilobits(text: str) -> int:
    try:
        return int(text) * 1000
    except ValueError:
        raise UsageError(f"x264 parameter bitrate takes kbit/s, not {text!r}") from None

"""H.264, HEVC and AV1 through NVENC, the encoder of NVIDIA's cards, as libavcodec drives it.

Pictures come from host memory (yuv420p or NV12; NVENC's glue uploads them) or lie on the card already (`cuda`, see
`nvpipe.media.encode.surfaces`). A short is one stream of one session: unlike x264's, its bytes depend on the card
and its driver, and dividing it would cost sessions, of which consumer cards have few.

State: run against stand-in driver libraries, never on hardware.
"""

from __future__ import annotations

import ctypes
import io
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nvpipe.errors import BackendUnavailableError, UsageError
from nvpipe.media.decode.nvdec_driver import Driver
from nvpipe.media.encode.nvenc_levels import RICHEST, TRIALS, level_of, options_of, surfaces
from nvpipe.media.encode.nvenc_reason import LIBRARIES, Seen, explain
from nvpipe.registry import Probe
from nvpipe.settings import driver_variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from nvpipe.types import OutputFormat

CODECS = {"h264": "h264_nvenc", "hevc": "hevc_nvenc", "av1": "av1_nvenc"}
PROBE_PX = 256
"""NVENC takes no pictures that are much smaller."""
BT709, LIMITED = 1, 1
ON_CARD = "cuda"
_CARDS = Path("/proc/driver/nvidia/gpus")
_CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_MOUNTS = Path("/proc/self/mountinfo")


class NvencEncoder:
    """NVENC as PyAV's libavcodec drives it."""

    codecs = tuple(CODECS)
    accepts = ("yuv420p", "nv12", ON_CARD)
    in_chunks = False

    def __init__(self) -> None:
        self._codec = "h264"

    def prepare(self, codec: str) -> None:
        self._codec = codec

    def holds(self, output: OutputFormat) -> int:
        # One more waits in libavcodec while all surfaces are taken.
        return surfaces(level_of(output.quality)) + 1

    def trials(self) -> tuple[str, ...]:
        return TRIALS

    def probe(self) -> Probe:
        """Open a session with everything that the levels ask for, and encode a picture."""
        import av

        from nvpipe.types import OutputFormat

        output = OutputFormat(PROBE_PX, PROBE_PX, Fraction(30), "fill", RICHEST, codec=self._codec)
        picture = av.VideoFrame(PROBE_PX, PROBE_PX, "yuv420p")
        picture.pts, picture.time_base = 0, 1 / output.fps
        coded = 0

        def encode() -> None:
            nonlocal coded
            with av.open(io.BytesIO(), "w", format="mp4") as container:
                stream = self._stream(container, output, "yuv420p")
                for one in (picture, None):
                    packets = stream.encode(one)
                    coded += sum(packet.size for packet in packets)
                    container.mux(packets)

        verdict = _attempt(encode, self._codec)
        if verdict is not None:
            return verdict
        if not coded:
            return Probe(False, "NVENC took a picture and gave nothing back", "update NVIDIA's driver")
        return Probe(True, f"encoded a frame of {self._codec}")

    def add_stream(self, container: OutputContainer, output: OutputFormat, pix_fmt: str = "yuv420p") -> VideoStream:
        """See `Encoder`; a stream of pictures on the card opens with the first of them."""
        if output.x264_params:
            raise UsageError("x264 parameters say nothing to NVENC", hint="leave them out, or take --encoder x264")
        stream = self._stream(container, output, pix_fmt)
        verdict = None if pix_fmt == ON_CARD else _attempt(stream.codec_context.open, output.codec)
        if verdict is not None:
            raise BackendUnavailableError(f"encoder nvenc does not open: {verdict.reason}", hint=verdict.fix)
        return stream

    def _stream(self, container: OutputContainer, output: OutputFormat, pix_fmt: str) -> VideoStream:
        bit_rate, options = options_of(level_of(output.quality), output.codec, output)
        stream = cast("VideoStream", container.add_stream(CODECS[output.codec], rate=output.fps))
        stream.width, stream.height = output.width_px, output.height_px
        stream.pix_fmt = pix_fmt
        stream.time_base = 1 / output.fps
        context = stream.codec_context
        context.color_range = LIMITED
        context.colorspace = context.color_primaries = context.color_trc = BT709
        if output.codec == "hevc":
            # Apple's players want the parameter sets in the index.
            context.codec_tag = "hvc1"
        stream.bit_rate = bit_rate
        stream.options = {**options}
        return stream


def _attempt(work: Callable[[], object], codec: str) -> Probe | None:
    """Do something with NVENC while its log is read; the verdict when it fails."""
    import av
    import av.logging

    level = av.logging.get_level()
    av.logging.set_level(av.logging.VERBOSE)
    try:
        with av.logging.Capture() as lines:
            work()
    except (av.error.FFmpegError, ValueError, RuntimeError) as error:
        return explain(
            Seen(
                _missing(),
                _device(),
                in_container=_in_container(),
                card=Driver().has_traces(),
                capabilities=driver_variables().get("NVIDIA_DRIVER_CAPABILITIES", ""),
                codec=codec,
                lines=tuple(text for _, _, text in lines),
                faults=tuple(text for severity, _, text in lines if severity <= av.logging.WARNING),
                error=str(error),
            )
        )
    finally:
        av.logging.set_level(level)
    return None


def _missing() -> tuple[str, ...]:
    """The driver's libraries that cannot be loaded."""
    missing = []
    for name in LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return tuple(missing)


def _device() -> str:
    """The first card's name as the kernel module tells it; "" where it does not."""
    try:
        for card in sorted(_CARDS.iterdir()):
            for line in (card / "information").read_text("utf-8", "replace").splitlines():
                name, _, value = line.partition(":")
                if name.strip() == "Model":
                    return value.strip()
    except OSError:
        return ""
    return ""


def _in_container() -> bool:
    """Whether an engine left its mark, or the root is laid over another one, as containers' roots are."""
    if any(mark.exists() for mark in _CONTAINER_MARKS):
        return True
    try:
        mounts = [line.split() for line in _MOUNTS.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return False
    return any(words[4:5] == ["/"] and "overlay" in words for words in mounts)

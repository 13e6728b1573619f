"""Frames decoded by NVDEC to the card's memory, through libavcodec.

The file is read, and its packets chosen, as on the CPU; only what turns a packet into a picture is another: so times,
damage, sound and refusals are the same. This is the route that `auto` takes, for that reason and because it needs no
other library; which of the two routes is faster has not been measured. It has not yet run on hardware.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nvpipe.errors import BackendFailedError, MediaError
from nvpipe.media.decode import UndecodableHereError
from nvpipe.media.decode.frame import PyAvFrame
from nvpipe.media.decode.nvdec_driver import Caps, Driver
from nvpipe.media.decode.nvdec_frame import ON_CARD, SURFACES, Card, CudaCard, SurfaceFrame, UploadedFrame, told_of
from nvpipe.media.decode.nvdec_support import refusal
from nvpipe.media.decode.pyav import PyAvReader
from nvpipe.media.probe import inspect
from nvpipe.media.reading import decode, packets
from nvpipe.media.safety import name_of, open_container, read_head
from nvpipe.registry import Probe

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video import VideoStream

    from nvpipe.media.decode import Reader
    from nvpipe.media.decode.fitting import Fitting
    from nvpipe.media.decode.frame import TimedFrame
    from nvpipe.media.decode.pyav import Wanted
    from nvpipe.media.probe import Inspection

Opener = Callable[[Path], "InputContainer"]

_AHEAD_OF_FIRST = 500
"""Packets within which a picture has to come out of a decoder: as many as an inspection waits for one."""
_TORCHS_CONTEXT = {"primary_ctx": "0", "current_ctx": "1"}


def open_on_card(path: Path) -> InputContainer:
    """A container whose pictures NVDEC decodes, and nothing else.

    Raises:
        MediaError: the file cannot be read.
        UndecodableHereError: libavcodec has no way from this video to the card, or the card refuses.
    """
    import torch
    from av.codec.hwaccel import HWAccel

    # The file's own faults are told from the card's.
    read_head(path)
    try:
        # libav refuses the primary context once torch has begun to use it, since it wants it with flags of its own,
        # but takes what is current in this thread: the same context, as soon as torch has done something there.
        torch.zeros(1, device=CudaCard.device)
        accel = HWAccel(
            ON_CARD, device=0, allow_software_fallback=False, is_hw_owned=True, options=dict(_TORCHS_CONTEXT)
        )
        return open_container(path, hwaccel=accel)
    except (MediaError, RuntimeError, AssertionError) as error:
        # A torch that was built without CUDA fails an assertion.
        cause = error.__cause__ or error
        raise UndecodableHereError(
            f"NVDEC does not open {name_of(path)}: {' '.join(str(cause).split())}",
            hint="--decoder pyav decodes it on the CPU",
        ) from error


class NvdecReader(PyAvReader):
    """An open video whose pictures are decoded by NVDEC.

    Args:
        path: the video.
        open_file: opens it so that its pictures come as surfaces.
        card: where they lie.
    """

    def __init__(self, path: Path, open_file: Opener, card: Card) -> None:
        # NVDEC has its own threads; libavcodec's would only wait for each other.
        super().__init__(path, threads=1)
        self._open_file = open_file
        self._card = card
        self._came = 0

    def _open(self) -> InputContainer:
        return self._open_file(self._path)

    def _pass(
        self, seek_s: float | None, wanted: Wanted, *, whole: bool = False
    ) -> Generator[TimedFrame, None, None]:
        before = self._came
        yield from super()._pass(seek_s, wanted, whole=whole)
        if seek_s is None and self._came == before and not self._closed:
            raise BackendFailedError(
                f"NVDEC gives no picture of {name_of(self._path)}", hint="--decoder pyav decodes it on the CPU"
            )

    def _pictures(self, packet: av.Packet[VideoStream], fitting: Fitting) -> Iterator[av.VideoFrame]:
        aspect = packet.stream.codec_context.sample_aspect_ratio
        wanted = self._inspection
        self._card.await_readers()
        for picture in decode(packet, self._lost):
            if picture.is_corrupt:
                self._lost()
            same_size = (picture.width, picture.height) == (wanted.coded_width_px, wanted.coded_height_px)
            if on_card(picture) and same_size and (not aspect or aspect == wanted.coded_aspect):
                yield picture
                continue
            # A change in mid-stream goes through host memory.
            held = told_of(picture, self.info.pixel_format) if on_card(picture) else picture
            whole = fitting.fitted(held, aspect)
            if whole is None:
                self._lost()
            else:
                yield whole

    def _framed(self, picture: av.VideoFrame, time_s: float, size_bytes: int) -> TimedFrame:
        self._came += 1
        if on_card(picture):
            return SurfaceFrame(picture, time_s, size_bytes, self.info.pixel_format, self._card)
        return UploadedFrame(PyAvFrame(picture, time_s, size_bytes), self._card.device)


def on_card(picture: av.VideoFrame) -> bool:
    """Whether a picture is a surface of a layout that is read here."""
    return picture.format.name == ON_CARD and picture.sw_format is not None and picture.sw_format.name in SURFACES


class NvdecDecoder:
    """NVDEC through libavcodec: what is decoded stays on the card.

    Args:
        driver: tells what is there.
        open_file: opens a video so that its pictures come as surfaces.
        card: where they lie.
    """

    name = "nvdec"

    def __init__(
        self, driver: Driver | None = None, open_file: Opener = open_on_card, card: Card | None = None
    ) -> None:
        self._driver = driver or Driver()
        self._open_file = open_file
        self._card = card or CudaCard()
        self._caps: dict[tuple[str, int], Caps] = {}
        self._refusals: dict[object, str] = {}

    def probe(self) -> Probe:
        """Decode a small H.264 file on the card, and compare what comes with the CPU's pictures."""
        from nvpipe.media.decode.nvdec_probe import prove

        return self._driver.refusal() or self._card.refusal() or prove(self, self._driver)

    def open(self, path: Path) -> Reader:
        """Open a video; see `Decoder.open`. The first picture is decoded to see whether the card does it.

        Raises:
            MediaError: it is missing, damaged beyond use, hostile or has no video.
            UnsupportedMediaError: it would come out wrong.
            UndecodableHereError: the card's NVDEC does not decode it.
        """
        inspection = inspect(path)
        facts = path.stat()
        identity = (path, facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
        if identity not in self._refusals:
            self._refusals[identity] = self._refusal(inspection)
        if reason := self._refusals[identity]:
            raise UndecodableHereError(
                f"{self.name} cannot decode {name_of(path)}: {reason}", hint="--decoder pyav decodes it on the CPU"
            )
        return self._reader(path)

    def _reader(self, path: Path) -> Reader:
        return NvdecReader(path, self._open_file, self._card)

    def _refusal(self, inspection: Inspection) -> str:
        if reason := refusal(inspection, self._caps_of):
            return reason
        return self._trial(inspection)

    def _caps_of(self, codec: str, bits: int) -> Caps:
        if (codec, bits) not in self._caps:
            self._caps[codec, bits] = self._driver.caps(codec, bits)
        return self._caps[codec, bits]

    def _trial(self, inspection: Inspection) -> str:
        """Why the first picture does not come out of the card; empty when it does."""
        path = inspection.info.path
        container = self._open_file(path)
        failures: list[None] = []
        try:
            stream = cast("VideoStream", container.streams[inspection.stream_index])
            stream.codec_context.thread_count = 1
            for count, packet in enumerate(packets(container, stream, path, lambda: None)):
                pictures = decode(packet, lambda: failures.append(None))
                if pictures:
                    found = pictures[0].sw_format or pictures[0].format
                    return "" if on_card(pictures[0]) else f"its pictures come as {found.name}"
                if count >= _AHEAD_OF_FIRST:
                    break
        finally:
            container.close()
        return f"no picture comes out of NVDEC ({len(failures)} packets are refused)"

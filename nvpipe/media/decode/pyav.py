"""Frames decoded by libavcodec on the CPU, through PyAV."""

from __future__ import annotations

import math
import weakref
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from nvpipe.media.audio import sound_stream
from nvpipe.media.decode.clock import Clock
from nvpipe.media.decode.fitting import Fitting
from nvpipe.media.probe import Inspection, inspect
from nvpipe.media.reading import decode, packets
from nvpipe.media.safety import (
    MAX_DURATION_S,
    MAX_SIDE_PX,
    DecodeBudget,
    discard_others,
    open_container,
)
from nvpipe.registry import Probe
from nvpipe.types import MediaInfo

if TYPE_CHECKING:
    from types import TracebackType

    import av
    import torch
    from av.video import VideoStream

    from nvpipe.media.slots import Slots

TIME_TOLERANCE_S = 0.0006
"""Matroska rounds to 1 ms: a frame at most this much after a moment still counts as on display then."""
_SEEK_BACK_S = (0.0, 2.0, 15.0, 90.0)
_NO_SEEK_BELOW_S = 1.0
_MAX_SIZES = 1024
_WITHOUT_PTS = ("avi",)
"""Containers that store packets in decoding order without presentation stamps; libav's guesses are wrong."""
_DRAFT = {"skip_loop_filter": "noref"}
_PLANAR = ("yuv420p", "yuvj420p")


class PyAvFrame:
    """A picture decoded on the CPU; it stays valid for as long as it is referenced."""

    __slots__ = ("_picture", "_size_bytes", "_time_s")

    def __init__(self, picture: av.VideoFrame, time_s: float, size_bytes: int) -> None:
        self._picture = picture
        self._time_s = time_s
        self._size_bytes = size_bytes

    @property
    def time_s(self) -> float:
        return self._time_s

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def end_s(self) -> float:
        """End of display by the frame's own duration, `time_s` when unknown."""
        base = self._picture.time_base or Fraction(0)
        return self._time_s + float(self._picture.duration * base)

    def planes(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Y, U and V as in `Frame.planes`; views of the decoder's memory for 8-bit 4:2:0."""
        picture = self._picture
        kind = picture.format.name
        if kind == "nv12":
            luma, chroma = (_view(plane) for plane in picture.planes)
            return luma, chroma[..., 0], chroma[..., 1]
        # A bottom-up picture has negative strides, which tensors cannot express.
        if kind not in _PLANAR or any(plane.line_size < 0 for plane in picture.planes):
            picture = _planar(picture)
        y, u, v = (_view(plane) for plane in picture.planes)
        return y, u, v

    def to_av(self) -> av.VideoFrame:
        return self._picture


def _view(plane: Any) -> torch.Tensor:
    # torch passes keyword arguments that PyAV's method does not take, hence the capsule.
    from torch.utils.dlpack import from_dlpack

    return from_dlpack(plane.__dlpack__())


def _planar(picture: av.VideoFrame) -> av.VideoFrame:
    """As 8-bit 4:2:0, colours as tagged."""
    colours = picture.color_range
    return picture.reformat(format="yuv420p", src_color_range=colours, dst_color_range=colours)


class PyAvReader:
    """An open video; each call of `frames` reads the file on its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inspection: Inspection = inspect(path)
        self._damaged = 0
        self._closed = False
        self._passes: weakref.WeakSet[Generator[PyAvFrame, None, None]] = weakref.WeakSet()

    @property
    def info(self) -> MediaInfo:
        return self._inspection.info

    @property
    def damaged(self) -> int:
        return self._damaged

    def frames(
        self, start_s: float = 0.0, end_s: float | None = None, *, draft: bool = False, sound: Slots | None = None
    ) -> Iterator[PyAvFrame]:
        """Frames shown during `[start_s, end_s)`; see `Reader.frames`.

        Raises:
            MediaError: the file vanished, or decoding takes too long for what it yields.
            ValueError: the reader is closed.
        """
        if self._closed:
            raise ValueError("the reader is closed")
        return self._window(max(start_s, 0.0), math.inf if end_s is None else end_s, draft, sound)

    def _window(self, start_s: float, end_s: float, draft: bool, sound: Slots | None) -> Iterator[PyAvFrame]:
        if end_s <= start_s:
            return
        damaged = self._damaged
        for back_s in (*_SEEK_BACK_S, None):
            # A pass that is thrown away must not count its damage twice.
            self._damaged = damaged
            if back_s is None or start_s - back_s < _NO_SEEK_BELOW_S or self._inspection.paced:
                seek_s = None
            else:
                seek_s = start_s - back_s
            decoded = self._decoded(seek_s, draft, sound)
            self._passes.add(decoded)
            with closing(decoded):
                first = next(decoded, None)
                arrived = first is not None and first.time_s <= start_s + TIME_TOLERANCE_S
                if seek_s is not None and not arrived:
                    continue
                if first is not None:
                    yield from self._from(first, decoded, start_s, end_s)
                return

    def _from(
        self, shown: PyAvFrame, decoded: Iterator[PyAvFrame], start_s: float, end_s: float
    ) -> Iterator[PyAvFrame]:
        """Drop what precedes the frame on display at `start_s`, then pass on until `end_s`."""
        following = None
        for frame in decoded:
            if frame.time_s > start_s + TIME_TOLERANCE_S:
                following = frame
                break
            shown = frame
        if following is None and max(shown.end_s, shown.time_s + self._step_s) <= start_s + TIME_TOLERANCE_S:
            return
        if shown.time_s < end_s - TIME_TOLERANCE_S:
            yield shown
        while following is not None and not self._closed and following.time_s < end_s - TIME_TOLERANCE_S:
            yield following
            following = next(decoded, None)

    @property
    def _step_s(self) -> float:
        return float(1 / self.info.fps)

    def _decoded(
        self, seek_s: float | None, draft: bool = False, sound: Slots | None = None
    ) -> Generator[PyAvFrame, None, None]:
        """All frames from the keyframe before `seek_s` on; none when the file cannot be sought."""
        import av

        inspection = self._inspection
        container = open_container(self._path)
        try:
            stream = cast("VideoStream", container.streams[inspection.stream_index])
            context = stream.codec_context
            context.options = {"max_pixels": str(MAX_SIDE_PX * MAX_SIDE_PX)}
            if draft:
                context.options |= _DRAFT
            stream.thread_type = cast("Any", "AUTO")
            heard = None
            if sound is not None:
                heard, sound.origin_s = sound_stream(container), inspection.origin_s
            discard_others(container, stream, heard)
            base = stream.time_base or Fraction(1, 1000)
            if seek_s is not None:
                try:
                    container.seek(math.floor((seek_s + inspection.origin_s) / base), stream=stream)
                except av.error.FFmpegError:
                    return
            clock = Clock(
                base,
                inspection.origin_s,
                self._step_s,
                self.info.duration_s,
                from_start=seek_s is None,
                paced=inspection.paced,
                trusts_pts=container.format.name not in _WITHOUT_PTS,
            )
            budget = DecodeBudget(self._path)
            sizes: dict[int | None, int] = {}
            fitting = Fitting(inspection)
            budget.start()
            for packet in packets(container, stream, self._path, self._lost, heard):
                if sound is not None and packet.stream.index != stream.index:
                    sound.take(packet)
                    continue
                if len(sizes) > _MAX_SIZES:
                    sizes.clear()
                if packet.pts is not None:
                    sizes[packet.pts] = packet.size
                for picture in self._pictures(packet, fitting):
                    time_s = clock.at(picture, context.reorder_depth)
                    budget.stop(time_s if math.isfinite(time_s) else None)
                    if self._closed or (math.isfinite(time_s) and time_s > MAX_DURATION_S):
                        return
                    yield PyAvFrame(picture, time_s, sizes.pop(picture.pts, 0))
                    budget.start()
                budget.stop()
        finally:
            container.close()

    def _pictures(self, packet: av.Packet[VideoStream], fitting: Fitting) -> Iterator[av.VideoFrame]:
        """Pictures that a packet completes, all of the size and format of the first one of the file."""
        for picture in decode(packet, self._lost):
            if picture.is_corrupt:
                self._lost()
            whole = fitting.fitted(picture, packet.stream.codec_context.sample_aspect_ratio)
            if whole is None:
                self._lost()
            else:
                yield whole

    def _lost(self) -> None:
        self._damaged += 1

    def close(self) -> None:
        """End every iterator; libav's memory goes with the last frame that is still referenced."""
        self._closed = True
        for decoded in list(self._passes):
            # One that is running in another thread ends at its next frame.
            with suppress(ValueError):
                decoded.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PyAvDecoder:
    """libavcodec on the CPU: every codec that it knows, every machine."""

    def probe(self) -> Probe:
        """Encode and decode one small picture."""
        try:
            import av
        except ImportError as error:
            return Probe(False, f"PyAV cannot be imported: {error}", "pip install 'av>=18.1,<19'")
        try:
            av.Codec("h264", "r")
            writer = av.CodecContext.create("mpeg4", "w")
            writer.width, writer.height, writer.pix_fmt = 64, 64, "yuv420p"
            writer.time_base = Fraction(1, 25)
            packets = [*writer.encode(av.VideoFrame(64, 64, "yuv420p")), *writer.encode(None)]
            reader = av.CodecContext.create("mpeg4", "r")
            decoded = [frame for packet in [*packets, None] for frame in reader.decode(packet)]
        except (av.error.FFmpegError, ValueError) as error:
            return Probe(False, f"libavcodec does not decode: {error}", "reinstall av")
        version = ".".join(str(part) for part in av.library_versions["libavcodec"])
        return Probe(len(decoded) == 1, f"libavcodec {version} (PyAV {av.__version__}) decoded a frame")

    def open(self, path: Path) -> PyAvReader:
        """Open a video; see `Decoder.open`.

        Raises:
            MediaError: it is missing, damaged beyond use, hostile or has no video.
            UnsupportedMediaError: it would come out wrong.
        """
        return PyAvReader(path)

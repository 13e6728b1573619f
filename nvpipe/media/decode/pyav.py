"""Frames decoded by libavcodec on the CPU, through PyAV."""

from __future__ import annotations

import math
import weakref
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

from nvpipe.media.audio import sound_stream
from nvpipe.media.decode import MisplacedError
from nvpipe.media.decode.clock import Clock
from nvpipe.media.decode.fitting import Fitting
from nvpipe.media.decode.frame import PyAvFrame, TimedFrame
from nvpipe.media.decode.needed import needed_of
from nvpipe.media.heap import trim
from nvpipe.media.probe import Inspection, inspect
from nvpipe.media.reading import apart, decode, packets
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
    from av.container import InputContainer
    from av.video import VideoStream

    from nvpipe.media.decode import Spare, Thinning
    from nvpipe.media.slots import Slots

TIME_TOLERANCE_S = 0.0006
"""Matroska rounds to 1 ms: a frame at most this much after a moment still counts as on display then."""
_SEEK_BACK_S = (0.0, 2.0, 15.0, 90.0)
_NO_SEEK_BELOW_S = 1.0
_MAX_SIZES = 1024
CONTAINERS_WITHOUT_PTS = ("avi",)
"""Containers that store packets in decoding order without presentation stamps; libav's guesses are wrong."""
_DRAFT = {"skip_loop_filter": "noref"}


class Wanted(NamedTuple):
    """What `frames` was asked for."""

    start_s: float
    end_s: float
    draft: bool
    sound: Slots | None
    spare: Spare | None
    thinning: Thinning | None


class PyAvReader:
    """An open video; each call of `frames` reads the file on its own, by so many threads (0 for one a core)."""

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        self._path = path
        self._threads = threads
        self._inspection: Inspection = inspect(path)
        self._damaged = 0
        self._closed = False
        self._passes: weakref.WeakSet[Generator[TimedFrame, None, None]] = weakref.WeakSet()

    @property
    def info(self) -> MediaInfo:
        return self._inspection.info

    @property
    def damaged(self) -> int:
        return self._damaged

    def frames(
        self,
        start_s: float = 0.0,
        end_s: float | None = None,
        *,
        draft: bool = False,
        sound: Slots | None = None,
        spare: Spare | None = None,
        thinning: Thinning | None = None,
    ) -> Iterator[TimedFrame]:
        """Frames shown during `[start_s, end_s)`; see `Reader.frames`.

        Raises:
            MisplacedError: this video cannot be thinned.
            MediaError: the file vanished, or decoding takes too long for what it yields.
            ValueError: the reader is closed.
        """
        if self._closed:
            raise ValueError("the reader is closed")
        wanted = Wanted(max(start_s, 0.0), math.inf if end_s is None else end_s, draft, sound, spare, thinning)
        return self._window(wanted)

    def _window(self, wanted: Wanted) -> Iterator[TimedFrame]:
        start_s, end_s = wanted.start_s, wanted.end_s
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
            decoded = self._decoded(seek_s, wanted)
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
        self, shown: TimedFrame, decoded: Iterator[TimedFrame], start_s: float, end_s: float
    ) -> Iterator[TimedFrame]:
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

    def _decoded(self, seek_s: float | None, wanted: Wanted) -> Generator[TimedFrame, None, None]:
        """Frames from the keyframe before `seek_s` on; none when the file cannot be sought.

        Those that nobody sees may be missing: before the one on display at the start, and as was asked for.
        """
        damaged, last_s = self._damaged, -math.inf
        try:
            with closing(self._pass(seek_s, wanted)) as frames:
                for frame in frames:
                    last_s = frame.time_s
                    yield frame
            return
        except MisplacedError:
            self._damaged = damaged
            if wanted.thinning is not None:
                raise
        with closing(self._pass(seek_s, wanted, whole=True)) as frames:
            yield from (frame for frame in frames if frame.time_s > last_s)

    def _pass(
        self, seek_s: float | None, wanted: Wanted, *, whole: bool = False
    ) -> Generator[TimedFrame, None, None]:
        """`_decoded`, unless it is `whole` without what nobody sees.

        Raises:
            MisplacedError: frames left out may have been wanted.
        """
        import av

        inspection = self._inspection
        container = self._open()
        # While it builds the index of an hour, libav takes half as much again.
        trim()
        try:
            stream = cast("VideoStream", container.streams[inspection.stream_index])
            context = stream.codec_context
            context.options = {"max_pixels": str(MAX_SIDE_PX * MAX_SIDE_PX)}
            if wanted.draft:
                context.options |= _DRAFT
            stream.thread_type = cast("Any", "AUTO")
            context.thread_count = self._threads
            heard, sound = None, wanted.sound
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
                trusts_pts=container.format.name not in CONTAINERS_WITHOUT_PTS,
            )
            budget = DecodeBudget(self._path)
            sizes: dict[int | None, int] = {}
            fitting = Fitting(inspection)
            budget.start()
            coded = packets(container, stream, self._path, self._lost, heard)
            if sound is not None:
                coded = apart(coded, stream, sound.take)
            needed = None
            if not whole and (wanted.start_s > 0 or wanted.spare or wanted.thinning):
                shown_s = wanted.start_s + TIME_TOLERANCE_S
                needed = needed_of(
                    context, self.info, clock, shown_s, wanted.spare, wanted.thinning, lambda: self._damaged
                )
            if needed is not None:
                coded = needed.of(coded)
            for packet in coded:
                if len(sizes) > _MAX_SIZES:
                    sizes.clear()
                if packet.pts is not None:
                    sizes[packet.pts] = packet.size
                for picture in self._pictures(packet, fitting):
                    time_s = clock.at(picture, context.reorder_depth)
                    if needed is not None:
                        needed.came(picture)
                    budget.stop(time_s if math.isfinite(time_s) else None)
                    if self._closed or (math.isfinite(time_s) and time_s > MAX_DURATION_S):
                        return
                    yield self._framed(picture, time_s, sizes.pop(picture.pts, 0))
                    budget.start()
                budget.stop()
            if needed is not None:
                needed.ended()
        finally:
            container.close()

    def _open(self) -> InputContainer:
        return open_container(self._path)

    def _framed(self, picture: av.VideoFrame, time_s: float, size_bytes: int) -> TimedFrame:
        return PyAvFrame(picture, time_s, size_bytes)

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

"""The pictures of a timeline, composed in host memory by libavfilter and numpy.

Decoding and layout run in a thread of their own: libav releases the interpreter's lock, so that the next picture
is made while the encoder works on the last one.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.compose import LAYOUTS
from nvpipe.compose.chunks import Chunk, reading_starts_s
from nvpipe.compose.frames import EARLY_S, frame_borders, frame_count, on_grid, source_s, unseen
from nvpipe.compose.graphs import graph_of
from nvpipe.compose.joining import joined
from nvpipe.compose.ready import ready_for, ready_pictures
from nvpipe.compose.still import read_still
from nvpipe.compose.views import FittingGraph, Target, View
from nvpipe.errors import MediaError
from nvpipe.media.graph import VideoGraph
from nvpipe.media.normalise import reduced, source_filters
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import av

    from nvpipe.compose import Area, Layout, Size
    from nvpipe.media.decode import Decoder, Reader, Spare
    from nvpipe.types import Cut, MediaInfo, OutputFormat, Still, Timeline

QUEUE = 8
"""Composed pictures waiting for the encoder, 3 MB each at 1080x1920; more for many outputs."""
HELD_AFTER_S = 0.25
"""A last frame shown for longer than this counts as held: the footage ended before its cut did."""
_BEYOND_S = 1.0
"""How far past its end a cut is read, for frames that last long."""


class CpuComposer:
    """Composes with libavfilter."""

    def probe(self) -> Probe:
        import av

        canvas = (108, 192)
        frame = av.VideoFrame(320, 180, "yuv420p")
        try:
            for name in LAYOUTS.names():
                layout = LAYOUTS.load(name)
                area = layout.areas(canvas)[0].size_px
                out = VideoGraph(graph_of(layout.place((320, 180), area), area), frame).apply(frame)
                if (out.width, out.height) != area:
                    return Probe(False, f"layout {name} came out as {out.width}x{out.height}")
        except (av.error.FFmpegError, ValueError) as error:
            return Probe(False, f"libavfilter does not compose: {error}")
        return Probe(True, f"composed a picture in {len(LAYOUTS.names())} layouts")

    def open(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        also: Sequence[OutputFormat] = (),
        chunks: Sequence[Chunk] = (),
    ) -> Pictures:
        return Pictures(timeline, decoder, layout, also, chunks)


class Pictures:
    """The pictures of a timeline; see `Composition`."""

    def __init__(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        also: Sequence[OutputFormat] = (),
        chunks: Sequence[Chunk] = (),
    ) -> None:
        self._timeline = timeline
        self._chunks = chunks or (Chunk(0, frame_count(timeline)),)
        self._decoder = decoder
        self._layout = layout
        self._outputs = (timeline.output, *also)
        self._queue: queue.Queue[av.VideoFrame | BaseException | None] = queue.Queue(
            max(QUEUE, 3 * len(self._outputs))
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="compose", daemon=True)
        self.held = 0
        """Pictures shown again because the footage ended before its cut did."""

    def __enter__(self) -> Iterator[av.VideoFrame]:
        self._thread.start()
        return self._take()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue
        self._thread.join()

    def _take(self) -> Iterator[av.VideoFrame]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def _work(self) -> None:
        try:
            for picture in self._pictures():
                if not self._put(picture):
                    return
            self._put(None)
        except Exception as error:  # noqa: BLE001 - handed to the thread that takes the pictures
            self._put(error)

    def _put(self, item: av.VideoFrame | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def _pictures(self) -> Iterator[av.VideoFrame]:
        """For each frame of the file one picture for each output."""
        sizes = [(output.width_px, output.height_px) for output in self._outputs]
        areas = [self._layout.areas(size) for size in sizes]
        # One stream for each source; each gives, frame by frame, its part of every output.
        streams = [self._footage(self._timeline.cuts, [one[0] for one in areas])]
        if len(areas[0]) > 1:
            streams.append(self._second([one[1] for one in areas]))
        for parts in zip(*streams, strict=True):
            if len(parts) == 1:
                yield from parts[0]
                continue
            for place, size in enumerate(sizes):
                yield joined([part[place] for part in parts], areas[place], size)

    def _second(self, areas: Sequence[Area]) -> Iterator[list[av.VideoFrame]]:
        """The second footage, or the picture in its place."""
        if self._timeline.still is not None:
            return self._still(self._timeline.still, areas)
        if not self._timeline.beside:
            raise ValueError(f"layout {self._timeline.output.layout} needs second footage or a picture")
        return self._footage(self._timeline.beside, areas)

    def _footage(self, cuts: Sequence[Cut], areas: Sequence[Area]) -> Iterator[list[av.VideoFrame]]:
        for chunk in self._chunks:
            for cut, first, end in frame_borders(self._timeline, cuts):
                # Each chunk is read from its own start, so that it comes out the same wherever it is made.
                part = Chunk(max(first, chunk.first), min(end, chunk.end))
                if part.first < part.end:
                    yield from self._part(cut, first, part, areas)

    def _part(self, cut: Cut, first: int, part: Chunk, areas: Sequence[Area]) -> Iterator[list[av.VideoFrame]]:
        """Some pictures of the cut that starts with picture `first`."""
        if ready := ready_for(cut, self._outputs):
            sizes, skip = [area.size_px for area in areas], part.first - first
            output, count = self._outputs[0], part.end - part.first
            yield from ready_pictures(cut, ready, self._decoder, output, count, sizes, skip)
            return
        with self._decoder.open(cut.footage.path) as reader:
            start_s = reading_starts_s(cut, part.first, first, self._timeline, reader.info)
            yield from self._cut(cut, reader, part.first, part.end, areas, start_s)

    def _still(self, still: Still, areas: Sequence[Area]) -> Iterator[list[av.VideoFrame]]:
        picture = read_still(still.path)
        views = self._views((picture.width, picture.height), "", areas, ())
        count = sum(chunk.end - chunk.first for chunk in self._chunks)
        return itertools.repeat([view.apply(picture, 0.0) for view in views], count)

    def _views(
        self, source_px: Size, before: str, areas: Sequence[Area], path: tuple[tuple[float, float], ...]
    ) -> list[View]:
        seconds = self._timeline.duration_s
        return [
            View(self._layout, source_px, before, Target(output, area.size_px, seconds), path)
            for output, area in zip(self._outputs, areas, strict=True)
        ]

    def _reduced(self, info: MediaInfo, areas: Sequence[Area]) -> MediaInfo:
        """Footage that has to be tone-mapped at no more than the size at which it is shown."""
        places = [self._layout.place((info.width_px, info.height_px), area.size_px) for area in areas]
        return reduced(info, max(place.size_px[0] / place.part_px[0] for place in places))

    def _cut(
        self, cut: Cut, reader: Reader, first: int, end: int, areas: Sequence[Area], start_s: float
    ) -> Iterator[list[av.VideoFrame]]:
        fps, info = self._timeline.output.fps, self._reduced(reader.info, areas)
        spare = unseen(cut, first, end, fps, reader.info.fps)
        frames = _upright(reader, cut, info, start_s) if info.interlaced else _coded(reader, cut, start_s, spare)
        before = "" if info.interlaced else source_filters(info)
        # What all outputs need is done once; one output does it in its own graph.
        common = FittingGraph(before) if before and len(self._outputs) > 1 else None
        views = self._views((info.width_px, info.height_px), "" if common else before, areas, cut.crop_path)
        shown = next(frames, None)
        if shown is None:
            raise MediaError(f"{cut.footage.path} has no picture at {cut.source_start_s:.2f} s")
        coming = next(frames, None)
        made, picture = None, shown.picture
        for index in range(first, end):
            at_s = source_s(cut, index, fps)
            while coming is not None and coming.time_s <= at_s + EARLY_S:
                shown, coming = coming, next(frames, None)
            # A frame that is shown again is made again: the encoder and the captions own the last one.
            self.held += coming is None and at_s > shown.time_s + HELD_AFTER_S
            # The window jumps with the first frame of a new shot, which may be taken a little early.
            since_s = max(at_s, shown.time_s) + EARLY_S / 2 - cut.source_start_s
            if common is not None and made is not shown:
                made = shown
                picture = common.apply(shown.picture)
            yield [view.apply(picture if common else shown.picture, since_s) for view in views]


@dataclass(frozen=True, slots=True)
class _Shown:
    time_s: float
    picture: av.VideoFrame


def _coded(reader: Reader, cut: Cut, start_s: float, spare: Spare | None = None) -> Iterator[_Shown]:
    """The cut's frames from a time on, as they are coded; not all of those that `spare` may leave out."""
    for frame in reader.frames(start_s, cut.source_end_s + _BEYOND_S, spare=spare):
        yield _Shown(on_grid(frame.time_s, reader.info.fps), frame.to_av())


def _upright(reader: Reader, cut: Cut, info: MediaInfo, start_s: float) -> Iterator[_Shown]:
    """The cut's frames from a time on, after the source's filters, which look at their neighbours to deinterlace."""
    times: deque[float] = deque()

    def coded() -> Iterator[av.VideoFrame]:
        for shown in _coded(reader, cut, start_s):
            times.append(shown.time_s)
            yield shown.picture

    pictures = coded()
    head = next(pictures, None)
    if head is None:
        return
    graph = VideoGraph(source_filters(info), head)
    for picture in graph.stream(itertools.chain([head], pictures)):
        yield _Shown(times.popleft(), picture)

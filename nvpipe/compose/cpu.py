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
from nvpipe.compose.frames import frame_borders
from nvpipe.compose.graphs import WINDOW, graph_of
from nvpipe.compose.window import Window
from nvpipe.errors import MediaError
from nvpipe.media.graph import VideoGraph
from nvpipe.media.normalise import source_filters
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av

    from nvpipe.compose import Layout, Placement, Size
    from nvpipe.media.decode import Decoder, Reader
    from nvpipe.types import Cut, MediaInfo, OutputFormat, Timeline

QUEUE = 8
"""Composed pictures waiting for the encoder, 3 MB each at 1080x1920."""
SMALL_AFTER_S = 30.0
"""Longer narrations at quality `low` are composed at two thirds of the size and scaled up."""
HELD_AFTER_S = 0.25
"""A last frame shown for longer than this counts as held: the footage ended before its cut did."""
_BEYOND_S = 1.0
"""How far past its end a cut is read, for frames that last long."""
_EARLY_S = 0.001
"""How much before its time a frame is taken, so that rounded time stamps don't shift the pace."""


class CpuComposer:
    """Composes with libavfilter."""

    def probe(self) -> Probe:
        import av

        canvas = (108, 192)
        frame = av.VideoFrame(320, 180, "yuv420p")
        try:
            for name in LAYOUTS.names():
                graph = graph_of(LAYOUTS.load(name).place((320, 180), canvas), canvas)
                out = VideoGraph(graph, frame).apply(frame)
                if (out.width, out.height) != canvas:
                    return Probe(False, f"layout {name} came out as {out.width}x{out.height}")
        except (av.error.FFmpegError, ValueError) as error:
            return Probe(False, f"libavfilter does not compose: {error}")
        return Probe(True, f"composed a picture in {len(LAYOUTS.names())} layouts")

    def open(self, timeline: Timeline, decoder: Decoder, layout: Layout) -> Pictures:
        return Pictures(timeline, decoder, layout)


class Pictures:
    """The pictures of a timeline; see `Composition`."""

    def __init__(self, timeline: Timeline, decoder: Decoder, layout: Layout) -> None:
        self._timeline = timeline
        self._decoder = decoder
        self._layout = layout
        self._queue: queue.Queue[av.VideoFrame | BaseException | None] = queue.Queue(QUEUE)
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
        borders = frame_borders(self._timeline)
        for cut, first, end in borders:
            with self._decoder.open(cut.footage.path) as reader:
                yield from self._cut(cut, reader, first, end)

    def _cut(self, cut: Cut, reader: Reader, first: int, end: int) -> Iterator[av.VideoFrame]:
        fps = self._timeline.output.fps
        graph = _Graphs(self._layout, reader.info, self._timeline, cut.crop_path)
        frames = _upright(reader, cut) if reader.info.interlaced else _coded(reader, cut)
        shown = next(frames, None)
        if shown is None:
            raise MediaError(f"{cut.footage.path} has no picture at {cut.source_start_s:.2f} s")
        coming = next(frames, None)
        for index in range(first, end):
            at_s = cut.source_start_s + float(index / fps) - cut.at_s
            while coming is not None and coming.time_s <= at_s + _EARLY_S:
                shown, coming = coming, next(frames, None)
            # A frame that is shown again is made again: the encoder and the captions own the last one.
            self.held += coming is None and at_s > shown.time_s + HELD_AFTER_S
            # The window jumps with the first frame of a new shot, which may be taken a little early.
            yield graph.apply(shown.picture, max(at_s, shown.time_s) + _EARLY_S / 2 - cut.source_start_s)


@dataclass(frozen=True, slots=True)
class _Shown:
    time_s: float
    picture: av.VideoFrame


def _coded(reader: Reader, cut: Cut) -> Iterator[_Shown]:
    """The cut's frames as they are coded; what is not chosen costs nothing more."""
    for frame in reader.frames(cut.source_start_s, cut.source_end_s + _BEYOND_S):
        yield _Shown(frame.time_s, frame.to_av())


def _upright(reader: Reader, cut: Cut) -> Iterator[_Shown]:
    """The cut's frames after the source's filters, which look at every frame's neighbours to deinterlace."""
    times: deque[float] = deque()
    info = reader.info

    def coded() -> Iterator[av.VideoFrame]:
        for shown in _coded(reader, cut):
            times.append(shown.time_s)
            yield shown.picture

    pictures = coded()
    head = next(pictures, None)
    if head is None:
        return
    graph = VideoGraph(source_filters(info), head)
    for picture in graph.stream(itertools.chain([head], pictures)):
        yield _Shown(times.popleft(), picture)


class _Graphs:
    """The filter graph for frames as they come; rebuilt when they change shape in mid-stream."""

    def __init__(
        self, layout: Layout, info: MediaInfo, timeline: Timeline, path: tuple[tuple[float, float], ...]
    ) -> None:
        self._info = info
        size, source = _size(timeline), (info.width_px, info.height_px)
        placement = layout.place(source, size)
        self._window = Window(path, placement, source, size)
        self._left_px: int | None = None
        self._description = _description(placement, size, info, timeline, moving=self._window.moves)
        self._kind: tuple[object, ...] | None = None
        self._graph: VideoGraph | None = None

    def apply(self, frame: av.VideoFrame, at_s: float) -> av.VideoFrame:
        """The frame on the canvas as it is `at_s` seconds after the cut's start."""
        kind = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if self._graph is None or kind != self._kind:
            self._kind = kind
            self._graph = VideoGraph(self._description, frame)
            self._left_px = None
        if self._window.moves and (left_px := self._window.left_px(at_s)) != self._left_px:
            self._left_px = left_px
            self._graph.command(WINDOW, "x", str(left_px))
        out = self._graph.apply(frame)
        # A graph that had nothing to do hands on the decoder's own reference picture.
        out.make_writable()
        return out


def _size(timeline: Timeline) -> Size:
    """The size that pictures are composed at."""
    output = timeline.output
    small = output.quality == "low" and timeline.duration_s > SMALL_AFTER_S
    return composed_size(output) if small else (output.width_px, output.height_px)


def _description(placement: Placement, size: Size, info: MediaInfo, timeline: Timeline, *, moving: bool) -> str:
    canvas = (timeline.output.width_px, timeline.output.height_px)
    graph = graph_of(placement, size, moving=moving)
    after = f",scale={canvas[0]}:{canvas[1]}:flags=bilinear" if size != canvas else ""
    before = "" if info.interlaced else source_filters(info)
    if not before:
        return graph + after
    head, found, tail = graph.partition("[in]")
    return f"{before}[up];[up]{tail if found else head}{after}"


def composed_size(output: OutputFormat) -> Size:
    """Two thirds of the output's size, in even numbers."""
    return 2 * round(output.width_px / 3), 2 * round(output.height_px / 3)

"""The pictures of a timeline, composed in host memory by libavfilter and numpy.

Decoding and layout run in a thread of their own: libav releases the interpreter's lock, so that the next picture
is made while the encoder works on the last one.
"""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING

from nvpipe.compose import LAYOUTS
from nvpipe.compose.frames import on_grid
from nvpipe.compose.graphs import graph_of
from nvpipe.compose.joining import joined
from nvpipe.compose.ready import ready_pictures
from nvpipe.compose.still import read_still
from nvpipe.compose.views import FittingGraph, Target, View
from nvpipe.compose.walk import BEYOND_S, Handover, Shown, Walk
from nvpipe.media.graph import VideoGraph
from nvpipe.media.normalise import reduced, source_filters
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import av

    from nvpipe.compose import Area, Layout, Size
    from nvpipe.compose.chunks import Chunk
    from nvpipe.media.decode import Decoder, Reader, Spare
    from nvpipe.types import Cut, MediaInfo, OutputFormat, Precompiled, Still, Timeline

QUEUE = 8
"""Composed pictures waiting for the encoder, 3 MB each at 1080x1920; more for many outputs."""


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


class Pictures(Walk["av.VideoFrame", "av.VideoFrame"]):
    """The pictures of a timeline; see `Composition`."""

    def __init__(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        also: Sequence[OutputFormat] = (),
        chunks: Sequence[Chunk] = (),
    ) -> None:
        super().__init__(timeline, decoder, layout, (timeline.output, *also), chunks)
        self._handover = Handover(self._pictures, max(QUEUE, 3 * len(self._outputs)))

    def __enter__(self) -> Iterator[av.VideoFrame]:
        return self._handover.start()

    def __exit__(self, *_: object) -> None:
        self._handover.stop()

    def _pictures(self) -> Iterator[av.VideoFrame]:
        """For each frame of the file one picture for each output."""
        areas = self._areas()
        for parts in self._parts(areas):
            if len(parts) == 1:
                yield from parts[0]
                continue
            for place, output in enumerate(self._outputs):
                size = (output.width_px, output.height_px)
                yield joined([part[place] for part in parts], areas[place], size)

    def _ready(
        self, cut: Cut, ready: Sequence[Precompiled], areas: Sequence[Area], count: int, skip: int
    ) -> Iterator[list[av.VideoFrame]]:
        sizes = [area.size_px for area in areas]
        return ready_pictures(cut, ready, self._decoder, self._outputs[0], count, sizes, skip)

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

    def _open_cut(
        self, cut: Cut, reader: Reader, areas: Sequence[Area], start_s: float, spare: Spare
    ) -> tuple[Iterator[Shown[av.VideoFrame]], Callable[[Shown[av.VideoFrame], float], list[av.VideoFrame]]]:
        info = self._reduced(reader.info, areas)
        frames = _upright(reader, cut, info, start_s) if info.interlaced else _coded(reader, cut, start_s, spare)
        before = "" if info.interlaced else source_filters(info)
        # What all outputs need is done once; one output does it in its own graph.
        common = FittingGraph(before) if before and len(self._outputs) > 1 else None
        views = self._views((info.width_px, info.height_px), "" if common else before, areas, cut.crop_path)
        made: Shown[av.VideoFrame] | None = None
        picture: av.VideoFrame | None = None

        def made_of(shown: Shown[av.VideoFrame], since_s: float) -> list[av.VideoFrame]:
            nonlocal made, picture
            if made is not shown:
                made, picture = shown, common.apply(shown.picture) if common else shown.picture
            assert picture is not None
            return [view.apply(picture, since_s) for view in views]

        return frames, made_of


def _coded(reader: Reader, cut: Cut, start_s: float, spare: Spare | None = None) -> Iterator[Shown[av.VideoFrame]]:
    """The cut's frames from a time on, as they are coded; not all of those that `spare` may leave out."""
    for frame in reader.frames(start_s, cut.source_end_s + BEYOND_S, spare=spare):
        yield Shown(on_grid(frame.time_s, reader.info.fps), frame.to_av())


def _upright(reader: Reader, cut: Cut, info: MediaInfo, start_s: float) -> Iterator[Shown[av.VideoFrame]]:
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
        yield Shown(times.popleft(), picture)

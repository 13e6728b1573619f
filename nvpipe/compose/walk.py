"""A timeline frame by frame: which picture of which footage every composer shows when."""

from __future__ import annotations

import queue
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from nvpipe.compose.chunks import Chunk, reading_starts_s
from nvpipe.compose.frames import EARLY_S, frame_borders, frame_count, source_s, unseen
from nvpipe.compose.ready import ready_for
from nvpipe.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nvpipe.compose import Area, Layout
    from nvpipe.media.decode import Decoder, Reader, Spare
    from nvpipe.types import Cut, OutputFormat, Precompiled, Still, Timeline

HELD_AFTER_S = 0.25
"""A last frame shown for longer than this counts as held: the footage ended before its cut did."""
BEYOND_S = 1.0
"""How far past its end a cut is read, for frames that last long."""

Source = TypeVar("Source")
"""A frame of footage."""
Part = TypeVar("Part")
"""A source's part of an output's picture."""
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Shown(Generic[Source]):
    """A frame of footage and when it is shown."""

    time_s: float
    picture: Source


class Walk(ABC, Generic[Source, Part]):
    """A timeline's frames, each as parts that its outputs are put together from.

    Args:
        timeline: what to show.
        decoder: opens its footage.
        layout: places it.
        outputs: the timeline's own and the others.
        chunks: which pictures, in this order; all in one when there is none.
    """

    def __init__(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        outputs: Sequence[OutputFormat],
        chunks: Sequence[Chunk],
    ) -> None:
        self._timeline = timeline
        self._decoder = decoder
        self._layout = layout
        self._outputs = tuple(outputs)
        self._chunks = tuple(chunks) or (Chunk(0, frame_count(timeline)),)
        self.held = 0
        """Pictures shown again because the footage ended before its cut did."""

    @abstractmethod
    def _still(self, still: Still, areas: Sequence[Area]) -> Iterator[list[Part]]:
        """A picture's part of every output, for every frame."""

    @abstractmethod
    def _ready(
        self, cut: Cut, ready: Sequence[Precompiled], areas: Sequence[Area], count: int, skip: int
    ) -> Iterator[list[Part]]:
        """`count` frames of a cut that was composed beforehand, from its frame `skip` on."""

    @abstractmethod
    def _open_cut(
        self, cut: Cut, reader: Reader, areas: Sequence[Area], start_s: float, spare: Spare
    ) -> tuple[Iterator[Shown[Source]], Callable[[Shown[Source], float], list[Part]]]:
        """A cut's frames from a time on, and what makes of one the parts shown some seconds after the cut's start."""

    def _parts(self, areas: Sequence[Sequence[Area]]) -> Iterator[tuple[list[Part], ...]]:
        """For each frame of the file, for each source, its part of every output.

        Args:
            areas: of each output, by its layout.
        """
        streams = [self._footage(self._timeline.cuts, [one[0] for one in areas])]
        if len(areas[0]) > 1:
            streams.append(self._second([one[1] for one in areas]))
        return zip(*streams, strict=True)

    def _areas(self) -> list[tuple[Area, ...]]:
        return [self._layout.areas((output.width_px, output.height_px)) for output in self._outputs]

    def _second(self, areas: Sequence[Area]) -> Iterator[list[Part]]:
        """The second footage, or the picture in its place."""
        if self._timeline.still is not None:
            return self._still(self._timeline.still, areas)
        if not self._timeline.beside:
            raise ValueError(f"layout {self._timeline.output.layout} needs second footage or a picture")
        return self._footage(self._timeline.beside, areas)

    def _footage(self, cuts: Sequence[Cut], areas: Sequence[Area]) -> Iterator[list[Part]]:
        for chunk in self._chunks:
            for cut, first, end in frame_borders(self._timeline, cuts):
                # Each chunk is read from its own start, so that it comes out the same wherever it is made.
                part = Chunk(max(first, chunk.first), min(end, chunk.end))
                if part.first < part.end:
                    yield from self._part(cut, first, part, areas)

    def _part(self, cut: Cut, first: int, part: Chunk, areas: Sequence[Area]) -> Iterator[list[Part]]:
        """Some pictures of the cut that starts with picture `first`."""
        if ready := ready_for(cut, self._outputs):
            yield from self._ready(cut, ready, areas, part.end - part.first, part.first - first)
            return
        with self._decoder.open(cut.footage.path) as reader:
            start_s = reading_starts_s(cut, part.first, first, self._timeline, reader.info)
            yield from self._cut(cut, reader, part.first, part.end, areas, start_s)

    def _cut(
        self, cut: Cut, reader: Reader, first: int, end: int, areas: Sequence[Area], start_s: float
    ) -> Iterator[list[Part]]:
        fps = self._timeline.output.fps
        spare = unseen(cut, first, end, fps, reader.info.fps)
        frames, made_of = self._open_cut(cut, reader, areas, start_s, spare)
        shown = next(frames, None)
        if shown is None:
            raise MediaError(f"{cut.footage.path} has no picture at {cut.source_start_s:.2f} s")
        coming = next(frames, None)
        for index in range(first, end):
            at_s = source_s(cut, index, fps)
            while coming is not None and coming.time_s <= at_s + EARLY_S:
                shown, coming = coming, next(frames, None)
            # A frame that is shown again is made again: the encoder and the captions own the last one.
            self.held += coming is None and at_s > shown.time_s + HELD_AFTER_S
            # The window jumps with the first frame of a new shot, which may be taken a little early.
            since_s = max(at_s, shown.time_s) + EARLY_S / 2 - cut.source_start_s
            yield made_of(shown, since_s)


class Handover(Generic[Item]):
    """Items made in a thread of its own and taken in another: inside a `with` block, the items in their order.

    Args:
        make: gives them.
        waiting: how many may wait to be taken.
    """

    def __init__(self, make: Callable[[], Iterator[Item]], waiting: int) -> None:
        self._make = make
        self._queue: queue.Queue[Item | BaseException | None] = queue.Queue(waiting)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="compose", daemon=True)

    def start(self) -> Iterator[Item]:
        self._thread.start()
        return self._take()

    def stop(self) -> None:
        self._stop.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue
        self._thread.join()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def _take(self) -> Iterator[Item]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def _work(self) -> None:
        try:
            for item in self._make():
                if not self._put(item):
                    return
            self._put(None)
        except Exception as error:  # noqa: BLE001 - handed to the thread that takes the items
            self._put(error)

    def _put(self, item: Item | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

"""A source as one area of an output shows it: filter graphs, rebuilt when the source changes shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.compose.graphs import WINDOW, graph_of
from nvpipe.compose.layout import styled
from nvpipe.compose.window import Window
from nvpipe.media.encode import COMPOSED_SMALL
from nvpipe.media.graph import VideoGraph

if TYPE_CHECKING:
    import av

    from nvpipe.compose import Layout, Placement, Size
    from nvpipe.types import OutputFormat

SMALL_AFTER_S = 30.0
"""Longer narrations at the qualities of COMPOSED_SMALL are composed at two thirds of the size and scaled up."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a graph makes: one area of one output."""

    output: OutputFormat
    area_px: Size
    duration_s: float

    @property
    def is_small(self) -> bool:
        """Whether it is composed at two thirds of its size."""
        return self.output.quality in COMPOSED_SMALL and self.duration_s > SMALL_AFTER_S

    @property
    def composed_px(self) -> Size:
        return composed_size(self.area_px) if self.is_small else self.area_px

    @property
    def canvas_px(self) -> Size:
        """The whole canvas at the size at which this is composed."""
        canvas = (self.output.width_px, self.output.height_px)
        return composed_size(canvas) if self.is_small else canvas


class FittingGraph:
    """A filter graph for frames as they come, rebuilt when they change shape in mid-stream.

    Args:
        description: as for `VideoGraph`.
    """

    def __init__(self, description: str) -> None:
        self._description = description
        self._kind: tuple[object, ...] | None = None
        self._graph: VideoGraph | None = None

    def fit(self, frame: av.VideoFrame) -> bool:
        """Make the graph one for frames like this; whether that took a new one."""
        kind = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if self._graph is not None and kind == self._kind:
            return False
        self._kind = kind
        self._graph = VideoGraph(self._description, frame)
        return True

    def apply(self, frame: av.VideoFrame) -> av.VideoFrame:
        """What the graph makes of a frame."""
        self.fit(frame)
        assert self._graph is not None
        return self._graph.apply(frame)

    def command(self, name: str, option: str, value: str) -> None:
        """As `VideoGraph.command`, for the graph that `fit` made."""
        assert self._graph is not None
        self._graph.command(name, option, value)


class View:
    """One source on one area of an output."""

    def __init__(
        self, layout: Layout, source_px: Size, before: str, target: Target, path: tuple[tuple[float, float], ...]
    ) -> None:
        size = target.composed_px
        placement = styled(layout.place(source_px, size), target.canvas_px, target.output)
        self._window = Window(path, placement, source_px, size)
        self._left_px: int | None = None
        self._graph = FittingGraph(_describe(placement, before, target, moving=self._window.moves))

    def apply(self, frame: av.VideoFrame, at_s: float) -> av.VideoFrame:
        """The frame on the canvas as it is `at_s` seconds after the cut's start."""
        if self._graph.fit(frame):
            self._left_px = None
        if self._window.moves and (left_px := self._window.left_px(at_s)) != self._left_px:
            self._left_px = left_px
            self._graph.command(WINDOW, "x", str(left_px))
        out = self._graph.apply(frame)
        # A graph that had nothing to do hands on the decoder's own reference picture.
        out.make_writable()
        return out


def _describe(placement: Placement, before: str, target: Target, *, moving: bool) -> str:
    graph = graph_of(placement, target.composed_px, moving=moving)
    width, height = target.area_px
    after = f",scale={width}:{height}:flags=bilinear" if target.composed_px != target.area_px else ""
    if not before:
        return graph + after
    head, found, tail = graph.partition("[in]")
    return f"{before}[up];[up]{tail if found else head}{after}"


def composed_size(size: Size) -> Size:
    """Two thirds of a size, in even numbers."""
    return 2 * round(size[0] / 3), 2 * round(size[1] / 3)

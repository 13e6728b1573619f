"""Timelines into pictures and sound."""

from __future__ import annotations

from typing import Protocol

from nvpipe.registry import Entry, Probe, Registry


class Layout(Protocol):
    """A way of showing footage of any shape on the canvas."""

    def probe(self) -> Probe: ...

    def graph(self, source_px: tuple[int, int], canvas_px: tuple[int, int]) -> str:
        """A filter graph in FFmpeg's syntax from upright square-pixel frames to the canvas.

        Args:
            source_px: width and height of the footage.
            canvas_px: width and height of the result, both even.
        """
        ...


LAYOUTS: Registry[Layout] = Registry(
    "layout",
    (
        Entry("blur", "nvpipe.compose.layout:Blur", "the middle sharp, over a blurred copy that fills the frame"),
        Entry("fill", "nvpipe.compose.layout:Fill", "cropped to fill the frame"),
        Entry("letterbox", "nvpipe.compose.layout:Letterbox", "the whole picture between black bars"),
    ),
)

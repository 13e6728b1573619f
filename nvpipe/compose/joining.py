"""Several areas of a canvas into one picture, in planar YUV."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import av

    from nvpipe.compose import Area, Size


def joined(parts: Sequence[av.VideoFrame], areas: Sequence[Area], canvas_px: Size) -> av.VideoFrame:
    """A yuv420p picture of the canvas; the parts, one for each area and of its size, stay as they are.

    Args:
        parts: yuv420p pictures.
        areas: where they go; together they fill the canvas.
        canvas_px: width and height of the canvas, both even.
    """
    import av
    import numpy as np

    canvas = av.VideoFrame(*canvas_px, "yuv420p")
    for index, plane in enumerate(canvas.planes):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        shrunk = 2 if index else 1
        for part, area in zip(parts, areas, strict=True):
            source = part.planes[index]
            width, height = area.size_px[0] // shrunk, area.size_px[1] // shrunk
            left, top = area.left_px // shrunk, area.top_px // shrunk
            seen = np.frombuffer(memoryview(source), np.uint8).reshape(-1, source.line_size)
            rows[top : top + height, left : left + width] = seen[:height, :width]
    canvas.colorspace, canvas.color_range = parts[0].colorspace, parts[0].color_range
    return canvas

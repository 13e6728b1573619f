"""Pictures that change size, shape, format or colours in mid-stream, brought into the ones of the file's first."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from nvpipe.media.colour import Colour, changed_colour, is_rgb
from nvpipe.media.graph import VideoGraph

if TYPE_CHECKING:
    import av

    from nvpipe.media.probe import Inspection

_SAME_SHAPE = 0.02
"""By how much shapes may differ and still be stretched into each other: 1080 and 1088 lines, rounded pixel shapes."""
_FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"


class Fitting:
    """Scales pictures into the first one's size; a different shape keeps its proportions, with black beside it."""

    def __init__(self, inspection: Inspection) -> None:
        self._wanted = inspection
        self._kind: tuple[object, ...] = ()
        self._graph: VideoGraph | None = None

    def fitted(self, picture: av.VideoFrame, aspect: Fraction | None) -> av.VideoFrame | None:
        """The picture itself when it is as the first one was, None when there is no way from one to the other.

        Args:
            picture: as decoded.
            aspect: shape of its pixels by the stream itself.
        """
        import av

        wanted, info = self._wanted, self._wanted.info
        same_size = (picture.width, picture.height) == (wanted.coded_width_px, wanted.coded_height_px)
        same_aspect = not aspect or aspect == wanted.coded_aspect
        if same_size and same_aspect and picture.format.name == info.pixel_format:
            return picture
        kind = (picture.width, picture.height, picture.format.name, picture.colorspace, picture.color_range, aspect)
        try:
            if self._graph is None or kind != self._kind:
                self._kind = kind
                self._graph = None
                self._graph = VideoGraph(self._chain(picture, aspect), picture)
            out = self._graph.apply(picture)
        except (av.error.FFmpegError, ValueError):
            return None
        out.pts, out.dts, out.time_base, out.duration = picture.pts, picture.dts, picture.time_base, picture.duration
        return out

    def _chain(self, picture: av.VideoFrame, aspect: Fraction | None) -> str:
        wanted, info = self._wanted, self._wanted.info
        width, height = wanted.coded_width_px, wanted.coded_height_px
        pixels = info.sample_aspect
        if aspect:
            pixels = pixels * aspect / wanted.coded_aspect if wanted.coded_aspect else aspect
        inner = inner_size((picture.width, picture.height), pixels / info.sample_aspect, (width, height))
        chain = [f"scale=w={inner[0]}:h={inner[1]}:interl=-1:{self._colours(picture)}flags={_FLAGS}"]
        chain.append(f"format={info.pixel_format}")
        if inner != (width, height):
            chain.append(f"pad=w={width}:h={height}:x={(width - inner[0]) // 4 * 2}:y={(height - inner[1]) // 4 * 2}")
        return ",".join([*chain, "setsar=1"])

    def _colours(self, picture: av.VideoFrame) -> str:
        """Options of `scale` for a matrix or a range that has changed."""
        info = self._wanted.info
        first = Colour(
            info.colour_matrix, info.colour_assumed, info.full_range, info.transfer, info.primaries, info.peak_nits
        )
        new = changed_colour(picture, first)
        text = ""
        if not is_rgb(picture.format.name):
            text += f"in_color_matrix={new.matrix}:in_range={'full' if new.full_range else 'limited'}:"
        if not is_rgb(info.pixel_format):
            text += f"out_color_matrix={first.matrix}:out_range={'full' if first.full_range else 'limited'}:"
        return text


def inner_size(size: tuple[int, int], pixels: Fraction, box: tuple[int, int]) -> tuple[int, int]:
    """Size inside of a box at which a picture keeps its proportions; the box when they differ little.

    Args:
        size: width and height.
        pixels: shape of its pixels by that of the box's.
        box: width and height.
    """
    shape = float(size[0] * pixels / size[1]) / (box[0] / box[1])
    if abs(shape - 1) <= _SAME_SHAPE:
        return box
    if shape > 1:
        return box[0], max(2, round(box[1] / shape / 2) * 2)
    return max(2, round(box[0] * shape / 2) * 2), box[1]

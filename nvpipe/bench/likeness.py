"""How alike two sequences of pictures are: SSIM and XPSNR, both as libavfilter computes them.

SSIM is the structural similarity of Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error
visibility to structural similarity" (IEEE Trans. Image Processing 13(4), 2004), over overlapping blocks of 8x8
pixels of the luma plane. XPSNR is the perceptually weighted PSNR of Helmrich, Siekmann, Becker, Bosse, Marpe and
Wiegand, "XPSNR: a low-complexity extension of the perceptually weighted peak signal-to-noise ratio for
high-resolution video quality assessment" (ICASSP 2020), of the luma plane.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    import av

_SSIM, _XPSNR = "lavfi.ssim.Y", "lavfi.xpsnr.xpsnr.y"


@dataclass(frozen=True, slots=True)
class Likeness:
    """Of a whole sequence. `xpsnr_db` is `inf` for equal pictures and None where libavfilter lacks the filter."""

    ssim: float
    worst_ssim: float
    """Of the least similar picture."""
    xpsnr_db: float | None


def compare(original: Iterable[av.VideoFrame], coded: Iterable[av.VideoFrame], fps: Fraction) -> Likeness:
    """Compare pictures one by one, then as a sequence.

    Args:
        original, coded: yuv420p pictures of one size, as many of each.
        fps: their pace; XPSNR looks at the difference to the picture before, or the two before above 32 fps.

    Raises:
        ValueError: there are no pictures, or not as many of each.
    """
    import av.filter

    names = ["ssim", *(["xpsnr"] if "xpsnr" in av.filter.filters_available else [])]
    ssim: list[float] = []
    xpsnr: list[float] = []
    for seen in _measured(names, original, coded, fps):
        ssim.append(seen[_SSIM])
        if _XPSNR in seen:
            xpsnr.append(seen[_XPSNR])
    if not ssim:
        raise ValueError("there are no pictures to compare")
    return Likeness(sum(ssim) / len(ssim), min(ssim), _pooled(xpsnr) if len(xpsnr) == len(ssim) else None)


def _pooled(values_db: list[float]) -> float:
    """XPSNR of a sequence: from the mean of the square roots of its pictures' distortions, as the authors pool."""
    mean = sum(10 ** (-value / 20) for value in values_db) / len(values_db)
    return -20 * math.log10(mean) if mean else math.inf


def _measured(
    names: list[str], original: Iterable[av.VideoFrame], coded: Iterable[av.VideoFrame], fps: Fraction
) -> Iterator[dict[str, float]]:
    graphs: list[_Pair] = []
    for before, after in zip(original, coded, strict=True):
        if not graphs:
            graphs = [_Pair(name, before, fps) for name in names]
        yield {name: float(text) for graph in graphs for name, text in graph.apply(before, after).items()}


class _Pair:
    """A filter that compares two inputs."""

    def __init__(self, name: str, like: av.VideoFrame, fps: Fraction) -> None:
        import av.filter

        self._graph = av.filter.Graph()
        self._graph.threads = 1
        self._time_base = 1 / fps
        self._count = 0
        arguments = {
            "video_size": f"{like.width}x{like.height}",
            "pix_fmt": like.format.name,
            "time_base": str(self._time_base),
            "frame_rate": str(fps),
            "pixel_aspect": "1/1",
        }
        self._sources = [self._graph.add("buffer", **arguments) for _ in range(2)]
        node = self._graph.add(name)
        self._sink = self._graph.add("buffersink")
        for number, source in enumerate(self._sources):
            source.link_to(node, 0, number)
        node.link_to(self._sink)
        self._graph.configure()

    def apply(self, original: av.VideoFrame, coded: av.VideoFrame) -> dict[str, str]:
        import av

        for source, frame in zip(self._sources, (original, coded), strict=True):
            frame.pts, frame.time_base = self._count, self._time_base
            source.push(frame)
        self._count += 1
        try:
            seen = self._sink.pull()
        except av.BlockingIOError:
            raise ValueError("the comparison gave no picture") from None
        return dict(seen.metadata)

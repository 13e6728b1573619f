"""Small upright pictures of a video at given times."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from nvpipe.errors import NvpipeError
from nvpipe.media.normalise import source_filters

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from nvpipe.media.decode import Decoder, Frame, Reader

_SCALING = "in_color_matrix=bt709:in_range=limited:out_range=full:flags=area+accurate_rnd+full_chroma_inp+bitexact"
_BLINK_S = 0.01
LEAST_PX = 24


def fitted(width_px: int, height_px: int, box_px: tuple[int, int]) -> tuple[int, int]:
    """The largest size of that shape inside of a box; no side below 24 pixels, so extreme shapes are squeezed."""
    scale = min(box_px[0] / width_px, box_px[1] / height_px)
    width, height = round(width_px * scale), round(height_px * scale)
    return min(max(width, LEAST_PX), box_px[0]), min(max(height, LEAST_PX), box_px[1])


def pictures(
    path: Path, decoder: Decoder, times_s: Sequence[float], size_px: tuple[int, int]
) -> list[Image.Image | None]:
    """What is on display at each time, upright, with square pixels, in RGB; None where nothing can be decoded."""
    with ExitStack() as open_files:
        try:
            reader = open_files.enter_context(decoder.open(path))
        except NvpipeError:
            return [None for _ in times_s]
        return [_picture(reader, time_s, size_px) for time_s in times_s]


def _picture(reader: Reader, time_s: float, size_px: tuple[int, int]) -> Image.Image | None:
    import av

    try:
        frame = next(iter(reader.frames(time_s, time_s + _BLINK_S)), None)
        return None if frame is None else _upright(reader, frame, size_px)
    except (NvpipeError, av.error.FFmpegError):
        return None


def _upright(reader: Reader, frame: Frame, size_px: tuple[int, int]) -> Image.Image:
    from PIL import Image

    from nvpipe.media.graph import VideoGraph

    coded = frame.to_av()
    chain = ",".join(filter(None, (source_filters(reader.info), "scale=w={}:h={}:{}".format(*size_px, _SCALING))))
    graph = VideoGraph(f"{chain},format=rgb24", coded)
    # Deinterlacing gives its picture out only at the end of the stream.
    (picture,) = graph.stream([coded])
    return Image.fromarray(picture.to_ndarray(format="rgb24"))

"""Cuts whose pictures were composed beforehand: they are decoded as they are to be shown."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from nvpipe.compose.frames import on_grid
from nvpipe.compose.views import FittingGraph
from nvpipe.errors import MediaError
from nvpipe.media.decode.nvdec_fallback import open_own

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import av

    from nvpipe.compose import Size
    from nvpipe.media.decode import Decoder, Frame, Reader
    from nvpipe.types import Cut, OutputFormat, Precompiled


def ready_for(cut: Cut, outputs: Sequence[OutputFormat]) -> list[Precompiled]:
    """What holds a cut's pictures for each of the outputs; empty where one of them has to be composed."""
    found = {one.output_px: one for one in cut.precompiled}
    sizes = [(output.width_px, output.height_px) for output in outputs]
    return [found[size] for size in sizes] if found.keys() >= set(sizes) else []


def ready_pictures(
    cut: Cut,
    ready: Sequence[Precompiled],
    decoder: Decoder,
    output: OutputFormat,
    count: int,
    sizes: Sequence[Size],
    skip: int = 0,
) -> Iterator[list[av.VideoFrame]]:
    """The pictures of a cut, for each frame one for each output.

    Args:
        cut: what is shown.
        ready: the file of its pictures for each output.
        decoder: opens them.
        output: the first one; all have its frame rate.
        count: how many frames are wanted.
        sizes: width and height of each output's part; what was composed smaller is scaled up.
        skip: how many frames of the cut's come before them.

    Raises:
        MediaError: a file cannot be read or lacks pictures.
    """
    with ExitStack() as opened:
        streams = []
        for one, size in zip(ready, sizes, strict=True):
            reader = opened.enter_context(open_own(decoder, one.path))
            first = round((cut.source_start_s - one.start_s) * output.fps) + skip
            pictures_of = (frame.to_av() for frame in numbered(reader, first, count, output))
            streams.append(_sized(pictures_of, size))
        for pictures in zip(*streams, strict=True):
            yield list(pictures)


def numbered(reader: Reader, first: int, count: int, output: OutputFormat) -> Iterator[Frame]:
    """Frames by their number in the file; none is left out or shown twice.

    Raises:
        MediaError: one is missing.
    """
    wanted, end = first, first + count
    for frame in reader.frames(float(first / output.fps), float((end + 1) / output.fps)):
        number = round(on_grid(frame.time_s, output.fps) * output.fps)
        if number < wanted:
            continue
        if number > wanted or wanted == end:
            break
        wanted += 1
        yield frame
    if wanted < end:
        raise MediaError(
            f"{reader.info.path} lacks picture {wanted} of what was precompiled",
            hint="delete the file; the same command then uses the video itself",
        )


def _sized(pictures: Iterator[av.VideoFrame], size: Size) -> Iterator[av.VideoFrame]:
    scaling = FittingGraph(f"scale={size[0]}:{size[1]}:flags=bilinear")
    for picture in pictures:
        out = picture if (picture.width, picture.height) == size else scaling.apply(picture)
        # The decoder goes on from the picture that it handed out.
        out.make_writable()
        yield out

"""The beginnings of long videos, copied as they are."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SUFFIX = ".mkv"


@contextmanager
def excerpts(footage: Sequence[Path], seconds: float) -> Iterator[list[Path]]:
    """The same videos, at most so long: what is longer is cut without encoding, for as long as the block lasts.

    Args:
        footage: the videos.
        seconds: about the length that is left; it ends with a whole packet.

    Raises:
        MediaError: a video cannot be read.
    """
    from nvpipe.media.probe import probe

    with tempfile.TemporaryDirectory(prefix="nvpipe-bench-") as folder:
        videos = []
        for index, path in enumerate(footage):
            if probe(path).duration_s <= seconds * 1.02:
                videos.append(path)
                continue
            videos.append(Path(folder) / f"{index}{_SUFFIX}")
            _copy(path, videos[-1], seconds)
        yield videos


def _copy(path: Path, target: Path, seconds: float) -> None:
    import av

    from nvpipe.media.probe import video_stream
    from nvpipe.media.safety import opened

    try:
        with opened(path) as source, av.open(target, "w", format="matroska") as container:
            picture = video_stream(source, path)
            wanted = [picture, *source.streams.audio[:1]]
            streams = {stream.index: container.add_stream_from_template(stream, opaque=True) for stream in wanted}
            first_s: float | None = None
            for packet in source.demux(wanted):
                # Matroska's first packets have no decoding times.
                stamp = packet.pts if packet.dts is None else packet.dts
                if stamp is None or packet.time_base is None:
                    continue
                at_s = float(stamp * packet.time_base)
                first_s = at_s if first_s is None else first_s
                if at_s - first_s >= seconds and packet.stream is picture:
                    break
                packet.stream = streams[packet.stream.index]
                container.mux(packet)
    except (av.FFmpegError, ValueError, OSError) as error:
        raise MediaError(
            f"the first {seconds:g} s of {path.name} cannot be copied: {error}", hint="ask for more seconds"
        ) from error

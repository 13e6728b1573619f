"""One stretch through one encoder and back."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from nvpipe.bench.likeness import Likeness, compare
from nvpipe.bench.lossless import LAYOUT, SIZE_PX
from nvpipe.bench.meter import Meter, spread
from nvpipe.bench.points import Point
from nvpipe.errors import BackendFailedError, NvpipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import av

    from nvpipe.bench.candidates import Way
    from nvpipe.bench.energy import Cards
    from nvpipe.bench.lossless import Composition

    Watch = Callable[[Iterable[av.VideoFrame]], Iterator[av.VideoFrame]]

TOO_SHORT_S = 0.3
MOST_RUNS = 5
"""What takes less than that is encoded again, up to so often: a card is done with two seconds in a moment."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A stretch, encoded at least once."""

    path: Path
    source: Composition
    size_bytes: int
    """Of its packets."""
    meters: tuple[Meter, ...]
    intervals_s: tuple[float, ...]
    same_bytes: bool | None

    def point(self, clip: int, seen: Likeness, vmaf: float | None) -> Point:
        """With what was seen of it."""
        energies = [meter.energy_j for meter in self.meters if meter.energy_j is not None]
        return Point(
            clip=clip,
            frames=self.source.frames,
            wall_s=statistics.median(meter.wall_s for meter in self.meters),
            cpu_s=statistics.median(meter.cpu_s for meter in self.meters),
            energy_j=statistics.median(energies) if energies else None,
            intervals_s=self.intervals_s,
            kbit_s=self.size_bytes * 8 / self.source.duration_s / 1000,
            ssim=seen.ssim,
            worst_ssim=seen.worst_ssim,
            xpsnr_db=seen.xpsnr_db,
            vmaf=vmaf,
            same_bytes=self.same_bytes,
        )


def encode(way: Way, source: Composition, path: Path, runs: int, cards: Cards, watch: Watch) -> Coded:
    """Encode a stretch into an MP4.

    Args:
        way: how.
        source: its pictures.
        path: the file, which is there afterwards.
        runs: how often, at least.
        cards: whose energy is read.
        watch: sees every picture go by, and may stop the work.

    Raises:
        BackendUnavailableError, BackendFailedError: the encoder does not open, or fails.
    """
    from nvpipe.cache.disk import digest_file

    meters, digests, intervals_s = list[Meter](), set(), list[float]()
    size_bytes = 0
    while len(meters) < runs or (len(meters) < MOST_RUNS and meters[-1].wall_s < TOO_SHORT_S):
        meter = Meter(cards)
        size_bytes, each_s = _encode(way, source, path, watch(source.pictures()), meter)
        meters.append(meter)
        intervals_s += each_s
        digests.add(digest_file(path))
    same_bytes = len(digests) == 1 if len(meters) > 1 else None
    return Coded(path, source, size_bytes, tuple(meters), tuple(intervals_s), same_bytes)


def _encode(
    way: Way, source: Composition, path: Path, pictures: Iterator[av.VideoFrame], meter: Meter
) -> tuple[int, list[float]]:
    """Bytes of the packets, and what each picture took; opening the encoder is not measured."""
    import av

    from nvpipe.types import OutputFormat

    size_bytes, taken_s, ready = 0, list[float](), 0
    try:
        with av.open(path, "w", format="mp4") as container:
            output = OutputFormat(*SIZE_PX, source.fps, LAYOUT, way.setting, codec=way.codec)
            stream = way.backend.add_stream(container, output)
            with meter:
                last_s = time.perf_counter()
                for picture in chain(pictures, (None,)):
                    for packet in stream.encode(picture):
                        size_bytes += packet.size
                        ready += picture is not None
                        container.mux(packet)
                    now_s = time.perf_counter()
                    taken_s.append(now_s - last_s)
                    last_s = now_s
    except (av.FFmpegError, ValueError) as error:
        raise BackendFailedError(f"{way.encoder} does not encode {way.setting}: {error}") from error
    return size_bytes, spread(taken_s[:-1], taken_s[-1], ready)


def likeness(coded: Coded, original: Composition, watch: Watch) -> Likeness:
    """Decode it again and compare it.

    Raises:
        NvpipeError: it cannot be decoded, or has not as many pictures.
    """
    try:
        return compare(watch(original.pictures()), _decoded(coded.path), original.fps)
    except ValueError as error:
        raise NvpipeError(f"what was encoded cannot be compared: {error}") from error


def _decoded(path: Path) -> Iterator[av.VideoFrame]:
    import av

    try:
        with av.open(path) as container:
            yield from container.decode(video=0)
    except av.FFmpegError as error:
        raise NvpipeError(f"what was encoded cannot be decoded: {error.strerror}") from error

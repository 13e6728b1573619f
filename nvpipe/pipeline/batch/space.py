"""Whether the disk has room for what a wave of jobs will write."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from nvpipe.errors import NvpipeError, OutputError
from nvpipe.pipeline.plan import outputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from pathlib import Path

    from nvpipe.pipeline.reading import Job
    from nvpipe.settings import Settings

BYTES_PER_PIXEL = {"low": 0.02, "medium": 0.031, "high": 0.047, "original": 0.007}
"""Of every frame: twice what full-screen gameplay of a busy 3D game took."""
COPIES_AT_WORK = 2
"""A short being made lies on the disk as packets and as a file."""
SOUND_BYTES_S = 200_000
"""Narration and mix while they are at work, and the file's own sound."""
RESERVE_BYTES = 64 << 20
"""Journals, covers, manifests, and whatever else writes there."""


def short_bytes(settings: Settings) -> int:
    """At most what the files of a job take when they are finished."""
    pictures = 0.0
    for _, output in outputs_of(settings):
        if settings.bitrate is not None:
            pictures += settings.bitrate / 8 * settings.seconds
        else:
            frame_px = output.width_px * output.height_px
            pictures += frame_px * float(output.fps) * settings.seconds * BYTES_PER_PIXEL[settings.quality]
    return int(pictures + SOUND_BYTES_S * settings.seconds)


def hindered(
    jobs: Sequence[Job], out: Path, at_once: int, made: Container[str] = (), free: Callable[[Path], int] | None = None
) -> Mapping[int, NvpipeError]:
    """Which jobs of a wave have no room on the disk, by their place in it.

    Args:
        jobs: the wave.
        out: the output folder.
        at_once: how many are at work at the same time.
        made: names of those whose files lie there already.
        free: tells the free bytes of a folder's disk.
    """
    sizes = [0 if job.slug in made else short_bytes(job.request.settings) for job in jobs]
    if not any(sizes):
        return {}
    free_bytes = (free or free_of)(out)
    needed_bytes = RESERVE_BYTES + COPIES_AT_WORK * sum(sorted(sizes)[-at_once:])
    found: dict[int, NvpipeError] = {}
    for place, size in enumerate(sizes):
        needed_bytes += size
        if size and needed_bytes > free_bytes:
            found[place] = OutputError(
                f"{out} has {_shown(free_bytes)} free, and {_shown(needed_bytes)} may be needed for "
                f"{place + 1} of the next {len(jobs)} shorts",
                hint="free some space or choose another --out; the same command goes on then",
            )
    return found


def free_of(folder: Path) -> int:
    """Free bytes of a folder's disk; more than anybody needs where that cannot be told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 1 << 62


def _shown(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.2f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"

"""Which stretches of footage a benchmark looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nvpipe.types import Footage


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of a video."""

    footage: Path
    start_s: float
    seconds: float

    @property
    def name(self) -> str:
        return f"{self.footage.name} from {self.start_s:.2f} s on"


def choose_clips(footage: Sequence[Path], count: int, seconds: float, start_s: float | None = None) -> list[Clip]:
    """Stretches from all videos alike, spread evenly over each.

    Args:
        footage: the videos; those beyond `count` are not looked at.
        count: how many stretches, or fewer where the footage is too short for them not to overlap.
        seconds: the length of each.
        start_s: where the only stretch of each video begins.

    Raises:
        MediaError: a video cannot be read, or is shorter than one stretch.
    """
    from nvpipe.media.probe import probe

    taken = footage[:count]
    found = []
    for place, path in enumerate(taken):
        duration_s = probe(path).duration_s
        begin_s = start_s or 0.0
        if begin_s + seconds > duration_s:
            raise MediaError(
                f"{path} is {duration_s:.1f} s long, too short for {seconds:g} s from {begin_s:g} s on",
                hint="ask for fewer seconds",
            )
        if start_s is not None:
            found.append(Clip(path, start_s, seconds))
            continue
        share = len(range(place, count, len(taken)))
        parts = max(1, min(share, int(duration_s / seconds)))
        part_s = duration_s / parts
        found += [Clip(path, max(0.0, (index + 0.5) * part_s - seconds / 2), seconds) for index in range(parts)]
    return found


def videos(paths: Sequence[str]) -> tuple[Path, ...]:
    """The videos that files, folders and patterns name; the packaged sample when there are none.

    Raises:
        MediaError: a path does not exist or names no video.
    """
    from nvpipe.footage.discover import find_footage
    from nvpipe.sample import sample_footage

    return tuple(find_footage(paths, lambda _: None)) if paths else (sample_footage(),)


def describe(path: Path) -> Footage:
    """What a timeline or a scorer wants to know of a video; nothing is cached by it, so its content is not digested.

    Raises:
        MediaError: it cannot be read.
    """
    from nvpipe.media.probe import probe
    from nvpipe.types import Footage

    info = probe(path)
    return Footage(
        video_id="bench",
        path=path,
        digest="",
        width_px=info.width_px,
        height_px=info.height_px,
        fps=info.fps,
        duration_s=info.duration_s,
        codec=info.codec,
        rotation_deg=info.rotation_deg,
        has_audio=info.has_audio,
        colour_matrix=info.colour_matrix,
        colour_assumed=info.colour_assumed,
    )

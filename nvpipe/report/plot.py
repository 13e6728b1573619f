"""`nvpipe analyze --plot`: a video's timeline with its score, signals, chosen segments and pictures, as PNG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nvpipe.cache.disk import replace_file
from nvpipe.errors import BackendUnavailableError, NvpipeError, UsageError
from nvpipe.footage.discover import find_footage
from nvpipe.footage.select import best_segments
from nvpipe.media.decode import DECODERS
from nvpipe.media.decode.nvdec_fallback import ElseCpuDecoder
from nvpipe.registry import AUTO

if TYPE_CHECKING:
    from nvpipe.types import Footage, MotionTrack, Segment

SUFFIX = ".png"
DURATIONS_S = (60.0, 30.0, 15.0, 5.0)
"""Lengths of the segments that are shown: the two longest that are shorter than the video."""
RANKS = 3


class Teller(Protocol):
    """The part of a reporter that plotting needs."""

    def warning(self, text: str) -> None: ...

    def job_ended(self, label: str, status: str, text: str, seconds: float) -> None: ...


def check_plot(target: Path, footage: Sequence[str]) -> None:
    """Refuse a place for plots before the work starts.

    Args:
        target: file named by the user.
        footage: files, folders and patterns as named by the user.

    Raises:
        UsageError: it is no `.png`, a folder, or one of the videos.
    """
    if target.suffix.lower() != SUFFIX:
        raise UsageError(f"--plot writes PNG files, and {target} is not named so", hint="give a FILE.png")
    if target.is_dir():
        raise UsageError(f"--plot {target} is a folder", hint="give a FILE.png in it")
    try:
        videos = find_footage(footage, lambda _: None)
    except NvpipeError:
        return  # Said by the analysis.
    _spare(target, videos)


def plot_all(
    videos: Sequence[tuple[Footage, MotionTrack]],
    target: Path,
    decoder: str,
    teller: Teller,
    *,
    several: bool,
) -> tuple[dict[str, Path], list[NvpipeError]]:
    """Draw each video into its own file.

    Args:
        target: the file; with `several`, `NAME-VIDEO_ID.png` beside it.
        decoder: name of the decoder for the pictures, or `auto`.
        teller: told of pictures that cannot be decoded and of plots that fail.

    Returns:
        The files by video, and why the rest could not be drawn.

    Raises:
        BackendUnavailableError: the decoder is not usable here.
    """
    from nvpipe.report.plot_drawing import draw

    if not videos:
        return {}, []
    backend, choice = DECODERS.choose(decoder)
    if decoder == AUTO and choice.used != "pyav":
        backend = ElseCpuDecoder(backend, lambda reason: teller.warning(f"decoder pyav is used, since {reason}"))
    drawn: dict[str, Path] = {}
    errors: list[NvpipeError] = []
    for footage, track in videos:
        path = target.with_name(f"{target.stem}-{footage.video_id}{target.suffix}") if several else target
        try:
            _spare(path, [other.path for other, _ in videos])
            picture, missing = draw(footage, track, backend, chosen_segments(track))
            if missing:
                teller.warning(f"{missing} of the pictures in {path.name} cannot be decoded and are left hatched")
            data = memoryview(picture)
            replace_file(path, lambda write, data=data: write(data))  # type: ignore[misc]
            drawn[footage.video_id] = path
        except BackendUnavailableError:
            raise
        except NvpipeError as error:
            errors.append(error)
            teller.job_ended("", "failed", error.line(), 0.0)
    return drawn, errors


def chosen_segments(track: MotionTrack) -> list[tuple[float, tuple[Segment, ...]]]:
    """The segments that a plot shows, by length: the best of the longer length, the best three of the shorter.

    A video that is shorter than all of the lengths is one segment.
    """
    length_s = min(track.duration_s, len(track.scores) * track.step_s)
    fitting = [duration_s for duration_s in DURATIONS_S if duration_s < length_s][:2] or [DURATIONS_S[-1]]
    counts = [1] * (len(fitting) - 1) + [RANKS]
    return [
        (duration_s, best_segments(track, duration_s, count))
        for duration_s, count in zip(fitting, counts, strict=True)
    ]


def _spare(target: Path, videos: Sequence[Path]) -> None:
    """Raise UsageError when writing the target would destroy a video."""
    where = os.path.abspath(target)  # noqa: PTH100 - Path.absolute keeps ".."
    for video in videos:
        if os.path.abspath(video) == where or _same(target, video):  # noqa: PTH100
            raise UsageError(f"--plot {target} is the footage itself", hint="give another name")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False

"""Footage into motion tracks and segments, from the cache where they are known."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.errors import InputError, MediaError, NvpipeError, UsageError
from nvpipe.footage.library import Library
from nvpipe.footage.select import best_segments
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tools import Toolbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings
    from nvpipe.types import Footage, MotionTrack, Segment


SHORTEST_S, LONGEST_S = 0.5, 86_400


@dataclass(frozen=True, slots=True)
class Analysed:
    """A track and what it cost to get it."""

    footage: Footage
    track: MotionTrack
    cached: bool
    seconds: float


def analyse(
    footage: Footage, library: Library, tools: Toolbox, on_progress: Callable[[float], None] | None = None
) -> Analysed:
    """The motion track of a video.

    Raises:
        MediaError: nothing of it can be decoded.
    """
    start = time.perf_counter()
    for version in tools.scorer_versions():
        kept = library.kept_track(footage, version)
        if kept is not None:
            return Analysed(footage, kept, True, round(time.perf_counter() - start, 3))
    scorer = tools.scorer()
    track, _ = library.track(
        footage, scorer.version, lambda: scorer.score(footage, tools.decoder(), on_progress=on_progress)
    )
    return Analysed(footage, track, False, round(time.perf_counter() - start, 3))


def logged(footage: Footage, library: Library, tools: Toolbox, log: JobLog) -> Analysed:
    """`analyse` as a stage of a job, its damage reported as warnings."""
    with log.stage("analysis", footage.digest) as stage:
        analysed = analyse(footage, library, tools, log.progress("analysis", footage.duration_s))
        stage.cached = analysed.cached
        stage.backend = analysed.track.scorer
    for text in analysed.track.warnings:
        log.warn(text)
    return analysed


def analyse_all(
    paths: Sequence[str], settings: Settings, reporter: Reporter
) -> tuple[list[Analysed], list[NvpipeError]]:
    """Tracks of everything that the paths name, and why the rest could not be analysed."""
    library = Library(settings.storage, reporter.warning)
    errors: list[NvpipeError] = []
    videos: dict[str, Footage] = {}
    for path in paths:
        unusable: list[MediaError] = []
        try:
            for video in library.resolve([path], failures=unusable):
                videos.setdefault(video.digest, video)
        except MediaError as error:
            unusable.append(error)
        errors.extend(unusable)
    tools = Toolbox(settings, {}, reporter.notice)
    found: list[Analysed] = []
    for number, video in enumerate(videos.values(), 1):
        reporter.job_started(video.path.name, number, len(videos))
        try:
            found.append(logged(video, library, tools, JobLog(video.path.name, reporter)))
        except NvpipeError as error:
            errors.append(error)
    for failure in errors:
        reporter.job_ended("", "failed", failure.line(), 0.0)
    return found, errors


def segments_of(
    path: str, duration_s: float, settings: Settings, reporter: Reporter
) -> tuple[Footage, MotionTrack, tuple[Segment, ...]]:
    """The best segments of one video.

    Raises:
        InputError: the path names several videos, or one that cannot be used.
        UsageError: the duration is not positive.
    """
    if not SHORTEST_S <= duration_s <= LONGEST_S:
        raise UsageError(
            f"a segment cannot last {duration_s:g} s",
            hint=f"give --duration from {SHORTEST_S} to {LONGEST_S} seconds",
        )
    library = Library(settings.storage, reporter.warning)
    videos = library.resolve([path])
    if len(videos) > 1:
        raise InputError(f"{path} holds {len(videos)} videos", hint="name one of them")
    analysed = logged(
        videos[0], library, Toolbox(settings, {}, reporter.notice), JobLog(videos[0].path.name, reporter)
    )
    track = analysed.track
    if track.duration_s < duration_s:
        reporter.notice(f"{videos[0].path.name} lasts {track.duration_s:.1f} s, so its only segment is all of it")
    segments = library.segments(videos[0], track, duration_s, lambda: best_segments(track, duration_s))
    return videos[0], track, segments

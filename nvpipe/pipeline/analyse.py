"""Footage into motion tracks and segments, from the cache where they are known."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError, NvpipeError
from nvpipe.footage.library import Library
from nvpipe.media.decode import marked
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tools import Toolbox
from nvpipe.pipeline.workers import WORKER_BYTES
from nvpipe.types import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from nvpipe.pipeline.crew import Finished
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings
    from nvpipe.types import Footage, MotionTrack


STAGE = "analysis"
WORTH_PROCESSES_S = 30.0
"""With less footage than this to analyse, starting processes takes longer than it saves."""
DECODED_ON_CPU = ("pyav",)


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
    track = kept(footage, library, tools)
    if track is not None:
        return Analysed(footage, track, True, round(time.perf_counter() - start, 3))
    track = keep(footage, score(footage, tools, on_progress), library, tools)
    return Analysed(footage, track, False, round(time.perf_counter() - start, 3))


def kept(footage: Footage, library: Library, tools: Toolbox) -> MotionTrack | None:
    """The track from the cache."""
    tracks = (library.tracks.kept_track(footage, version, tools.fast) for version in tools.scorer_versions())
    return next((track for track in tracks if track is not None), None)


def keep(footage: Footage, track: MotionTrack, library: Library, tools: Toolbox) -> MotionTrack:
    """Put a new track into the cache."""
    track, _ = library.tracks.track(footage, track.scorer, lambda: track, tools.fast)
    library.note_analysis(footage, track)
    return track


def score(footage: Footage, tools: Toolbox, on_progress: Callable[[float], None] | None = None) -> MotionTrack:
    """A new track, coarse where that will do.

    Raises:
        MediaError: nothing of it can be decoded.
    """
    from nvpipe.media.heap import give_back_freed_memory

    give_back_freed_memory()
    track = tools.scorer().score(footage, tools.decoder(), fast=tools.fast, on_progress=on_progress)
    return replace(track, scorer=marked(track.scorer, tools.choices["decode"].used))


def logged(footage: Footage, library: Library, tools: Toolbox, log: JobLog) -> Analysed:
    """`analyse` as a stage of a job, its damage reported as warnings."""
    with log.stage(STAGE, footage.digest) as stage:
        stage.made(footage.path)
        if kept(footage, library, tools) is None:
            # Proven before memory is held: the proof of a model elsewhere may wait for memory.
            tools.scorer()
        with tools.vision(STAGE, 1, 1, WORKER_BYTES) as stage.held:
            analysed = analyse(footage, library, tools, log.progress(STAGE, footage.duration_s))
        stage.cached = analysed.cached
        stage.backend = analysed.track.scorer
    for text in analysed.track.warnings:
        log.warn(text)
    return analysed


def logged_all(
    videos: Sequence[Footage],
    library: Library,
    tools: Toolbox,
    settings: Settings,
    reporter: Reporter,
    open_log: Callable[[int, Footage], JobLog],
) -> Iterator[Analysed | NvpipeError]:
    """`logged` for several videos, as many at once as the machine bears; results and reports in their order.

    Args:
        videos: what to analyse.
        library: where tracks are kept.
        tools: the backends.
        settings: what the backends were chosen by.
        reporter: told how far each video is.
        open_log: gives the log of a video, by its place, when it is its turn.
    """
    known = [kept(video, library, tools) for video in videos]
    todo = [video for video, track in zip(videos, known, strict=True) if track is None]
    workers = _workers(len(todo), settings)
    apart = workers > 1 and sum(video.duration_s for video in todo) >= WORTH_PROCESSES_S and _many(tools)
    with ExitStack() as stack:
        if apart:
            workers = stack.enter_context(
                tools.vision(STAGE, settings.jobs and workers, workers, WORKER_BYTES)
            ).workers
        results = stack.enter_context(closing(_ordered(todo if apart else [], settings, workers, reporter)))
        for place, (video, track) in enumerate(zip(videos, known, strict=True)):
            log = open_log(place, video)
            try:
                if track is not None:
                    yield _found(video, track, log)
                elif apart:
                    yield _taken_over(video, next(results), library, tools, log)
                else:
                    yield logged(video, library, tools, log)
            except NvpipeError as error:
                yield error


def _found(footage: Footage, track: MotionTrack, log: JobLog) -> Analysed:
    with log.stage(STAGE, footage.digest) as stage:
        stage.made(footage.path)
        stage.cached = True
        stage.backend = track.scorer
    for text in track.warnings:
        log.warn(text)
    return Analysed(footage, track, True, 0.0)


def _workers(pieces: int, settings: Settings) -> int:
    if pieces < 2:
        return pieces
    from nvpipe.pipeline.crew import worker_count

    return worker_count(pieces, settings.jobs)


def _many(tools: Toolbox) -> bool:
    """Whether several videos may be decoded at once; a device that decodes has its own order."""
    tools.decoder()
    return tools.choices["decode"].used in DECODED_ON_CPU


def _ordered(
    videos: Sequence[Footage], settings: Settings, workers: int, reporter: Reporter
) -> Generator[Finished, None, None]:
    """What became of the videos, in their order."""

    if not videos:
        return
    from nvpipe.pipeline.crew import side_by_side

    def tell(index: int, done_s: float) -> None:
        video = videos[index]
        reporter.progress(Progress(STAGE, video.path.name, done_s, video.duration_s, part=video.video_id))

    early: dict[int, Finished] = {}
    turn = 0
    with closing(side_by_side(videos, settings, workers, tell)) as finishing:
        for finished in finishing:
            tell(finished.index, videos[finished.index].duration_s)
            early[finished.index] = finished
            while turn in early:
                yield early.pop(turn)
                turn += 1


def _taken_over(footage: Footage, finished: Finished, library: Library, tools: Toolbox, log: JobLog) -> Analysed:
    """`logged` for a video that another process was at."""
    with log.stage(STAGE, footage.digest) as stage:
        stage.made(footage.path)
        stage.seconds, stage.peak_memory_bytes = finished.seconds, finished.peak_memory_bytes
        tools.choices.update(finished.choices)
        if finished.track is None:
            raise finished.error or MediaError(f"{footage.path.name} is not analysed")
        track = keep(footage, finished.track, library, tools)
        stage.backend = track.scorer
    for text in track.warnings:
        log.warn(text)
    return Analysed(footage, track, False, finished.seconds)


def named_videos(paths: Sequence[str], library: Library) -> tuple[list[Footage], list[NvpipeError]]:
    """The videos that the paths name, each content once, and why the rest cannot be used."""
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
    return list(videos.values()), errors


def analyse_all(
    paths: Sequence[str], settings: Settings, reporter: Reporter
) -> tuple[list[Analysed], list[NvpipeError]]:
    """Tracks of everything that the paths name, and why the rest could not be analysed."""
    library = Library(settings.storage, reporter.warning, notice=reporter.notice)
    videos, errors = named_videos(paths, library)
    tools = Toolbox(settings, {}, reporter.notice)

    def open_log(place: int, video: Footage) -> JobLog:
        reporter.job_started(video.path.name, place + 1, len(videos))
        return JobLog(video.path.name, reporter)

    found: list[Analysed] = []
    for result in logged_all(videos, library, tools, settings, reporter, open_log):
        if isinstance(result, NvpipeError):
            errors.append(result)
        else:
            found.append(result)
    for failure in errors:
        reporter.job_ended("", "failed", failure.line(), 0.0)
    return found, errors

"""The best segments of one video; those that are kept cost neither its track nor a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nvpipe.errors import InputError, UsageError
from nvpipe.footage import select
from nvpipe.footage.kept import scorer_versions
from nvpipe.footage.library import Library
from nvpipe.pipeline.stages import JobLog

if TYPE_CHECKING:
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings
    from nvpipe.types import Footage, Segment

SHORTEST_S, LONGEST_S = 0.5, 86_400


class BestOf(NamedTuple):
    """A video and its segments, best first."""

    footage: Footage
    duration_s: float
    """Length of what could be decoded."""
    segments: tuple[Segment, ...]


def segments_of(path: str, duration_s: float, settings: Settings, reporter: Reporter) -> BestOf:
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
    library = Library(settings.storage, reporter.warning, notice=reporter.notice)
    videos = library.resolve([path])
    if len(videos) > 1:
        raise InputError(f"{path} holds {len(videos)} videos", hint="name one of them")
    log = JobLog(videos[0].path.name, reporter)
    best = _kept(videos[0], duration_s, library, settings, log) or _chosen(
        videos[0], duration_s, library, settings, log
    )
    if best.duration_s < duration_s:
        reporter.notice(f"{videos[0].path.name} lasts {best.duration_s:.1f} s, so its only segment is all of it")
    return best


def _kept(video: Footage, duration_s: float, library: Library, settings: Settings, log: JobLog) -> BestOf | None:
    versions = scorer_versions(settings.decoder)
    kept = library.tracks.kept_segments(video, versions, duration_s, select.VERSION, settings.fast)
    if kept is None:
        return None
    with log.stage("analysis", video.digest) as stage:
        stage.cached = True
        stage.backend = kept.scorer
    for text in kept.warnings:
        log.warn(text)
    return BestOf(video, kept.track_duration_s, kept.segments)


def _chosen(video: Footage, duration_s: float, library: Library, settings: Settings, log: JobLog) -> BestOf:
    from nvpipe.pipeline.analyse import logged
    from nvpipe.pipeline.tools import Toolbox

    track = logged(video, library, Toolbox(settings, {}, log.reporter.notice), log).track
    segments = library.tracks.segments(
        video, track, duration_s, lambda: select.best_segments(track, duration_s), rules=select.VERSION
    )
    return BestOf(video, track.duration_s, segments)

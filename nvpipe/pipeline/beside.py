"""What a split shows beside the footage: a picture, another video, or more of the footage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.cache.disk import digest_file
from nvpipe.errors import MediaError, NvpipeError
from nvpipe.footage.arrange import arrange, total_s
from nvpipe.footage.curve import Curve
from nvpipe.footage.rooms import Demand
from nvpipe.pipeline.analyse import logged_all
from nvpipe.pipeline.choose import reserve
from nvpipe.types import Segment, Still
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nvpipe.footage.library import Library
    from nvpipe.pipeline.kept import Kept
    from nvpipe.pipeline.precompiled import Ready
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings
    from nvpipe.types import Footage, MotionTrack

SPLIT = "split"
BLUR = "blur"
BLUR_OPTIONS = ("blur", "blur-opacity", "blur-desaturation")


@dataclass(frozen=True, slots=True)
class Second:
    """The second source of a job as it was named; nothing is more of the footage, or none is wanted."""

    footage: tuple[Footage, ...] = ()
    still: Still | None = None

    @property
    def key(self) -> object:
        """What it is by its content, for the keys of jobs; "" without one."""
        if self.still is not None:
            return self.still.digest
        return [[video.digest, video.licence, video.credit] for video in self.footage] or ""


@dataclass(frozen=True, slots=True)
class Beside:
    """Second footage as it is shown."""

    segments: tuple[Segment, ...] = ()
    tracks: tuple[MotionTrack, ...] = ()
    footage: tuple[Footage, ...] = ()
    still: Still | None = None

    @property
    def videos(self) -> Mapping[str, Footage]:
        """The footage by its id."""
        return {video.video_id: video for video in self.footage}


def second_of(settings: Settings, library: Library) -> Second:
    """What `--split-with` names.

    Raises:
        MediaError: it is neither a video nor a picture that can be used.
    """
    if settings.layout != SPLIT or settings.split_with is None:
        return Second()
    from nvpipe.compose.still import is_still, read_still

    path = settings.split_with.absolute()
    if path.is_file() and is_still(path):
        read_still(path)
        return Second(still=Still(path, digest_file(path)))
    return Second(footage=tuple(library.resolve((str(path),))))


def choose_beside(
    second: Second,
    demand: Demand,
    share: str,
    footage: Sequence[Footage],
    tracks: Sequence[MotionTrack],
    tools: Toolbox,
    kept: Kept,
    settings: Settings,
    log: JobLog,
    ready: Ready | None = None,
) -> Beside:
    """The second footage of a job, as long as the first.

    Args:
        second: what the user named.
        demand: what has to be filled.
        share: what the job's share of the footage goes by.
        footage: the videos of the job.
        tracks: what happens in them.
        tools: the backends.
        kept: who shows what.
        settings: the job's options.
        log: where stages and warnings are recorded.
        ready: what was precompiled.

    Raises:
        MediaError: nothing of the second footage can be used.
    """
    if settings.layout != SPLIT:
        return Beside()
    if second.still is not None:
        return Beside(still=second.still)
    videos = second.footage or tuple(footage)
    found = _tracks(videos, kept.library, tools, settings, log) if second.footage else list(tracks)
    if {video.digest for video in videos} <= {video.digest for video in footage}:
        # A share of its own, so that both halves never show the same while there is enough footage.
        spans = ready.spans(videos, found, demand.duration_s, place=1) if ready else None
        segments = reserve(digest_of([share, SPLIT]), videos, found, demand, kept, log, spans)
        return Beside(tuple(segments), tuple(found), videos)
    # It was named for this place: no other job keeps it from being shown, and sentences don't matter to it.
    chosen = arrange(found, Demand(demand.duration_s)) or looped(found, demand.duration_s)
    return Beside(tuple(chosen), tuple(found), videos)


def looped(tracks: Sequence[MotionTrack], duration_s: float) -> list[Segment]:
    """Whole videos one after the other, again and again, until a time is filled.

    Raises:
        MediaError: they are empty.
    """
    if total_s(tracks) <= 0:
        raise MediaError("the video beside the footage is empty", hint="name another one with --split-with")
    segments: list[Segment] = []
    left_s = duration_s
    while True:
        for track in tracks:
            curve = Curve(track)
            length_s = min(curve.length_s, left_s)
            if length_s > 0:
                segments.append(curve.segment(0.0, length_s))
            left_s -= length_s
            if left_s <= 0:
                return segments


def _tracks(
    videos: Sequence[Footage], library: Library, tools: Toolbox, settings: Settings, log: JobLog
) -> list[MotionTrack]:
    tracks = []
    for result in logged_all(videos, library, tools, settings, log.reporter, lambda _place, _video: log):
        if isinstance(result, NvpipeError):
            raise result
        tracks.append(result.track)
    return tracks

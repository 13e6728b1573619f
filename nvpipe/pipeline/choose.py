"""The footage of a job: what no other short has shown, while there is any."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from nvpipe.cache.ledger import Reservation
from nvpipe.footage.arrange import arrange, arrange_again, total_s
from nvpipe.footage.curve import EPSILON_S, Curve, overlap, without
from nvpipe.footage.joined import CUT_COST
from nvpipe.footage.rooms import Demand, mean
from nvpipe.pipeline.plan import FPS, frames_of
from nvpipe.pipeline.tell import LEAD_S
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nvpipe.footage.curve import Interval
    from nvpipe.pipeline.kept import Kept
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tell import Told
    from nvpipe.types import Footage, MotionTrack, Segment

VERSION = 1
"""Part of what reserved footage answers; a change of the rules by which it is chosen changes it."""
READY_SHARE = 0.85
"""Of the best segments' score, cuts counted, that is enough for segments that need not be composed: one stretch for
all of a short comes this near to several put together from the best moments."""
USED_UP = "all of the footage is used up, so that the least recently used is shown again"


def demand_of(told: Told) -> Demand:
    """The length of the file and the ends of its sentences, on borders of frames."""
    duration_s = frames_of(told.duration_s) / float(FPS)
    borders: list[float] = []
    for word, following in pairwise(told.narration.words):
        if word.line == following.line:
            continue
        border_s = round((LEAD_S + (word.end_s + following.start_s) / 2) * FPS) / float(FPS)
        if border_s > (borders[-1] if borders else 0.0) and border_s < duration_s:
            borders.append(border_s)
    return Demand(duration_s, tuple(borders))


def reserve(
    key: str,
    footage: Sequence[Footage],
    tracks: Sequence[MotionTrack],
    demand: Demand,
    kept: Kept,
    log: JobLog,
    ready: Mapping[str, Sequence[Interval]] | None = None,
) -> list[Segment]:
    """The segments of a job, in the order to be shown; reserved, so that other jobs take others.

    Args:
        key: what the job follows from; the same key gets the same segments.
        footage: the videos.
        tracks: what happens in those that may be shown.
        demand: what has to be filled.
        kept: who shows what, and how often each video was used.
        log: told when footage is shown again.
        ready: by video, rising and disjoint intervals that were composed beforehand; segments inside of them are
            taken where they score at least `READY_SHARE` of the best.

    Raises:
        MediaError: there is no footage at all.
        OutputError: another process keeps the ledger busy.
    """
    contents = {video.video_id: video.digest for video in footage}
    wanted = digest_of([VERSION, demand, [[contents[track.video_id], Curve(track).length_s] for track in tracks]])

    def choose(others: Sequence[Reservation]) -> Reservation:
        segments, note = _unused(tracks, contents, demand, others, ready or {})
        return Reservation(key, wanted, tuple(segments), tuple(contents[one.video_id] for one in segments), note)

    reservation, is_new = kept.ledger.reserve(key, wanted, choose)
    ids = {digest: video_id for video_id, digest in contents.items()}
    segments = [
        replace(segment, video_id=ids[content])
        for segment, content in zip(reservation.segments, reservation.contents, strict=True)
    ]
    if is_new:
        kept.library.note_uses(dict.fromkeys((segment.video_id for segment in segments), 1))
    if reservation.note:
        log.notice(reservation.note, once_a_run=reservation.note == USED_UP)
    return segments


def _unused(
    tracks: Sequence[MotionTrack],
    contents: Mapping[str, str],
    demand: Demand,
    others: Sequence[Reservation],
    ready: Mapping[str, Sequence[Interval]],
) -> tuple[list[Segment], str]:
    """Segments from what is unused, or else from what was used least recently; and a note if they are shown again."""
    whole: dict[str, list[Interval]] = {track.video_id: [(0.0, Curve(track).length_s)] for track in tracks}
    ids = {contents[video_id]: video_id for video_id in whole}
    concerned = [other for other in others if not ids.keys().isdisjoint(other.contents)]

    def free(released: int) -> dict[str, list[Interval]]:
        return _free(whole, ids, concerned[released:])

    def free_s(released: int) -> float:
        return sum(end_s - start_s for rooms in free(released).values() for start_s, end_s in rooms)

    # The more is released, the more is free: what is too little anyway need not be tried.
    least = bisect_left(range(len(concerned) + 1), demand.duration_s - EPSILON_S, key=free_s)
    for released in range(least, len(concerned) + 1):
        found = arrange(tracks, demand, free(released))
        if found is not None:
            return _or_ready(found, tracks, demand, free(released), ready), USED_UP if released else ""
    videos = "1 video gives" if len(tracks) == 1 else f"{len(tracks)} videos give"
    return arrange_again(tracks, demand), (
        f"{demand.duration_s:.1f} s are needed and {videos} {total_s(tracks):.1f} s of footage, so it is shown again"
    )


def _or_ready(
    best: list[Segment],
    tracks: Sequence[MotionTrack],
    demand: Demand,
    free: Mapping[str, Sequence[Interval]],
    ready: Mapping[str, Sequence[Interval]],
) -> list[Segment]:
    """The best segments, or those that were composed beforehand where they are worth nearly as much."""
    inside = {video_id: overlap(rooms, ready.get(video_id, ())) for video_id, rooms in free.items()}
    if sum(end_s - start_s for rooms in inside.values() for start_s, end_s in rooms) < demand.duration_s - EPSILON_S:
        return best
    found = arrange(tracks, demand, inside)
    return best if found is None or _worth(found) < READY_SHARE * _worth(best) else found


def _worth(segments: Sequence[Segment]) -> float:
    return mean(segments) - CUT_COST * (len(segments) - 1)


def _free(
    whole: Mapping[str, list[Interval]], ids: Mapping[str, str], used: Sequence[Reservation]
) -> dict[str, list[Interval]]:
    """What is left of each video."""
    taken: dict[str, list[Interval]] = {}
    for reservation in used:
        for segment, content in zip(reservation.segments, reservation.contents, strict=True):
            if content in ids:
                taken.setdefault(ids[content], []).append((segment.start_s, segment.end_s))
    return {video_id: without(rooms, taken.get(video_id, ())) for video_id, rooms in whole.items()}

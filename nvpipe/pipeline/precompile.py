"""The best segments of footage composed beforehand, several at once, for runs to take their pictures from."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from nvpipe.cache.listing import sweep
from nvpipe.cache.stages import StageStore
from nvpipe.errors import MediaError, NvpipeError, UsageError
from nvpipe.footage import select
from nvpipe.footage.crop import crop_path
from nvpipe.footage.curve import EPSILON_S
from nvpipe.footage.library import Library
from nvpipe.pipeline.analyse import logged_all, named_videos
from nvpipe.pipeline.compositing import Composing, Piece
from nvpipe.pipeline.plan import FOLLOW, outputs_of
from nvpipe.pipeline.precompiled import STAGE, group_of, key_of, shape_of, stretches_of
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tools import Toolbox
from nvpipe.pipeline.workers import WORKER_BYTES, Finished, side_by_side, worker_count
from nvpipe.types import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nvpipe.footage.curve import Interval
    from nvpipe.pipeline.precompiled import Shape, Stretch
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings
    from nvpipe.types import Footage, MotionTrack

DURATIONS = "15,30,45,60"
LABEL = "precompile"
"""How the work is called where its progress is shown."""
SHORTEST_S, LONGEST_S = 3.0, 600.0
"""No short is shorter or longer."""
LEAST_S = 2.0
"""A video that is shorter is not worth a file."""
JOINED_S = 120.0
"""Segments that overlap or touch are kept as one, up to this length: a run reads a whole file to prove it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stretch of a video that is there now."""

    footage: Footage
    start_s: float
    end_s: float
    shape: Shape
    path: Path
    size_bytes: int
    cached: bool
    seconds: float


@dataclass(slots=True)
class Precompiled:
    """What a call found and made."""

    kept: list[Kept] = field(default_factory=list)
    errors: list[NvpipeError] = field(default_factory=list)
    seconds: float = 0.0


def parse_durations(text: str) -> tuple[float, ...]:
    """The lengths of a list like `15,30,45`, rising.

    Raises:
        UsageError: one of them is no possible length.
    """
    found = set()
    for item in text.split(","):
        try:
            duration_s = float(item)
        except ValueError:
            raise UsageError(
                f"--durations: {item.strip()!r} is no number of seconds", hint=f"give a list like {DURATIONS}"
            ) from None
        if not SHORTEST_S <= duration_s <= LONGEST_S:
            raise UsageError(
                f"--durations: a segment cannot last {item.strip()} s",
                hint=f"give seconds from {SHORTEST_S:g} to {LONGEST_S:g}",
            )
        found.add(duration_s)
    return tuple(sorted(found))


def precompile(
    paths: Sequence[str], durations_s: Sequence[float], count: int, settings: Settings, reporter: Reporter
) -> Precompiled:
    """Keep the pictures of the best segments of videos as a run with these settings shows them.

    Args:
        paths: files, folders and patterns.
        durations_s: lengths of segments.
        count: how many of each length, of each video.
        settings: sizes, layout, crop and frame rate; how many at once.
        reporter: told of everything that happens.

    Returns:
        What is there now; videos and segments of which it failed are told to the reporter and stand beside.

    Raises:
        OutputError: the storage folder cannot be written.
    """
    start = time.perf_counter()
    sweep(settings.storage)
    library = Library(settings.storage, reporter.warning, notice=reporter.notice)
    store = StageStore(settings.storage, reporter.warning)
    tools = Toolbox(settings, {}, reporter.notice)
    videos, errors = named_videos(paths, library)
    done = Precompiled(errors=errors)

    def open_log(place: int, video: Footage) -> JobLog:
        reporter.job_started(video.path.name, place + 1, len(videos))
        return JobLog(video.path.name, reporter)

    todo: list[Piece] = []
    for result in logged_all(videos, library, tools, settings, reporter, open_log):
        if isinstance(result, NvpipeError):
            done.errors.append(result)
            continue
        for lengths_s, shapes in _shapes(settings, tools, durations_s).items():
            video, track = result.footage, result.track
            spans = _best(video, track, lengths_s, count, library)
            groups = {shape: group_of(video, track, shape, settings, tools) for shape in shapes}
            todo += _pieces(video, track, spans, groups, store, settings, done, reporter)
    if todo:
        store.new_file(STAGE).unlink()
        most = worker_count(len(todo), settings.jobs)
        with tools.vision("compose", settings.jobs and most, most, WORKER_BYTES) as held:
            _make(todo, settings, held.workers, done, reporter)
    for failure in done.errors:
        reporter.job_ended("", "failed", failure.line(), 0.0)
    done.kept.sort(key=lambda one: (one.footage.video_id, one.start_s, one.end_s))
    done.seconds = round(time.perf_counter() - start, 3)
    return done


def _shapes(settings: Settings, tools: Toolbox, durations_s: Sequence[float]) -> dict[tuple[float, ...], list[Shape]]:
    """How footage is shown in the outputs, by the lengths of the shorts that show it so."""
    layout = tools.layout()
    lengths: dict[Shape, list[float]] = {}
    for duration_s in durations_s:
        shapes = {
            shape_of(output, area.size_px, duration_s): None
            for _, output in outputs_of(settings)
            for area in layout.areas((output.width_px, output.height_px))
        }
        for shape in shapes:
            lengths.setdefault(shape, []).append(duration_s)
    found: dict[tuple[float, ...], list[Shape]] = {}
    for shape, own in lengths.items():
        found.setdefault(tuple(own), []).append(shape)
    return found


def _best(
    video: Footage, track: MotionTrack, durations_s: Sequence[float], count: int, library: Library
) -> list[Interval]:
    """The spans of the best segments of each length."""
    spans: list[Interval] = []
    for duration_s in durations_s:
        choose = partial(select.best_segments, track, duration_s)
        segments = library.tracks.segments(video, track, duration_s, choose, rules=select.VERSION)
        spans += [(one.start_s, one.end_s) for one in segments[:count] if one.duration_s >= LEAST_S]
    return spans


def joined_spans(spans: Sequence[Interval], longest_s: float) -> list[Interval]:
    """Spans without those that lie in others; what overlaps or touches is one while that is not too long."""
    found: list[Interval] = []
    for start_s, end_s in sorted(spans, key=lambda span: (span[0], -span[1])):
        if found and end_s <= found[-1][1] + EPSILON_S:
            continue
        if found and start_s <= found[-1][1] + EPSILON_S and end_s - found[-1][0] <= longest_s + EPSILON_S:
            found[-1] = (found[-1][0], end_s)
        else:
            found.append((start_s, end_s))
    return found


def _pieces(
    video: Footage,
    track: MotionTrack,
    spans: Sequence[Interval],
    groups: Mapping[Shape, str],
    store: StageStore,
    settings: Settings,
    done: Precompiled,
    reporter: Reporter,
) -> Iterator[Piece]:
    """What is to be made of a video; what is there is noted as done."""
    wanted: dict[Interval, list[Shape]] = {}
    longest_s = max([JOINED_S, *(end_s - start_s for start_s, end_s in spans)])
    for shape, group in groups.items():
        there = [one for one in stretches_of(group, store) if any(one.holds(*span) for span in spans)]
        kept = [(one, path) for one in there if (path := _path(one, store)) is not None]
        missing = [span for span in spans if not any(one.holds(*span) for one, _ in kept)]
        for one, path in kept:
            size = path.stat().st_size
            done.kept.append(Kept(video, one.start_s, one.end_s, shape, path, size, True, 0.0))
            reporter.job_ended(video.path.name, "done", f"{_named(video, one.start_s, one.end_s)} already there", 0.0)
        for span in joined_spans(missing, longest_s):
            wanted.setdefault(span, []).append(shape)
    for (start_s, end_s), shapes in wanted.items():
        keys = tuple(key_of(groups[shape], start_s, end_s) for shape in shapes)
        moving = crop_path(track, start_s, end_s) if settings.crop == FOLLOW else ()
        yield Piece(video, start_s, end_s, moving, tuple(shapes), keys)


def _path(stretch: Stretch, store: StageStore) -> Path | None:
    kept = store.load_file(STAGE, stretch.key)
    return kept[0] if kept else None


def _make(todo: Sequence[Piece], settings: Settings, workers: int, done: Precompiled, reporter: Reporter) -> None:
    """Compose the pieces, as many at once as the machine bears."""

    def tell(index: int, done_s: float) -> None:
        piece = todo[index]
        named = _named(piece.footage, piece.start_s, piece.end_s)
        reporter.progress(Progress(LABEL, named, done_s, piece.duration_s, part=piece.keys[0]))

    order = sorted(range(len(todo)), key=lambda index: -todo[index].duration_s)
    finishing = side_by_side(
        todo,
        Composing(settings),
        workers,
        tell,
        order=order,
        died=lambda piece: f"{_named(piece.footage, piece.start_s, piece.end_s)} is not precompiled",
    )
    try:
        with closing(finishing):
            for finished in finishing:
                tell(finished.index, todo[finished.index].duration_s)
                _note(todo[finished.index], finished, done, reporter)
    finally:
        # Processes that were stopped leave what they were writing.
        sweep(settings.storage)


def _note(piece: Piece, finished: Finished[list[Path]], done: Precompiled, reporter: Reporter) -> None:
    named = _named(piece.footage, piece.start_s, piece.end_s)
    if finished.result is None:
        done.errors.append(finished.error or MediaError(f"{named} is not precompiled"))
        return
    for shape, path in zip(piece.shapes, finished.result, strict=True):
        size = path.stat().st_size
        done.kept.append(Kept(piece.footage, piece.start_s, piece.end_s, shape, path, size, False, finished.seconds))
    reporter.job_ended(piece.footage.path.name, "done", named, finished.seconds)


def _named(video: Footage, start_s: float, end_s: float) -> str:
    return f"{video.path.name} {start_s:.1f} to {end_s:.1f} s"

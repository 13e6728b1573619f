"""What a run would do, found out without doing it: stages, cache hits, memory, order, loads and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.cache.journal import Journal
from nvpipe.cache.stages import StageStore
from nvpipe.errors import NvpipeError, UsageError
from nvpipe.pipeline.beside import second_of
from nvpipe.pipeline.keys import job_key
from nvpipe.pipeline.models import devices, vision_spec
from nvpipe.pipeline.peaks import StoredPeaks
from nvpipe.pipeline.planning_footage import PlannedFootage, known_footage
from nvpipe.pipeline.planning_story import planned_story
from nvpipe.pipeline.planning_types import Fit, Plan, PlannedJob, PlannedModel, PlannedStage, Room
from nvpipe.pipeline.reading import Job, named, read_articles
from nvpipe.pipeline.timings import LOAD, Kind, Timings, kind_of, units_of
from nvpipe.scheduler.costs import Costs
from nvpipe.scheduler.gpu import FIRST_CARD
from nvpipe.scheduler.waves import Need, Step, plan_waves
from nvpipe.web.addresses import is_address

if TYPE_CHECKING:
    from typing import BinaryIO

    from nvpipe.pipeline.jobs import JobRequest
    from nvpipe.pipeline.planning_story import Story
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.scheduler import Device, ModelSpec
    from nvpipe.settings import Settings

VISION = "vision"
UNKNOWN_S = 0.0
"""What a stage that was never timed adds; the plan says that it is missing."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is known from earlier runs."""

    store: StageStore
    timings: Timings
    costs: Costs
    journal: Journal
    card_room_bytes: int


def plan(requests: Sequence[JobRequest], out: Path, reporter: Reporter, stdin: BinaryIO | None = None) -> Plan:
    """What a run of these jobs would do.

    Nothing is fetched, loaded, decoded or written: addresses and feeds are named, footage that was never looked at is
    counted as such.

    Args:
        requests: the jobs, all with the same storage folder.
        out: the output folder of the run.
        reporter: told of damaged cache files.
        stdin: where the article `-` is read from.
    """
    settings = requests[0].settings
    store = StageStore(settings.storage, reporter.warning)
    rooms = [_room(device) for device in devices(_limit(settings), card=settings.device != "cpu")]
    card_room_bytes = sum(room.usable_bytes for room in rooms if room.device == FIRST_CARD)
    kept = _Kept(store, Timings(store), Costs(StoredPeaks(store)), Journal(out), card_room_bytes)
    local = [one for one in requests if one.feed is None and not is_address(one.source)]
    jobs = named(read_articles(local, stdin), kept.journal)
    footage = known_footage([job.request.settings for job in jobs], reporter)
    planned: list[PlannedJob] = []
    specs: dict[str, ModelSpec] = {}
    analysed: set[str] = set()
    for job in jobs:
        one, used = _planned(job, footage, kept, analysed)
        planned.append(one)
        specs |= used
    far = [PlannedJob(one.source, "", False, (), "is read when it runs") for one in requests if one not in local]
    models = [_model(name, spec, rooms, kept) for name, spec in specs.items()]
    return _with_waves(rooms, [*planned, *far], models)


def _limit(settings: Settings) -> int | None:
    from nvpipe.settings import parse_size

    return parse_size(settings.vram) if settings.vram else None


def _room(device: Device) -> Room:
    memory = device.memory()
    usable = memory.free_bytes - device.reserve_bytes
    if device.limit_bytes is not None:
        usable = min(usable, device.limit_bytes)
    limit = device.limit_bytes
    return Room(device.name, device.label, memory.total_bytes, memory.free_bytes, limit, max(0, usable))


def _planned(
    job: Job, footage: dict[tuple[str, ...], PlannedFootage], kept: _Kept, analysed: set[str]
) -> tuple[PlannedJob, dict[str, ModelSpec]]:
    """A job's stages, and what they lease."""
    source, settings = job.request.source, job.request.settings
    if job.error is not None or job.article is None:
        reason = job.error.line() if isinstance(job.error, NvpipeError) else str(job.error)
        return PlannedJob(source, job.slug, False, (), reason), {}
    try:
        seen = footage[settings.footage]
        if seen.error is not None:
            raise seen.error
        if not settings.footage:
            raise UsageError("no footage is named", hint="give --footage PATH, or try nvpipe plan --sample")
        if not seen.unknown and _is_done(job, seen, kept):
            return PlannedJob(source, job.slug, True, (), ""), {}
        story = planned_story(job.article, settings, kept.store, kept.card_room_bytes)
    except NvpipeError as error:
        return PlannedJob(source, job.slug, False, (), error.line()), {}
    stages = [
        _timed(stage, settings, kept, 1.0 if stage.stage == "script" else story.seconds) for stage in story.stages
    ]
    stages.append(_analysis(seen, settings, kept, analysed))
    backend, source_of = _backend("encode", settings.encoder, "x264", kept)
    render = PlannedStage("render", backend, source_of, False, VISION, None)
    stages.append(_timed(render, settings, kept, story.seconds))
    return PlannedJob(source, job.slug, False, tuple(stages), "", story.notes), _specs(settings, story)


def _is_done(job: Job, seen: PlannedFootage, kept: _Kept) -> bool:
    record = kept.journal.finished(job.slug)
    assert job.article is not None
    if record is None or record.fallback:
        return False
    settings = job.request.settings
    key = job_key(job.article, settings, seen.videos, second_of(settings, seen.library))
    return record.key == key and kept.journal.verify_outputs(record)


def _analysis(seen: PlannedFootage, settings: Settings, kept: _Kept, analysed: set[str]) -> PlannedStage:
    """The analysis of what no job before this one has analysed."""
    backend, source = _backend("score", "auto", "torch", kept)
    todo = [video for video in seen.untracked if video.digest not in analysed]
    new = [path for path in seen.unknown if str(path) not in analysed]
    analysed |= {*(video.digest for video in todo), *(str(path) for path in new)}
    stage = PlannedStage("analysis", backend, source, not todo and not new, VISION, None)
    if new:
        return stage
    return _timed(stage, settings, kept, sum(video.duration_s for video in todo), stage.backend)


def _timed(
    stage: PlannedStage, settings: Settings, kept: _Kept, length_s: float, backend: str | None = None
) -> PlannedStage:
    """The stage with the time that it should take."""
    if stage.cached:
        return stage.taking(0.0)
    pace = kept.timings.expected(kind_of(stage.stage, backend or stage.backend, settings))
    return stage.taking(None if pace is None else pace * units_of(stage.stage, length_s, length_s))


def _backend(stage: str, wanted: str, usual: str, kept: _Kept) -> tuple[str, str]:
    """Who does a stage, and how that is known: nothing is opened to find out."""
    if wanted != "auto":
        return wanted, "asked for"
    last = kept.timings.choice(stage)
    return (last, "as last time") if last else (usual, "not proven yet")


def _specs(settings: Settings, story: Story) -> dict[str, ModelSpec]:
    from nvpipe.pipeline.plan import outputs_of
    from nvpipe.pipeline.render_crew import MAX_WORKERS, WORKER_BYTES, worker_count

    output = outputs_of(settings)[0][1]
    workers = worker_count(MAX_WORKERS, settings.workers)
    render = vision_spec("render", workers, WORKER_BYTES, (output.width_px, output.height_px))
    return {**story.specs, VISION: render}


def _model(name: str, spec: ModelSpec, rooms: Sequence[Room], kept: _Kept) -> PlannedModel:
    room = next((one for one in rooms if one.device == (spec.device or rooms[0].device)), rooms[0])
    estimate = kept.costs.estimate(spec, room.label)
    load_s = kept.timings.expected(Kind(LOAD, spec.name)) if spec.opener else 0.0
    return PlannedModel(
        name, room.device, estimate.bytes, estimate.source, load_s, estimate.bytes <= room.usable_bytes
    )


def _with_waves(rooms: Sequence[Room], jobs: Sequence[PlannedJob], models: Sequence[PlannedModel]) -> Plan:
    """The order of the work; models of another device than the one that is short are never in the way."""
    steps = [
        [
            Step(number, stage.stage, stage.model, stage.seconds if stage.seconds is not None else UNKNOWN_S)
            for stage in job.stages
            if not stage.cached
        ]
        for number, job in enumerate(jobs)
    ]
    short = max(
        rooms, key=lambda room: sum(one.bytes for one in models if one.device == room.device) - room.usable_bytes
    )
    needs = {
        one.name: Need(one.bytes if one.device == short.device else 0, one.load_s or UNKNOWN_S) for one in models
    }
    waves = plan_waves(steps, needs, short.usable_bytes)
    loaded = {one.name for one in models if one.name != VISION}
    loads = sum(1 for wave in waves for name in wave.loads if name in loaded)
    unknown = sorted({stage.stage for job in jobs for stage in job.stages if stage.seconds is None})
    untimed = [f"load of {one.name}" for one in models if one.load_s is None]
    return Plan(
        tuple(rooms),
        tuple(jobs),
        tuple(models),
        _fits(rooms, models),
        waves,
        loads,
        waves[-1].end_s if waves else 0.0,
        (*unknown, *untimed),
    )


def _fits(rooms: Sequence[Room], models: Sequence[PlannedModel]) -> tuple[Fit, ...]:
    """The largest sets of models that fit each device together."""
    found: list[Fit] = []
    for room in rooms:
        own = [one for one in models if one.device == room.device]
        for size in range(len(own), 0, -1):
            for some in combinations(own, size):
                names = frozenset(one.name for one in some)
                total = sum(one.bytes for one in some)
                if total <= room.usable_bytes and not any(names < set(fit.models) for fit in found):
                    found.append(Fit(room.device, tuple(one.name for one in some), total))
    return tuple(found)

"""A plan in words."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nvpipe.pipeline.planning_types import Plan, PlannedJob, PlannedModel, Room
    from nvpipe.scheduler.waves import Wave


def as_text(plan: Plan) -> str:
    """The plan for a terminal, a line for each thing."""
    lines = [_room(room) for room in plan.rooms]
    lines += [_model(model) for model in plan.models]
    for fit in plan.fits:
        if len(fit.models) > 1:
            lines.append(f"together on {fit.device}: {' + '.join(fit.models)}, {_gb(fit.bytes)}")
    for number, job in enumerate(plan.jobs, 1):
        lines += _job(number, job)
    for number, wave in enumerate(plan.waves, 1):
        lines.append(f"wave {number}: {_steps(wave)}{_loads(wave)}, until {_time(wave.end_s)}")
    lines.append(_end(plan))
    return "\n".join(lines)


def _room(room: Room) -> str:
    limit = "" if room.limit_bytes is None else f", limited to {_gb(room.limit_bytes)}"
    card = f" ({room.label})" if room.label else ""
    free = f"{_gb(room.free_bytes)} of {_gb(room.total_bytes)} free"
    return f"{room.device}{card}: {free}{limit}, {_gb(room.usable_bytes)} for models and pictures"


def _model(model: PlannedModel) -> str:
    load = "" if model.load_s == 0 else f", loads in {_seconds(model.load_s)}"
    fits = "" if model.fits else ", does not fit"
    return f"{model.name}: {_gb(model.bytes)} {model.source}{load}{fits}"


def _job(number: int, job: PlannedJob) -> Iterator[str]:
    name = f"job {number}: {job.slug or job.article}"
    if job.done:
        yield f"{name}: done, nothing to do"
        return
    yield f"{name}: {job.problem}" if job.problem else name
    for note in job.notes:
        yield f"  {note}"
    for stage in job.stages:
        what = "cached" if stage.cached else f"to do, {_seconds(stage.seconds)}"
        how = f" ({stage.backend_from})" if stage.backend_from == "not proven yet" else ""
        yield f"  {stage.stage:<10} {stage.backend}{how}: {what}"


def _steps(wave: Wave) -> str:
    """The stages of a wave, with the jobs they are of, as in `script of 1-3, 5`."""
    jobs: dict[str, list[int]] = {}
    for step in wave.steps:
        jobs.setdefault(step.stage, []).append(step.job + 1)
    return "; ".join(f"{stage} of {_ranges(numbers)}" for stage, numbers in jobs.items())


def _ranges(numbers: list[int]) -> str:
    runs = []
    for _, run in groupby(enumerate(sorted(numbers)), key=lambda item: item[1] - item[0]):
        some = [number for _, number in run]
        runs.append(str(some[0]) if len(some) == 1 else f"{some[0]}-{some[-1]}")
    return ", ".join(runs)


def _loads(wave: Wave) -> str:
    return f" with {', '.join(wave.models)}" if wave.models else ""


def _end(plan: Plan) -> str:
    loads = "no model is loaded" if plan.loads == 0 else f"{plan.loads} load{'s' if plan.loads > 1 else ''} of models"
    if not plan.waves:
        return f"{loads}; nothing to do"
    if plan.seconds == 0 and plan.unknown:
        return f"{loads}; the time is unknown, nothing of it was done before with this cache folder"
    without = f", without what was never timed here: {', '.join(plan.unknown)}" if plan.unknown else ""
    return f"{loads}; about {_time(plan.seconds)}{without}"


def _seconds(seconds: float | None) -> str:
    return "never timed here" if seconds is None else f"about {_time(seconds)}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"

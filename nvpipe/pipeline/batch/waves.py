"""A batch in waves: jobs whose scripts are written together, and then spoken, so that each model is loaded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.errors import NvpipeError
from nvpipe.registry import AUTO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nvpipe.cache.stages import StageStore
    from nvpipe.pipeline.models import Models
    from nvpipe.pipeline.reading import Job
    from nvpipe.scheduler import ModelSpec
    from nvpipe.scheduler.waves import Step, Wave
    from nvpipe.settings import Settings

SMALL_WAVE = 16
"""Jobs between two looks at the disk where no models are used."""
LARGEST_WAVE = 64
_LLAMA, _KOKORO, _VISION = "llama", "kokoro", "vision"


def wants_models(settings: Settings) -> bool:
    """Whether a job names a model that may be used for it."""
    llama = settings.llama is not None and settings.script is None and settings.writer in (AUTO, _LLAMA)
    return llama or (
        settings.kokoro is not None and settings.narration is None and settings.speaker in (AUTO, _KOKORO)
    )


def waves_of(jobs: Sequence[Job], models: Models, store: StageStore) -> tuple[list[int], bool]:
    """How many jobs each wave has, and whether the jobs of a wave are told together.

    The scheduler is told in which order the models will be wanted.

    Args:
        jobs: in their order.
        models: the run's.
        store: knows what is written and spoken already, and how long things took.
    """
    if len(jobs) < 2 or not any(wants_models(job.request.settings) for job in jobs):
        return [min(SMALL_WAVE, len(jobs) - first) for first in range(0, len(jobs), SMALL_WAVE)], False
    from nvpipe.scheduler.gpu import FIRST_CARD
    from nvpipe.scheduler.waves import Need, plan_waves

    specs: dict[str, ModelSpec] = {}
    scheduler = models.scheduler()
    card_room_bytes = scheduler.obtainable_bytes(FIRST_CARD) if scheduler.has(FIRST_CARD) else 0
    steps = [_steps(place, job, store, card_room_bytes, specs) for place, job in enumerate(jobs)]
    loads_s = _load_seconds(specs, store)
    needs = {name: Need(scheduler.estimate(spec).bytes, loads_s.get(name, 0.0)) for name, spec in specs.items()}
    room_bytes = min((scheduler.obtainable_bytes(spec.device) for spec in specs.values()), default=0)
    waves = plan_waves(steps, needs, room_bytes)
    scheduler.announce([specs[name] for wave in waves for name in wave.models if name in specs])
    return sizes_of(waves, len(jobs)), True


def sizes_of(waves: Sequence[Wave], jobs: int) -> list[int]:
    """How many jobs, in their order, are begun together: those that a planner's waves end together."""
    left: dict[int, int] = {}
    for wave in waves:
        for step in wave.steps:
            left[step.job] = left.get(step.job, 0) + 1
    ends: list[int] = []
    begun: set[int] = set()
    for wave in waves:
        for step in wave.steps:
            begun.add(step.job)
            left[step.job] -= 1
        if begun and all(left[job] == 0 for job in begun):
            ends.append(max(begun) + 1)
    sizes, first = [], 0
    for end in sorted({*ends, jobs}):
        while first < end:
            sizes.append(min(LARGEST_WAVE, end - first))
            first += sizes[-1]
    return sizes


def _steps(place: int, job: Job, store: StageStore, card_room_bytes: int, specs: dict[str, ModelSpec]) -> list[Step]:
    """What is to be done of a job; one that cannot be planned fails when it is its turn."""
    from nvpipe.pipeline.planning_story import planned_story
    from nvpipe.pipeline.timings import Timings, kind_of, units_of
    from nvpipe.scheduler.waves import Step

    if job.article is None:
        return []
    settings, timings = job.request.settings, Timings(store)
    try:
        story = planned_story(job.article, settings, store, card_room_bytes)
    except NvpipeError:
        return []
    for name, spec in story.specs.items():
        specs.setdefault(name, spec)

    def seconds(stage: str, backend: str) -> float:
        pace = timings.expected(kind_of(stage, backend, settings))
        return 0.0 if pace is None else pace * units_of(stage, 0.0, story.seconds)

    told = [
        Step(place, stage.stage, stage.model, seconds(stage.stage, stage.backend))
        for stage in story.stages
        if not stage.cached
    ]
    encoder = timings.choice("encode") or settings.encoder
    return [*told, Step(place, "render", _VISION, seconds("render", encoder))]


def _load_seconds(specs: dict[str, ModelSpec], store: StageStore) -> dict[str, float]:
    from nvpipe.pipeline.timings import LOAD, Kind, Timings

    timings = Timings(store)
    return {name: timings.expected(Kind(LOAD, spec.name)) or 0.0 for name, spec in specs.items()}

"""In which order the stages of a batch should run: each model loaded seldom, and nothing half-done waiting for long.

A wave is a stretch of time with a set of models that fit into the memory together. In it every stage that needs one
of them is done, of all jobs; stages of different jobs and models overlap. Jobs are taken in groups: a group is as
large as can be without a stage waiting for longer than was set, so that a long wave is left between two jobs for the
next.

Pure functions: the same jobs give the same waves. Whoever has done some of them, or saw one fail, plans what is left.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, count
from typing import TypeAlias

LONGEST_WAIT_S = 1800.0
_MAX_EXPANSIONS = 400
"""So many states of a group are looked at before the rest is planned by the next best step."""
_MANY_MODELS = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of one job.

    Attributes:
        job: its place in the batch.
        stage: its name.
        model: what it leases; "" when it needs no memory worth mentioning.
        seconds: how long it is expected to take, once the model is there.
    """

    job: int
    stage: str
    model: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Need:
    """What a model takes: bytes of the device, and seconds to load it (with those for the memory before it)."""

    bytes: int
    load_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Wave:
    """Stages to be done with these models in memory.

    Attributes:
        models: to be there together, in the order of their first use.
        steps: in the order in which they begin; one model does one step at a time, models work side by side, and a
            step begins when the steps of its job before it are done.
        loads: the models that must be loaded for it.
        start_s, end_s: when it is expected to begin and end, counted from the start of the batch.
    """

    models: tuple[str, ...]
    steps: tuple[Step, ...]
    loads: tuple[str, ...]
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Timed:
    """When a step is expected to run; `ready_s` is when the step of its job before it has ended."""

    step: Step
    ready_s: float
    start_s: float
    end_s: float


def plan_waves(
    jobs: Sequence[Sequence[Step]],
    needs: Mapping[str, Need],
    room_bytes: int,
    *,
    longest_wait_s: float = LONGEST_WAIT_S,
    resident: Iterable[str] = (),
) -> tuple[Wave, ...]:
    """The waves in which to run a batch.

    Args:
        jobs: of each job the steps still to be done, in their order.
        needs: of each model; one that is not named needs nothing.
        room_bytes: what all models may take together. A model that is larger gets waves of its own, and the scheduler
            says there that it doesn't fit.
        longest_wait_s: how long a step may wait after the one before it, unless a single job takes that long to load
            what it needs.
        resident: the models that are loaded already.
    """
    todo = [tuple(steps) for steps in jobs if steps]
    waves: list[Wave] = []
    here = tuple(resident)
    now_s = 0.0
    while todo:
        size = _group_size(todo, needs, room_bytes, longest_wait_s, here)
        for models, steps in _sets_of(todo[:size], needs, room_bytes, here):
            loads, _, end_s = _play_wave(models, steps, needs, here, now_s, {})
            waves.append(Wave(models, steps, loads, now_s, end_s))
            here, now_s = _stay(models, here, todo[size:] or [()], needs, room_bytes), end_s
        todo = todo[size:]
    return tuple(waves)


def timed(waves: Iterable[Wave], needs: Mapping[str, Need]) -> list[Timed]:
    """When each step is expected to run."""
    found: list[Timed] = []
    ready: dict[int, float] = {}
    for wave in waves:
        here = [model for model in wave.models if model not in wave.loads]
        found += _play_wave(wave.models, wave.steps, needs, here, wave.start_s, ready)[1]
    return found


def longest_wait_s(waves: Sequence[Wave], needs: Mapping[str, Need]) -> float:
    """The longest that a step waits after the one before it; the first of a job waits for nothing."""
    begun: set[int] = set()
    longest = 0.0
    for one in timed(waves, needs):
        if one.step.job in begun:
            longest = max(longest, one.start_s - one.ready_s)
        begun.add(one.step.job)
    return longest


def _group_size(
    todo: Sequence[Sequence[Step]], needs: Mapping[str, Need], room_bytes: int, limit_s: float, here: tuple[str, ...]
) -> int:
    """How many jobs go together: the most of which no step waits too long."""

    def fits(size: int) -> bool:
        waves, now_s, there = [], 0.0, here
        for models, steps in _sets_of(todo[:size], needs, room_bytes, here):
            loads, _, end_s = _play_wave(models, steps, needs, there, now_s, {})
            waves.append(Wave(models, steps, loads, now_s, end_s))
            now_s, there = end_s, _stay(models, there, [()], needs, room_bytes)
        return longest_wait_s(waves, needs) <= limit_s

    if fits(len(todo)):
        return len(todo)
    low, high = 1, len(todo)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _sets_of(
    jobs: Sequence[Sequence[Step]], needs: Mapping[str, Need], room_bytes: int, here: tuple[str, ...]
) -> list[tuple[tuple[str, ...], tuple[Step, ...]]]:
    """The models of each wave of a group and its steps: the shortest way from nothing done to all done."""
    done = tuple(len(steps) for steps in jobs)
    tie = count()
    start = (tuple(0 for _ in jobs), here)
    heap: list[tuple[float, int, _State, _Way | None]] = [(0.0, next(tie), start, None)]
    seen: set[_State] = set()
    while heap:
        cost_s, _, state, way = heapq.heappop(heap)
        if state[0] == done:
            return _unrolled(way)
        if state in seen and len(seen) <= _MAX_EXPANSIONS:
            continue
        seen.add(state)
        nexts = []
        for models, steps, progress in _choices(jobs, state[0], needs, room_bytes):
            _, _, end_s = _play_wave(models, steps, needs, state[1], 0.0, {})
            left = [todo[at:] for todo, at in zip(jobs, progress, strict=True)]
            after = (progress, _stay(models, state[1], left, needs, room_bytes))
            nexts.append(
                (len(steps) / max(end_s, 1e-9), (cost_s + end_s, next(tie), after, _Way(models, steps, way)))
            )
        if len(seen) > _MAX_EXPANSIONS and nexts:
            # Too many ways to try them all: from here on what gets most done in its time.
            heap, nexts = [], [max(nexts, key=lambda one: one[0])]
        for _, one in nexts:
            heapq.heappush(heap, one)
    return []


_State: TypeAlias = tuple[tuple[int, ...], tuple[str, ...]]
"""How many steps of each job are done, and which models are there."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a state was reached."""

    models: tuple[str, ...]
    steps: tuple[Step, ...]
    before: _Way | None


def _unrolled(way: _Way | None) -> list[tuple[tuple[str, ...], tuple[Step, ...]]]:
    found = []
    while way is not None:
        found.append((way.models, way.steps))
        way = way.before
    return found[::-1]


def _choices(
    jobs: Sequence[Sequence[Step]], progress: tuple[int, ...], needs: Mapping[str, Need], room_bytes: int
) -> list[tuple[tuple[str, ...], tuple[Step, ...], tuple[int, ...]]]:
    """What the next wave can be: its models, all that can be done with them, and how far every job then is."""
    found: dict[frozenset[str], tuple[tuple[str, ...], tuple[Step, ...], tuple[int, ...]]] = {}
    left = {step.model: None for steps, at in zip(jobs, progress, strict=True) for step in steps[at:]}
    for models in _sets_that_fit(list(left), needs, room_bytes):
        steps: list[Step] = []
        after = []
        for todo, at in zip(jobs, progress, strict=True):
            end = at
            while end < len(todo) and (todo[end].model in models or not todo[end].model):
                end += 1
            steps += todo[at:end]
            after.append(end)
        used = tuple(dict.fromkeys(step.model for step in steps if step.model))
        if steps:
            found.setdefault(frozenset(used), (used, tuple(steps), tuple(after)))
    return list(found.values())


def _sets_that_fit(models: Sequence[str], needs: Mapping[str, Need], room_bytes: int) -> list[frozenset[str]]:
    """Sets of models that can be there together, every model at least alone."""
    named = [model for model in models if model]
    sizes = range(1, len(named) + 1) if len(named) <= _MANY_MODELS else (1, 2, len(named))
    found = [frozenset[str]()] if "" in models else []
    for size in sizes:
        found += [
            frozenset(some)
            for some in combinations(named, size)
            if size == 1 or sum(_bytes(model, needs) for model in some) <= room_bytes
        ]
    return found


def _stay(
    models: tuple[str, ...],
    before: tuple[str, ...],
    left: Sequence[Sequence[Step]],
    needs: Mapping[str, Need],
    room_bytes: int,
) -> tuple[str, ...]:
    """Which models are there after a wave: its own, and of the others those needed soonest, while there is room."""
    order = list(dict.fromkeys(step.model for steps in left for step in steps))
    others = sorted(
        (model for model in before if model not in models),
        key=lambda model: order.index(model) if model in order else len(order),
    )
    room_bytes -= sum(_bytes(model, needs) for model in models)
    stay = list(models)
    for model in others:
        if _bytes(model, needs) <= room_bytes:
            room_bytes -= _bytes(model, needs)
            stay.append(model)
    return tuple(sorted(stay))


def _play_wave(
    models: Sequence[str],
    steps: Sequence[Step],
    needs: Mapping[str, Need],
    here: Iterable[str],
    start_s: float,
    ready: dict[int, float],
) -> tuple[tuple[str, ...], list[Timed], float]:
    """What a wave loads, when its steps run, and when it ends; `ready` is carried on from wave to wave."""
    there = set(here)
    loads = tuple(model for model in models if model not in there)
    free: dict[str, float] = {}
    loaded_s = start_s
    for model in loads:
        loaded_s += needs[model].load_s if model in needs else 0.0
        free[model] = loaded_s
    found = []
    end_s = start_s
    for step in steps:
        ready_s = ready.get(step.job, start_s)
        begin_s = max(ready_s, free.get(step.model, start_s), start_s)
        ready[step.job] = free[step.model] = begin_s + step.seconds
        end_s = max(end_s, begin_s + step.seconds)
        found.append(Timed(step, ready_s, begin_s, begin_s + step.seconds))
    return loads, found, end_s


def _bytes(model: str, needs: Mapping[str, Need]) -> int:
    return needs[model].bytes if model in needs else 0

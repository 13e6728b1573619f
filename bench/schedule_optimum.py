"""The shortest time in which a small batch can be done: every schedule there is, tried.

Rules as in `nvpipe.scheduler`: a model does one step at a time, one model is loaded at a time, only idle models
leave, a step begins when the one before it in its job has ended. Times are whole numbers. A model that is loaded does
a step before it leaves: loading it for nothing makes no schedule shorter.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations

from nvpipe.scheduler.waves import Need, Step

ABSENT, FRESH = -1, -2
"""States of a model: not there, and loaded but not used yet; 0 is idle, more is busy or loading for so long."""

Jobs = tuple[tuple[tuple[tuple[str, int], ...], int], ...]
"""Of each job the steps still to be done, as model and seconds, and for how long its present one goes on."""
Models = tuple[int, ...]


def optimum(jobs: Sequence[Sequence[Step]], needs: Mapping[str, Need], room_bytes: int) -> int:
    """Seconds of the shortest schedule; nothing is loaded at its start."""
    names = sorted({step.model for steps in jobs for step in steps})
    place = {name: number for number, name in enumerate(names)}
    sizes = [needs[name].bytes for name in names]
    loads = [round(needs[name].load_s) for name in names]

    @cache
    def best(state: tuple[Jobs, Models, int]) -> float:
        todo, models, _ = state
        if not todo:
            return 0
        shortest = min((best(after) for after in moves(state)), default=float("inf"))
        rests = [rest for _, rest in todo if rest > 0] + [rest for rest in models if rest > 0]
        if rests:
            least = min(rests)
            shortest = min(shortest, least + best(passed(state, least)))
        return shortest

    def moves(state: tuple[Jobs, Models, int]) -> Iterator[tuple[Jobs, Models, int]]:
        todo, models, loading = state
        tried = set()
        for number, (steps, rest) in enumerate(todo):
            if rest or not steps or (steps, rest) in tried:
                continue
            tried.add((steps, rest))
            model, seconds = steps[0]
            where = place[model]
            if models[where] in (0, FRESH):
                begun = (*todo[:number], (steps[1:], seconds), *todo[number + 1 :])
                yield tidy(begun), (*models[:where], seconds, *models[where + 1 :]), loading
        if loading == ABSENT:
            for where in sorted({place[model] for steps, _ in todo for model, _ in steps}):
                if models[where] == ABSENT:
                    yield from loaded(state, where)

    def loaded(state: tuple[Jobs, Models, int], where: int) -> Iterator[tuple[Jobs, Models, int]]:
        """Every smallest set of idle models whose leaving makes room."""
        todo, models, _ = state
        used = sum(size for size, rest in zip(sizes, models, strict=True) if rest != ABSENT)
        idle = [number for number, rest in enumerate(models) if rest == 0]
        for count in range(len(idle) + 1):
            fitting = [
                some
                for some in combinations(idle, count)
                if used - sum(sizes[number] for number in some) + sizes[where] <= room_bytes
            ]
            for some in fitting:
                after = [ABSENT if number in some else rest for number, rest in enumerate(models)]
                after[where] = loads[where]
                yield todo, tuple(after), where if loads[where] else ABSENT
            if fitting:
                return

    def passed(state: tuple[Jobs, Models, int], seconds: int) -> tuple[Jobs, Models, int]:
        todo, models, loading = state
        after = tuple(rest - seconds if rest > 0 else rest for rest in models)
        left = tuple((steps, max(0, rest - seconds)) for steps, rest in todo)
        if loading != ABSENT and after[loading] == 0:
            after, loading = (*after[:loading], FRESH, *after[loading + 1 :]), ABSENT
        return tidy(left), after, loading

    def tidy(todo: Jobs) -> Jobs:
        """Jobs in one order, so that equal ones are tried once; finished ones are gone."""
        return tuple(sorted(one for one in todo if one[0] or one[1]))

    sys.setrecursionlimit(100_000)
    start = tidy(tuple((tuple((step.model, round(step.seconds)) for step in steps), 0) for steps in jobs))
    return round(best((start, (ABSENT,) * len(names), ABSENT)))

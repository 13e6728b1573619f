"""Who is served next, who has to leave, and who cannot be served: a pure function on the standard library alone.

Requests are served in the order in which they came. One that has to wait until leased models leave lets nobody pass:
otherwise a model that is always wanted again would keep it waiting forever. One whose memory is on its way, or which
waits for its turn to load, lets those pass who need no memory.

A holder of a lease never waits for another one (the broker sees to that): every lease ends, and nobody waits forever.

Other processes of nvpipe may share the device (`nvpipe.scheduler.neighbours`). What they wait for stands among the
requests, in the order of all: models leave for it as for any other, but it is loaded elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

Phase: TypeAlias = Literal["loading", "ready", "leaving"]
_MANY = 12
"""From so many idle models on, the set to leave is found step by step and may hold one more than it must."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that has, or is about to have or give back, memory of the device.

    Attributes:
        number: of its process; a model that leaves and its successor have the same key and different numbers.
        bytes: what it is counted with; of a leaving one, what is still to come back.
        next_use: place in the announced order of uses; infinite when none is announced.
        last_use: place in the order of past uses.
        until_s: when a leaving one is no longer waited for.
    """

    number: int
    key: str
    bytes: int
    phase: Phase
    leased: bool = False
    next_use: float = math.inf
    last_use: int = 0
    until_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody waits for a lease.

    Attributes:
        opens: False when there is nothing to load: the memory is for work that is done elsewhere.
        foreign: it is another process's, which sees to itself once there is room.
    """

    number: int
    key: str
    bytes: int
    opens: bool = True
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """The device as it is seen now.

    Attributes:
        available_bytes: what a new model may take: free, less what is promised, less the reserve, within the limit.
            Negative when others have taken what was promised.
        beyond_limit_bytes: what more there is, that the limit keeps from models here but not from those elsewhere.
        neighbours_bytes: what other processes of nvpipe hold and may still give back to models here.
        neighbours_load: one of them loads a model.
    """

    available_bytes: int
    models: tuple[Model, ...]
    beyond_limit_bytes: int = 0
    neighbours_bytes: int = 0
    neighbours_load: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """The request's model is there and idle: lease it."""

    request: int
    model: int


@dataclass(frozen=True, slots=True)
class Load:
    """There is room: load the request's model."""

    request: int


@dataclass(frozen=True, slots=True)
class Evict:
    """End these models' processes for the request."""

    request: int
    models: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing yet: look again when something has changed, or at a time."""

    request: int
    until_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Refuse:
    """It does not fit, whoever leaves.

    Attributes:
        obtainable_bytes: what would be there if every model left.
    """

    request: int
    obtainable_bytes: int


Action: TypeAlias = Grant | Load | Evict | Wait | Refuse


def decide(state: State, requests: Sequence[Request]) -> tuple[Action, ...]:
    """What to do for each request, in the order in which they came.

    The actions hold together: each counts on those before it.
    """
    round_ = _Round(state)
    return tuple(round_.action(request) for request in requests)


class _Round:
    """One look at all requests."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._granted: set[int] = set()
        self._leaving: set[int] = set()
        self._loading = state.neighbours_load or any(model.phase == "loading" for model in state.models)
        self._next_load_taken = False
        self._nobody_passes = False

    def action(self, request: Request) -> Action:
        same = [model for model in self._state.models if model.key == request.key and self._stays(model)]
        if same:
            model = same[0]
            if self._nobody_passes or model.phase == "loading" or self._leased(model):
                return Wait(request.number)
            self._granted.add(model.number)
            return Grant(request.number, model.number)
        obtainable_bytes = self._state.available_bytes + sum(model.bytes for model in self._state.models)
        obtainable_bytes += self._state.neighbours_bytes
        # What is too much for all together is refused where it was asked for, once all have given what they can.
        if obtainable_bytes < request.bytes and not request.foreign:
            if self._loading:
                # How much of what it was promised it has taken by now is not known well enough to refuse anybody.
                return Wait(request.number)
            return Refuse(request.number, max(0, obtainable_bytes))
        if self._nobody_passes or self._next_load_taken:
            return Wait(request.number)
        # What is loading has its memory; whoever is next has not, and nobody may take it from him.
        self._next_load_taken = True
        if self._loading and request.opens:
            return Wait(request.number)
        return self._load(request)

    def _load(self, request: Request) -> Action:
        available_bytes = self._state.available_bytes + self._state.beyond_limit_bytes * request.foreign
        missing = request.bytes - available_bytes
        if missing <= 0:
            return Load(request.number)
        coming = [model for model in self._state.models if model.phase == "leaving"]
        missing -= sum(model.bytes for model in coming)
        if missing <= 0:
            return Wait(request.number, min(model.until_s for model in coming))
        idle = [model for model in self._state.models if self._stays(model) and self._is_idle(model)]
        victims = smallest_set(idle, missing)
        if not victims and request.foreign:
            # The rest comes from other processes, each of which gives what it can.
            victims = tuple(model.number for model in idle)
        if victims:
            self._leaving |= set(victims)
            return Evict(request.number, victims)
        self._nobody_passes = True
        return Wait(request.number)

    def _stays(self, model: Model) -> bool:
        return model.phase != "leaving" and model.number not in self._leaving

    def _leased(self, model: Model) -> bool:
        return model.leased or model.number in self._granted

    def _is_idle(self, model: Model) -> bool:
        return model.phase == "ready" and not self._leased(model)


def smallest_set(idle: Iterable[Model], missing_bytes: int) -> tuple[int, ...]:
    """Numbers of the models that should leave so that so much comes back; empty when all together are too few.

    As few as will do; of equally many those whose next use is furthest, then those unused for longest.
    """
    # The best to lose first, so that of two equally good sets of one size the first is found.
    models = sorted(idle, key=lambda model: (-model.next_use, model.last_use, model.number))
    if sum(model.bytes for model in models) < missing_bytes or not models:
        return ()
    if len(models) > _MANY:
        return _step_by_step(models, missing_bytes)
    for size in range(1, len(models) + 1):
        fitting = [some for some in combinations(models, size) if sum(model.bytes for model in some) >= missing_bytes]
        if fitting:
            best = max(fitting, key=_furthest)
            return tuple(model.number for model in best)
    return ()


def _furthest(models: Sequence[Model]) -> tuple[tuple[float, int], ...]:
    """The soonest next use counts first: that is the one whose loss will be felt first."""
    return tuple(sorted((model.next_use, -model.last_use) for model in models))


def _step_by_step(models: Sequence[Model], missing_bytes: int) -> tuple[int, ...]:
    chosen: list[int] = []
    for model in sorted(models, key=lambda model: -model.bytes):
        if missing_bytes <= 0:
            break
        chosen.append(model.number)
        missing_bytes -= model.bytes
    return tuple(chosen)

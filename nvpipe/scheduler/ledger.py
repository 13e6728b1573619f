"""Who has what of a device: models in it, memory promised and on its way back, requests in the order they came."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from nvpipe.scheduler import policy
from nvpipe.scheduler.device import Device, Memory
from nvpipe.scheduler.neighbours import Alone, Neighbour, Neighbours, Promise, Want

_SEEN_SHARE = 0.9
"""So much of what a process held must be free again before it counts as returned: others work beside it."""


class Process(Protocol):
    """What the ledger must know of a model's process."""

    @property
    def pid(self) -> int: ...

    @property
    def alive(self) -> bool: ...


@dataclass(eq=False, slots=True)
class Resident:
    """A model in the device's memory, or on its way into it or out of it."""

    number: int
    key: str
    promised_bytes: int
    phase: policy.Phase = "loading"
    leased: bool = True
    process: Process | None = None
    is_work: bool = False
    """It is no model, but work of this process."""
    measure: Callable[[], int] | None = None
    """What such work holds."""
    free_before_bytes: int = 0
    """What was free before it was loaded."""
    others_may_take_bytes: int = 0
    """What was promised to others then and not taken yet."""
    seen_bytes: int = 0
    """What it holds for certain, by what was free before and after its load."""
    last_use: int = 0
    held_bytes: int = 0
    """What its process held when it began to leave."""
    seen_when_free_bytes: int = 0
    """So much must be free for its memory to have come back."""
    left_at_s: float = math.inf
    leaving_since_s: float = 0.0

    @property
    def pid(self) -> int | None:
        return None if self.process is None else self.process.pid


@dataclass(slots=True)
class Ledger:
    """Keeps books, decides nothing and waits for nothing; not thread-safe.

    Attributes:
        device: whose memory it is.
        clock: seconds.
        on_returned: hears of each model whose memory has come back, or is no longer waited for, and how long it took.
        neighbours: the other processes of nvpipe that use the device.
    """

    device: Device
    clock: Callable[[], float]
    on_returned: Callable[[Resident, float], None]
    neighbours: Neighbours = field(default_factory=Alone)
    residents: list[Resident] = field(default_factory=list)
    requests: list[policy.Request] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _uses: count[int] = field(default_factory=lambda: count(1))
    _asked_s: dict[int, float] = field(default_factory=dict)
    """When each waiting request came, by its number."""
    _wants: dict[int, int] = field(default_factory=dict)
    """What neighbours are asked to leave free for a request, by its number."""
    _promised_elsewhere: dict[str, int] = field(default_factory=dict)
    """What each neighbour had promised when it was looked at last."""
    _returning: list[tuple[float, int]] = field(default_factory=list)
    """Until when to wait for memory that neighbours have given back, and how much."""

    def ask(self, key: str, needs_bytes: int, *, opens: bool = True) -> policy.Request:
        """Queue a request; `opens` is False where nothing is to be loaded."""
        request = policy.Request(next(self._numbers), key, needs_bytes, opens)
        self.requests.append(request)
        self._asked_s[request.number] = self.clock()
        return request

    def withdraw(self, request: policy.Request) -> None:
        """Take a request out of the queue; nothing when it is out already."""
        if request in self.requests:
            self.requests.remove(request)
            self._asked_s.pop(request.number, None)
            if self._wants.pop(request.number, None) is not None:
                self.post()

    def decide(self) -> dict[int, policy.Action]:
        """What to do now for each waiting request, by its number; those of neighbours have negative numbers."""
        others = self.neighbours.others()
        state = self.state(others)
        wanted = dict(self._wants)
        self._note_wants(state)
        if self._wants != wanted:
            self.post()
        queue = [(self._asked_s[one.number], self.neighbours.name, one) for one in self.requests]
        for other in others:
            for want in other.wants if other.awake else ():
                foreign = policy.Request(-len(queue) - 1, "", want.bytes, foreign=True)
                queue.append((want.since_s, other.name, foreign))
        queue.sort(key=lambda item: item[:2])
        return {action.request: action for action in policy.decide(state, [request for *_, request in queue])}

    def post(self) -> None:
        """Tell the neighbours what is promised here, and what is waited for."""
        promises = [
            Promise(
                0 if resident.is_work else resident.pid or 0,
                self._counted_bytes(resident),
                self._held_bytes(resident),
                leaving=resident.phase == "leaving",
                loading=resident.phase == "loading",
            )
            for resident in self.residents
        ]
        wants = [Want(self._asked_s[number], size) for number, size in sorted(self._wants.items())]
        self.neighbours.post(promises, wants)

    def _note_wants(self, state: policy.State) -> None:
        """What all models here could not give together must come from the neighbours, until it is served."""
        own_bytes = sum(model.bytes for model in state.models)
        present = {resident.key for resident in self.residents if resident.phase != "leaving"}
        for request in self.requests:
            missing_bytes = request.bytes - own_bytes
            short = state.neighbours_bytes > 0 and missing_bytes > state.available_bytes
            if (short or request.number in self._wants) and request.key not in present:
                self._wants[request.number] = max(self._wants.get(request.number, 0), missing_bytes)

    def state(self, others: Sequence[Neighbour] | None = None) -> policy.State:
        """The device as it is seen now; models that are gone or back are struck off first."""
        others = self.neighbours.others() if others is None else others
        memory = self.device.memory()
        self._notice(memory)
        models, used_bytes, owed_bytes = [], 0, self._owed_bytes(others)
        for resident in self.residents:
            held_bytes = self._held_bytes(resident)
            counted_bytes = self._counted_bytes(resident)
            if resident.phase == "leaving":
                used_bytes += held_bytes
            else:
                used_bytes += counted_bytes
                owed_bytes += counted_bytes - held_bytes
            models.append(self._model(resident, counted_bytes))
        available_bytes = within_bytes = memory.free_bytes - owed_bytes - self.device.reserve_bytes
        promises = [promise for one in others if one.awake for promise in one.promises]
        neighbours_bytes = sum(promise.bytes for promise in promises) + self._returning_bytes(others)
        if self.device.limit_bytes is not None:
            headroom_bytes = self.device.limit_bytes - used_bytes
            within_bytes = min(available_bytes, headroom_bytes)
            neighbours_bytes = max(0, min(neighbours_bytes, headroom_bytes - within_bytes))
        return policy.State(
            within_bytes,
            tuple(models),
            available_bytes - within_bytes,
            neighbours_bytes,
            any(promise.loading for promise in promises),
        )

    def load(self, request: policy.Request) -> Resident:
        """Promise memory to a request's model, which is leased from the start."""
        resident = Resident(next(self._numbers), request.key, request.bytes)
        resident.is_work = not request.opens
        if not self.device.tells_processes:
            resident.free_before_bytes = self.device.memory().free_bytes
            resident.others_may_take_bytes = self._owed_bytes(self.neighbours.others()) + sum(
                self._counted_bytes(one) - self._held_bytes(one) for one in self.residents if one.phase != "leaving"
            )
        if not request.opens:
            resident.phase = "ready"
        self.residents.append(resident)
        self._served(request, resident)
        self.post()
        return resident

    def loaded(self, resident: Resident) -> None:
        """A model is open; where the device tells no process's memory, it is seen by what is free."""
        resident.phase = "ready"
        if not self.device.tells_processes:
            free_bytes = self.device.memory().free_bytes
            # What is missing may be with others as far as they were promised it; of strangers nobody knows.
            missing_bytes = (
                resident.free_before_bytes - free_bytes - resident.others_may_take_bytes - self._works_bytes()
            )
            resident.seen_bytes = min(resident.promised_bytes, max(0, missing_bytes))
        self.post()

    def grant(self, request: policy.Request, number: int) -> Resident:
        """Lease a model that is there."""
        resident = self._resident(number)
        resident.leased = True
        self._served(request, resident)
        return resident

    def give_back(self, resident: Resident) -> None:
        """A lease has ended; the model stays where its process is alive."""
        resident.leased = False

    def leave(self, numbers: Sequence[int]) -> list[Resident]:
        """Models begin to leave; their processes are to be ended now, and then `left` called."""
        residents = [self._resident(number) for number in numbers]
        for resident in residents:
            self._begin_to_leave(resident, self.device.memory())
        return residents

    def left(self, resident: Resident) -> None:
        """A process has ended; from now on its memory is awaited."""
        if resident.phase != "leaving":
            self._begin_to_leave(resident, self.device.memory())
        resident.left_at_s = self.clock()

    def drop(self, resident: Resident) -> None:
        """Work that is no process of its own has ended; what it held is free, or seen to be missing."""
        self.residents.remove(resident)
        self.post()

    def announce(self, keys: Sequence[str]) -> None:
        """The uses to come, in order, in place of those announced before."""
        self.announced = list(keys)

    def _served(self, request: policy.Request, resident: Resident) -> None:
        self.withdraw(request)
        resident.last_use = next(self._uses)
        if request.key in self.announced:
            self.announced.remove(request.key)

    def _resident(self, number: int) -> Resident:
        return next(resident for resident in self.residents if resident.number == number)

    def _returning_bytes(self, others: Sequence[Neighbour]) -> int:
        """What neighbours had promised until just now: it takes a while until it is seen to be free."""
        now_s = self.clock()
        promised = {one.name: sum(promise.bytes for promise in one.promises) for one in others}
        for name, before_bytes in self._promised_elsewhere.items():
            if (gone_bytes := before_bytes - promised.get(name, 0)) > 0:
                self._returning.append((now_s + self.device.release_limit_s, gone_bytes))
        self._promised_elsewhere = promised
        self._returning = [(until_s, gone_bytes) for until_s, gone_bytes in self._returning if until_s > now_s]
        return sum(gone_bytes for _, gone_bytes in self._returning)

    def _works_bytes(self) -> int:
        """What is promised now to work that is no model, which may have begun at any time."""
        own_bytes = sum(one.promised_bytes for one in self.residents if one.is_work)
        promises = (promise for other in self.neighbours.others() for promise in other.promises)
        return own_bytes + sum(promise.bytes for promise in promises if not promise.pid)

    def _held_bytes(self, resident: Resident) -> int:
        if resident.measure is not None:
            return resident.measure()
        if not self.device.tells_processes:
            # Of one that is gone it cannot be told when its memory is back but by what is free.
            return 0 if resident.left_at_s < math.inf else resident.seen_bytes
        return 0 if resident.pid is None else self.device.used_bytes(resident.pid)

    def _counted_bytes(self, resident: Resident) -> int:
        """What a model is counted with; of a leaving one, what is still to come back."""
        held_bytes = self._held_bytes(resident)
        if resident.phase == "leaving":
            return held_bytes or resident.held_bytes
        return max(resident.promised_bytes, held_bytes)

    def _owed_bytes(self, others: Sequence[Neighbour]) -> int:
        """What neighbours have promised to their models and these have not taken yet."""
        owed_bytes = 0
        for promise in (promise for one in others for promise in one.promises if not promise.leaving):
            told = promise.pid and self.device.tells_processes
            held_bytes = self.device.used_bytes(promise.pid) if told else promise.held_bytes
            owed_bytes += max(0, promise.bytes - held_bytes)
        return owed_bytes

    def _begin_to_leave(self, resident: Resident, memory: Memory) -> None:
        coming_bytes = sum(other.held_bytes for other in self.residents if other.phase == "leaving")
        resident.held_bytes = self._held_bytes(resident)
        resident.seen_when_free_bytes = memory.free_bytes + coming_bytes + int(_SEEN_SHARE * resident.held_bytes)
        resident.phase = "leaving"
        resident.leased = False
        resident.leaving_since_s = self.clock()

    def _notice(self, memory: Memory) -> None:
        """Idle processes that died, and memory that has come back or is given up."""
        now_s = self.clock()
        for resident in list(self.residents):
            process = resident.process
            if resident.phase == "ready" and not resident.leased and process is not None and not process.alive:
                self.left(resident)
            if resident.phase != "leaving" or resident.left_at_s == math.inf:
                continue
            seen = self.device.frees_at_exit or memory.free_bytes >= resident.seen_when_free_bytes
            back = seen and self._held_bytes(resident) == 0
            if back or now_s >= resident.left_at_s + self.device.release_limit_s:
                self.residents.remove(resident)
                self.post()
                self.on_returned(resident, now_s - resident.leaving_since_s)

    def _model(self, resident: Resident, counted_bytes: int) -> policy.Model:
        key = resident.key
        return policy.Model(
            number=resident.number,
            key=key,
            bytes=counted_bytes,
            phase=resident.phase,
            leased=resident.leased,
            next_use=self.announced.index(key) if key in self.announced else math.inf,
            last_use=resident.last_use,
            until_s=resident.left_at_s + self.device.release_limit_s,
        )

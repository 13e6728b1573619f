"""Who has what of a device: models in it, memory promised and on its way back, requests in the order they came."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from nvpipe.scheduler import policy
from nvpipe.scheduler.device import Device, Memory

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
    """

    device: Device
    clock: Callable[[], float]
    on_returned: Callable[[Resident, float], None]
    residents: list[Resident] = field(default_factory=list)
    requests: list[policy.Request] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _uses: count[int] = field(default_factory=lambda: count(1))

    def ask(self, key: str, needs_bytes: int) -> policy.Request:
        """Queue a request."""
        request = policy.Request(next(self._numbers), key, needs_bytes)
        self.requests.append(request)
        return request

    def withdraw(self, request: policy.Request) -> None:
        """Take a request out of the queue; nothing when it is out already."""
        if request in self.requests:
            self.requests.remove(request)

    def decide(self) -> dict[int, policy.Action]:
        """What to do now for each waiting request, by its number."""
        return {action.request: action for action in policy.decide(self.state(), self.requests)}

    def state(self) -> policy.State:
        """The device as it is seen now; models that are gone or back are struck off first."""
        memory = self.device.memory()
        self._notice(memory)
        models, used_bytes, owed_bytes = [], 0, 0
        for resident in self.residents:
            held_bytes = self._held_bytes(resident)
            if resident.phase == "leaving":
                counted_bytes = held_bytes or resident.held_bytes
                used_bytes += held_bytes
            else:
                counted_bytes = max(resident.promised_bytes, held_bytes)
                used_bytes += counted_bytes
                owed_bytes += counted_bytes - held_bytes
            models.append(self._model(resident, counted_bytes))
        available_bytes = memory.free_bytes - owed_bytes - self.device.reserve_bytes
        if self.device.limit_bytes is not None:
            available_bytes = min(available_bytes, self.device.limit_bytes - used_bytes)
        return policy.State(available_bytes, tuple(models))

    def load(self, request: policy.Request) -> Resident:
        """Promise memory to a request's model, which is leased from the start."""
        resident = Resident(next(self._numbers), request.key, request.bytes)
        self.residents.append(resident)
        self._served(request, resident)
        return resident

    def loaded(self, resident: Resident) -> None:
        resident.phase = "ready"

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

    def _held_bytes(self, resident: Resident) -> int:
        return 0 if resident.pid is None else self.device.used_bytes(resident.pid)

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

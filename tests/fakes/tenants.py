"""Threads that lease models of a simulated device, on a simulated clock, with accidents; and what must never happen.

The real ledger and the real policy are at work; what the broker does with processes and threads is played here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fakes.device import SimulatedClock, SimulatedDevice, SimulatedProcess

from nvpipe.scheduler import policy
from nvpipe.scheduler.ledger import Ledger, Resident

TICK_S = 0.25
Accident = Literal["none", "load fails", "dies at work", "dies idle"]


@dataclass(frozen=True, slots=True)
class Use:
    """One lease: which model, for how long, and what goes wrong."""

    key: str
    start_s: float
    load_s: float
    work_s: float
    accident: Accident = "none"


@dataclass(frozen=True, slots=True)
class Nature:
    """How the device behaves."""

    lag_s: float = 0.0
    hides: bool = False
    leak_bytes: int = 0
    foreign: tuple[tuple[float, int], ...] = ()
    """From a time on, other programs hold so much."""


@dataclass(eq=False, slots=True)
class Lessee:
    """A thread that leases one model after another."""

    uses: list[Use]
    request: policy.Request | None = None
    resident: Resident | None = None
    until_s: float = 0.0
    asked_s: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What has happened."""

    loads: dict[str, int] = field(default_factory=dict)
    evictions: int = 0
    admitted: int = 0
    refused: int = 0
    waits_s: list[float] = field(default_factory=list)


class Tenants:
    """All of it; `run` plays until every lease is over.

    Args:
        needs_bytes: of each model.
        schedules: the leases of each thread.
    """

    def __init__(
        self, device: SimulatedDevice, needs_bytes: dict[str, int], schedules: list[list[Use]], nature: Nature
    ) -> None:
        self.device = device
        self.clock: SimulatedClock = device.clock
        self.ledger = Ledger(device, device.clock, lambda resident, seconds: None)
        self.outcome = Outcome()
        self._needs_bytes = needs_bytes
        self._nature = nature
        self._lessees = [Lessee(list(uses)) for uses in schedules]

    def run(self, limit_s: float) -> Outcome:
        """Play until every request has ended.

        Raises:
            AssertionError: something happened that must never happen, or somebody still waits at the limit.
        """
        while any(lessee.uses for lessee in self._lessees):
            self._others()
            for lessee in self._lessees:
                self._advance(lessee)
            self._serve()
            self._check()
            self.clock.now_s += TICK_S
            assert self.clock.now_s < limit_s, "somebody waits forever"
        return self.outcome

    def _others(self) -> None:
        for at_s, held_bytes in self._nature.foreign:
            if at_s <= self.clock():
                self.device.foreign_bytes = held_bytes

    def _advance(self, lessee: Lessee) -> None:
        """Ask when it is time to, and go on when a load or a piece of work is done."""
        if not lessee.uses:
            return
        use = lessee.uses[0]
        if lessee.resident is None:
            if lessee.request is None and use.start_s <= self.clock():
                lessee.request = self.ledger.ask(use.key, self._needs_bytes[use.key])
                lessee.asked_s = self.clock()
            return
        if self.clock() < lessee.until_s:
            return
        resident = lessee.resident
        if resident.phase == "loading":
            self._end_of_load(lessee, use, resident)
            return
        if use.accident == "dies at work":
            self._die(resident)
            self.ledger.left(resident)
        else:
            self._process(resident).held_bytes = resident.promised_bytes
            self.ledger.give_back(resident)
            if use.accident == "dies idle":
                self._die(resident)
        self._next(lessee)

    def _end_of_load(self, lessee: Lessee, use: Use, resident: Resident) -> None:
        process = self._process(resident)
        if use.accident == "load fails":
            process.held_bytes = resident.promised_bytes
            self._die(resident)
            self.ledger.left(resident)
            self._next(lessee)
            return
        # The rest of what was promised is taken while it works.
        process.held_bytes = resident.promised_bytes * 2 // 3
        self.ledger.loaded(resident)
        lessee.until_s = self.clock() + use.work_s

    def _serve(self) -> None:
        """What the broker's threads do: each acts on its own request, in any order."""
        for lessee in self._lessees:
            while lessee.request is not None:
                action = self.ledger.decide()[lessee.request.number]
                if isinstance(action, policy.Wait):
                    break
                self._act(lessee, lessee.request, action)

    def _act(self, lessee: Lessee, request: policy.Request, action: policy.Action) -> None:
        match action:
            case policy.Grant():
                lessee.resident = self.ledger.grant(request, action.model)
                assert self._process(lessee.resident).alive, "a dead model was leased"
                lessee.until_s = self.clock() + lessee.uses[0].work_s
                self._admitted(lessee)
            case policy.Load():
                self._check_room(request)
                lessee.resident = self.ledger.load(request)
                process = self.device.start()
                process.held_bytes = request.bytes // 2
                lessee.resident.process = process
                lessee.until_s = self.clock() + lessee.uses[0].load_s
                self.outcome.loads[request.key] = self.outcome.loads.get(request.key, 0) + 1
                self._admitted(lessee)
            case policy.Evict():
                for resident in self._evicted(action.models):
                    self._die(resident)
                    self.ledger.left(resident)
            case policy.Refuse():
                assert action.obtainable_bytes < request.bytes
                self.ledger.withdraw(request)
                self.outcome.refused += 1
                self._next(lessee)

    def _evicted(self, numbers: tuple[int, ...]) -> list[Resident]:
        chosen = [one for one in self.ledger.residents if one.number in numbers]
        assert all(not one.leased and one.phase == "ready" for one in chosen), "a model in use was evicted"
        self.outcome.evictions += len(chosen)
        return self.ledger.leave(numbers)

    def _admitted(self, lessee: Lessee) -> None:
        self.outcome.admitted += 1
        self.outcome.waits_s.append(self.clock() - lessee.asked_s)
        lessee.request = None

    def _next(self, lessee: Lessee) -> None:
        lessee.uses.pop(0)
        lessee.request = lessee.resident = None

    def _die(self, resident: Resident) -> None:
        nature = self._nature
        self.device.end(self._process(resident), lag_s=nature.lag_s, hides=nature.hides, leak_bytes=nature.leak_bytes)

    def _process(self, resident: Resident) -> SimulatedProcess:
        assert isinstance(resident.process, SimulatedProcess)
        return resident.process

    def _check_room(self, request: policy.Request) -> None:
        """The truth, which the ledger doesn't see: promises kept in full, dead processes' memory, others' memory."""
        assert not any(one.phase == "loading" for one in self.ledger.residents), "two loads at once"
        alive = [one for one in self.ledger.residents if one.phase != "leaving"]
        promised = sum(max(one.promised_bytes, self._process(one).held_bytes) for one in alive)
        held = sum(self._process(one).held_bytes for one in alive)
        dead = self.device.occupied_bytes() - held
        others = self.device.foreign_bytes + self.device.leaked_bytes + self.device.reserve_bytes
        total = self.device.total_bytes
        assert promised + dead + others + request.bytes <= total, "a load before there was room for it"
        if self.device.limit_bytes is not None:
            assert promised + request.bytes <= self.device.limit_bytes, "more than the limit"

    def _check(self) -> None:
        """At no moment do models have more than the device."""
        if not self._nature.foreign:
            held = self.device.occupied_bytes() + self.device.leaked_bytes
            assert held <= self.device.total_bytes, "more memory is in use than there is"
        keys = [one.key for one in self.ledger.residents if one.phase != "leaving"]
        assert len(keys) == len(set(keys)), "one model is there twice"

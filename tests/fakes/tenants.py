"""Threads that lease models of a simulated device, on a simulated clock, with accidents; and what must never happen.

The real ledger and the real policy are at work; what the broker does with processes and threads is played here.
Several such brokers can share a device (`Street`), as several runs on one machine do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from fakes.device import SimulatedClock, SimulatedDevice, SimulatedProcess

from nvpipe.scheduler import policy
from nvpipe.scheduler.ledger import Ledger, Resident
from nvpipe.scheduler.neighbours import Alone, Neighbours
from nvpipe.scheduler.room import Room

LOOK_S = 0.5
Accident = Literal["none", "load fails", "dies at work", "dies idle"]


@dataclass(frozen=True, slots=True)
class Use:
    """One lease: which model, for how long, and what goes wrong; `holds` is for work that is no model."""

    key: str
    start_s: float
    load_s: float
    work_s: float
    accident: Accident = "none"
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Nature:
    """How the device behaves."""

    lag_s: float = 0.0
    hides: bool = False
    leak_bytes: int = 0
    foreign: tuple[tuple[float, int], ...] = ()
    """From a time on, other programs hold so much, or what they can get of it."""


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
    out_of_memory: int = 0
    waits_s: list[float] = field(default_factory=list)


class Tenants:
    """One broker and its threads; `run` plays until every lease is over.

    Args:
        needs_bytes: of each model.
        schedules: the leases of each thread.
        neighbours: the other brokers.
        dies_at_s: when all of it is killed, processes and all.
    """

    def __init__(
        self,
        device: SimulatedDevice,
        needs_bytes: dict[str, int],
        schedules: Sequence[Sequence[Use]],
        nature: Nature,
        neighbours: Neighbours | None = None,
        dies_at_s: float = math.inf,
    ) -> None:
        self.device = device
        self.clock: SimulatedClock = device.clock
        self.neighbours = neighbours or Alone()
        self.ledger = Ledger(device, device.clock, lambda resident, seconds: None, self.neighbours)
        self.outcome = Outcome()
        self.dies_at_s = dies_at_s
        self.asked = sum(len(uses) for uses in schedules)
        self._room = Room(device, self.ledger)
        self._needs_bytes = needs_bytes
        self._nature = nature
        self._lessees = [Lessee(list(uses)) for uses in schedules]
        self._looked_at_s = 0.0

    def run(self, limit_s: float) -> Outcome:
        """Play until every request has ended.

        Raises:
            AssertionError: something happened that must never happen, or somebody still waits at the limit.
        """
        Street([self], self._nature).run(limit_s)
        return self.outcome

    def add(self, schedules: Sequence[Sequence[Use]]) -> None:
        """More threads."""
        self._lessees += [Lessee(list(uses)) for uses in schedules]
        self.asked += sum(len(uses) for uses in schedules)

    @property
    def is_over(self) -> bool:
        return not any(lessee.uses for lessee in self._lessees)

    def step(self) -> bool:
        """Do what can be done at this moment; whether that was anything."""
        if self.clock() >= self.dies_at_s:
            return self._be_killed()
        done = False
        for lessee in self._lessees:
            done |= self._advance(lessee)
        done |= self._look_after()
        return self._serve() or done

    def next_moment_s(self) -> float:
        """When something happens here by itself."""
        if self.is_over:
            return math.inf
        moments = [self.dies_at_s]
        if not isinstance(self.neighbours, Alone):
            moments.append(self._looked_at_s + LOOK_S)
        for lessee in self._lessees:
            if lessee.uses and lessee.resident is not None:
                moments.append(lessee.until_s)
            elif lessee.uses and lessee.request is None:
                moments.append(lessee.uses[0].start_s)
        moments += [
            one.left_at_s + self.device.release_limit_s for one in self.ledger.residents if one.phase == "leaving"
        ]
        return min((one for one in moments if one > self.clock()), default=math.inf)

    def promised_bytes(self) -> int:
        """What this broker's living models may take, or already have."""
        alive = [one for one in self.ledger.residents if one.phase != "leaving" and self._process(one).alive]
        return sum(max(one.promised_bytes, self._process(one).held_bytes) for one in alive)

    def living_bytes(self) -> int:
        """What its living models hold."""
        alive = [one for one in self.ledger.residents if one.phase != "leaving"]
        return sum(self._process(one).held_bytes for one in alive if self._process(one).alive)

    def check(self) -> None:
        """At no moment is a model there twice."""
        keys = [one.key for one in self.ledger.residents if one.phase != "leaving"]
        assert len(keys) == len(set(keys)), "one model is there twice"

    def _be_killed(self) -> bool:
        """kill -9: its models end with it, and the kernel lets go of its place on the board."""
        if self.is_over and not self.ledger.residents:
            return False
        for resident in self.ledger.residents:
            if self._process(resident).alive:
                self._die(resident)
        self.outcome.refused += sum(len(lessee.uses) for lessee in self._lessees)
        for lessee in self._lessees:
            lessee.uses, lessee.request, lessee.resident = [], None, None
        self.ledger.residents.clear()
        self.ledger.requests.clear()
        self.neighbours.close()
        return True

    def _look_after(self) -> bool:
        """What the broker's own thread does now and then."""
        if self.clock() < self._looked_at_s + LOOK_S:
            return False
        self._looked_at_s = self.clock()
        leaving = self._room.look_after()
        self.outcome.evictions += len(leaving)
        for resident in leaving:
            assert not resident.leased, "a model in use was evicted"
            self._die(resident)
            self.ledger.left(resident)
        return bool(leaving)

    def _advance(self, lessee: Lessee) -> bool:
        """Ask when it is time to, and go on when a load or a piece of work is done."""
        if not lessee.uses:
            return False
        use = lessee.uses[0]
        if lessee.resident is None:
            if lessee.request is not None or use.start_s > self.clock():
                return False
            key = f"{use.key}#{id(lessee)}-{len(lessee.uses)}" if use.holds else use.key
            lessee.request = self.ledger.ask(key, self._needs_bytes[use.key], opens=not use.holds)
            lessee.asked_s = self.clock()
            return True
        if self.clock() < lessee.until_s:
            return False
        self._go_on(lessee, use, lessee.resident)
        return True

    def _go_on(self, lessee: Lessee, use: Use, resident: Resident) -> None:
        if resident.phase == "loading":
            self._end_of_load(lessee, use, resident)
        elif use.holds:
            if not self.device.take(self._process(resident), resident.promised_bytes):
                self.outcome.out_of_memory += 1
            self.device.end(self._process(resident), lag_s=0.0)
            self.ledger.drop(resident)
            self._next(lessee)
        elif use.accident == "dies at work":
            self._fail(lessee, resident)
        elif not self.device.take(self._process(resident), resident.promised_bytes):
            # Other programs have taken what was promised, or it is in pieces.
            self.outcome.out_of_memory += 1
            self._fail(lessee, resident)
        else:
            self.ledger.give_back(resident)
            if use.accident == "dies idle":
                self._die(resident)
            self._next(lessee)

    def _end_of_load(self, lessee: Lessee, use: Use, resident: Resident) -> None:
        process = self._process(resident)
        # The rest of what was promised is taken while it works.
        fits = self.device.take(process, resident.promised_bytes * 2 // 3)
        self.outcome.out_of_memory += not fits
        if use.accident == "load fails" or not fits:
            self._fail(lessee, resident)
            return
        self.ledger.loaded(resident)
        lessee.until_s = self.clock() + use.work_s

    def _fail(self, lessee: Lessee, resident: Resident) -> None:
        self._die(resident)
        self.ledger.left(resident)
        self._next(lessee)

    def _serve(self) -> bool:
        """What the broker's threads do: each acts on its own request, in any order."""
        done = False
        for lessee in self._lessees:
            while lessee.request is not None:
                action = self.ledger.decide()[lessee.request.number]
                if isinstance(action, policy.Wait):
                    break
                if not self._act(lessee, lessee.request, action):
                    break
                done = True
        return done

    def _act(self, lessee: Lessee, request: policy.Request, action: policy.Action) -> bool:
        match action:
            case policy.Grant():
                lessee.resident = self.ledger.grant(request, action.model)
                assert self._process(lessee.resident).alive, "a dead model was leased"
                lessee.until_s = self.clock() + lessee.uses[0].work_s
                self._admitted(lessee)
            case policy.Load():
                return self._begin(lessee, request)
            case policy.Evict():
                for resident in self._evicted(action.models):
                    self._die(resident)
                    self.ledger.left(resident)
            case policy.Refuse():
                assert action.obtainable_bytes < request.bytes
                self.ledger.withdraw(request)
                self.outcome.refused += 1
                self._next(lessee)
        return True

    def _begin(self, lessee: Lessee, request: policy.Request) -> bool:
        """Load a model, or begin work that is none."""
        resident = self._room.promise(request)
        if resident is None:
            return False
        use = lessee.uses[0]
        lessee.resident = resident
        process = self.device.start()
        resident.process = process
        if use.holds:
            resident.measure = lambda: self.device.used_bytes(process.pid)
        else:
            assert sum(one.phase == "loading" for one in self.ledger.residents) == 1, "two loads at once"
            self.outcome.loads[request.key] = self.outcome.loads.get(request.key, 0) + 1
        self.just_promised = True
        self.ledger.post()
        self.device.take(process, request.bytes // 2)
        lessee.until_s = self.clock() + (use.work_s if use.holds else use.load_s)
        self._admitted(lessee)
        return True

    just_promised = False
    """Something was promised since the street looked last."""

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


class Street:
    """Brokers side by side on one device, played until all are done; what must hold is looked at all the time."""

    def __init__(self, tenants: Sequence[Tenants], nature: Nature) -> None:
        self._tenants = tenants
        self._device = tenants[0].device
        self._clock = self._device.clock
        self._nature = nature
        self._foreign = list(nature.foreign)

    def run(self, limit_s: float) -> None:
        """Play.

        Raises:
            AssertionError: something happened that must never happen, or somebody still waits at the limit.
        """
        while not all(one.is_over for one in self._tenants):
            self._others()
            while self._round():
                pass
            if all(one.is_over for one in self._tenants):
                break
            self._clock.now_s = self._next_moment_s()
            assert self._clock.now_s < limit_s, "somebody waits forever"

    def _round(self) -> bool:
        done = False
        for one in self._tenants:
            before = self._room_bytes()
            done |= one.step()
            if one.just_promised:
                one.just_promised = False
                self._check_room(before)
            one.check()
            held = self._device.occupied_bytes() + self._device.leaked_bytes + self._device.foreign_bytes
            assert held <= self._device.total_bytes, "more memory is in use than there is"
        return done

    def _others(self) -> None:
        while self._foreign and self._foreign[0][0] <= self._clock():
            self._device.foreigners(self._foreign.pop(0)[1])

    def _next_moment_s(self) -> float:
        moments = [one.next_moment_s() for one in self._tenants]
        moments += [self._device.next_return_s(), *(at_s for at_s, _ in self._foreign[:1])]
        return min(moments) + 1e-6

    def _room_bytes(self) -> int:
        """What is left when all promises are kept in full, dead processes' memory and others' memory counted."""
        promised = sum(one.promised_bytes() for one in self._tenants)
        dead = self._device.occupied_bytes() - sum(one.living_bytes() for one in self._tenants)
        others = self._device.foreign_bytes + self._device.leaked_bytes
        return self._device.total_bytes - self._device.reserve_bytes - promised - dead - others

    def _check_room(self, before: int) -> None:
        """The truth, which no ledger sees: nothing was promised that is not there, whoever promised it."""
        after = self._room_bytes()
        assert after >= 0 or after >= before, f"{-after} bytes more are promised than there are"
        limit = self._device.limit_bytes
        if limit is not None:
            assert all(one.promised_bytes() <= limit for one in self._tenants), "more than the limit"

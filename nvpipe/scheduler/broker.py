"""Leases for threads: asks the policy what to do, and does it with real processes."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from types import TracebackType

from nvpipe.errors import InterruptedRunError
from nvpipe.scheduler import policy
from nvpipe.scheduler.costs import Costs
from nvpipe.scheduler.device import Device
from nvpipe.scheduler.ledger import Ledger, Resident
from nvpipe.scheduler.neighbours import Alone, Neighbours
from nvpipe.scheduler.own_work import OwnWork
from nvpipe.scheduler.process import ModelProcess
from nvpipe.scheduler.room import Room, refusal
from nvpipe.scheduler.spec import Estimate, ModelSpec, ModelStats, Peaks
from nvpipe.scheduler.worker import Worker

_LOOK_S = 0.5
"""How often somebody who waits for a lease looks what other programs have done."""
_LOOK_CLOSELY_S = 0.02
"""How often while memory is on its way back."""


class Scheduler:
    """The only way to a model: one at a time for each thread, each model in a process of its own.

    A model whose lease has ended stays loaded until another needs its memory. Requests are served in the order in
    which they came. A thread that holds a lease may lease the same model again (it gets the same worker); it may not
    lease another one, so that nobody waits for a model while keeping one from others. Work that is no model (`hold`)
    gets its memory in the same way.

    Args:
        device: whose memory is shared out; for specs that name no other.
        beside: further devices, for specs that name them.
        peaks: measured peaks of earlier runs.
        neighbours: the other processes of nvpipe on a device.
        clock: seconds, for the time that memory takes to come back; all processes of a machine must share it.
    """

    def __init__(
        self,
        device: Device,
        *,
        beside: Sequence[Device] = (),
        peaks: Peaks | None = None,
        neighbours: Callable[[Device], Neighbours] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self._clock = clock
        self._processes: dict[int, ModelProcess] = {}
        self._changed = threading.Condition()
        self._rooms = {
            one.name: Room(one, Ledger(one, clock, self._returned, neighbours(one) if neighbours else Alone()))
            for one in (device, *beside)
        }
        self._costs = Costs(peaks)
        self._held_costs = Costs(peaks)
        self._holding: dict[int, _Holding] = {}
        self._works = count(1)
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None
        self._shared = neighbours is not None

    def __enter__(self) -> Scheduler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def lease(
        self, spec: ModelSpec, *, cancelled: Callable[[], bool] | None = None, proof: bool = False
    ) -> Iterator[Worker]:
        """The model, loaded, for this thread alone.

        Args:
            spec: which model.
            cancelled: asked while waiting and loading whether the lease is no longer wanted.
            proof: the model is only proven; the little that this takes says nothing of what work will take.

        Raises:
            OutOfMemoryError: it does not fit even when every other model has left.
            BackendFailedError: it cannot be loaded.
            NvpipeError: what its opener raised.
            InterruptedRunError: cancelled, or the scheduler is closed.
        """
        me = threading.get_ident()
        if holding := self._holding.get(me):
            if holding.resident.key != spec.key or holding.worker is None:
                raise RuntimeError(f"end the lease of {holding.name} before {spec.name} is leased")
            yield holding.worker
            return
        if self._shared:
            self._watch()
        resident, process = self._acquire(spec, cancelled or _never)
        worker = Worker(process)
        self._holding[me] = _Holding(spec.name, resident, worker)
        self._costs.count(spec.key, leases=1)
        try:
            yield worker
        finally:
            del self._holding[me]
            worker.end_of_lease()
            self._give_back(spec, resident, process, proof=proof)

    @contextmanager
    def hold(self, spec: ModelSpec, *, cancelled: Callable[[], bool] | None = None) -> Iterator[OwnWork]:
        """Memory for work of this process or its helpers, such as pictures; models leave for it as for each other.

        Within another `hold` of the same thread it is a part of that one.

        Args:
            spec: what the work is and needs; its opener is not used.
            cancelled: asked while waiting whether the memory is no longer wanted.

        Raises:
            OutOfMemoryError: there is not enough even when every model has left.
            InterruptedRunError: cancelled, or the scheduler is closed.
        """
        me = threading.get_ident()
        if holding := self._holding.get(me):
            if holding.work is None:
                raise RuntimeError(f"end the lease of {holding.name} before {spec.name} begins")
            yield holding.work
            return
        self._watch()
        room = self._room(spec)
        needed_bytes = self._held_costs.begin(spec, room.device.label)
        with self._changed:
            request = room.ledger.ask(f"{spec.key}#{next(self._works)}", needed_bytes, opens=False)
        resident = self._served(spec, request, cancelled or _never)
        with self._changed:
            work = room.begin(resident, spec.name, self._held_costs.all()[spec.key].estimate, self._model_pids)
        self._held_costs.count(spec.key, leases=1)
        self._holding[me] = _Holding(spec.name, resident, None, work)
        try:
            yield work
        finally:
            del self._holding[me]
            self._end_of_work(spec, resident, work)

    def announce(self, specs: Sequence[ModelSpec]) -> None:
        """Say which models will be leased, in order; those needed last leave first."""
        with self._changed:
            for name, room in self._rooms.items():
                room.ledger.announce([spec.key for spec in specs if (spec.device or self.device.name) == name])

    def close(self) -> None:
        """End every process; whoever still waits or calls gets an error."""
        with self._changed:
            self._closed.set()
            leaving = []
            for room in self._rooms.values():
                staying = [one for one in room.ledger.residents if one.phase != "leaving" and not one.is_work]
                leaving.append((room, room.ledger.leave([one.number for one in staying])))
            self._changed.notify_all()
        for room, residents in leaving:
            self._end(room, residents)
        for room, residents in leaving:
            self._await(room, residents)
            room.ledger.neighbours.close()

    @property
    def stats(self) -> dict[str, ModelStats]:
        """What each model cost so far, by its key."""
        return self._costs.all()

    @property
    def held(self) -> dict[str, ModelStats]:
        """The same of work that is no model."""
        return self._held_costs.all()

    def estimate(self, spec: ModelSpec) -> Estimate:
        """What a model is counted with: what an earlier run measured, or else what is declared."""
        return self._costs.estimate(spec, self._room(spec).device.label)

    @property
    def waiting(self) -> int:
        """How many wait for a lease."""
        with self._changed:
            return sum(len(room.ledger.requests) for room in self._rooms.values())

    def has(self, device: str) -> bool:
        """Whether there is a device of this name; "" is the first."""
        return not device or device in self._rooms

    def obtainable_bytes(self, device: str = "") -> int:
        """What work could have at this moment, if every model that is not leased left."""
        with self._changed:
            return self._rooms[device or self.device.name].obtainable_bytes()

    def _room(self, spec: ModelSpec) -> Room:
        return self._rooms[spec.device or self.device.name]

    def _acquire(self, spec: ModelSpec, cancelled: Callable[[], bool]) -> tuple[Resident, ModelProcess]:
        room = self._room(spec)
        needed_bytes = self._costs.begin(spec, room.device.label)
        with self._changed:
            request = room.ledger.ask(spec.key, needed_bytes)
        resident = self._served(spec, request, cancelled)
        if resident.phase == "loading":
            return resident, self._load(spec, resident, cancelled)
        process = self._processes.get(resident.number)
        if process is None:
            raise InterruptedRunError(f"{spec.name} is no longer wanted: the run is ending")
        return resident, process

    def _model_pids(self) -> frozenset[int]:
        return frozenset(process.pid for process in self._processes.values())

    def _served(self, spec: ModelSpec, request: policy.Request, cancelled: Callable[[], bool]) -> Resident:
        """Wait for the turn of a request; what it gets is leased to it."""
        room = self._room(spec)
        try:
            while True:
                resident, leaving = self._step(spec, room, request, cancelled)
                self._end(room, leaving, evicted=True)
                if resident is not None:
                    return resident
        finally:
            with self._changed:
                room.ledger.withdraw(request)
                self._changed.notify_all()

    def _step(
        self, spec: ModelSpec, room: Room, request: policy.Request, cancelled: Callable[[], bool]
    ) -> tuple[Resident | None, list[Resident]]:
        """Do what the policy says for a request: the model that it gets, and the models that are to be ended."""
        with self._changed:
            self._refuse_when_closed(spec)
            if cancelled():
                raise InterruptedRunError(f"{spec.name} is no longer waited for")
            action = room.ledger.decide()[request.number]
            match action:
                case policy.Grant():
                    return room.ledger.grant(request, action.model), []
                case policy.Load():
                    return room.promise(request), []
                case policy.Evict():
                    return None, room.ledger.leave(action.models)
                case policy.Refuse():
                    raise refusal(spec, room.device, request.bytes, action.obtainable_bytes)
                case policy.Wait():
                    self._changed.wait(_LOOK_S if action.until_s == math.inf else _LOOK_CLOSELY_S)
        return None, []

    def _load(self, spec: ModelSpec, resident: Resident, cancelled: Callable[[], bool]) -> ModelProcess:
        start_s = self._clock()
        process = None
        room = self._room(spec)
        try:
            self._costs.count(spec.key, loads=1)
            process = ModelProcess(spec, room.device.peak_bytes)
            with self._changed:
                self._processes[resident.number] = process
                resident.process = process
                room.ledger.post()
                self._refuse_when_closed(spec)
            process.open(spec, cancelled)
            with self._changed:
                self._refuse_when_closed(spec)
                room.ledger.loaded(resident)
        except BaseException:
            if process is not None:
                process.kill()
            with self._changed:
                room.ledger.left(resident)
            self._costs.count(spec.key, failures=1)
            raise
        finally:
            self._costs.count(spec.key, load_s=self._clock() - start_s)
        return process

    def _give_back(self, spec: ModelSpec, resident: Resident, process: ModelProcess, *, proof: bool) -> None:
        process.sample_peak()
        peak_bytes = max(process.peak_bytes, resident.seen_bytes)
        with self._changed:
            if process.alive:
                self._room(spec).ledger.give_back(resident)
            elif resident.phase == "ready":
                self._room(spec).ledger.left(resident)
                self._costs.count(spec.key, failures=1)
            self._costs.saw_peak(spec.key, peak_bytes)
            self._changed.notify_all()
        if process.has_worked and not proof:
            self._costs.keep_peak(spec, self._room(spec).device.label, peak_bytes)

    def _end_of_work(self, spec: ModelSpec, resident: Resident, work: OwnWork) -> None:
        with self._changed:
            self._room(spec).end(resident, work)
            self._changed.notify_all()
        self._held_costs.saw_peak(spec.key, work.peak_bytes)
        if work.is_measured:
            self._held_costs.keep_peak(spec, self._room(spec).device.label, work.peak_bytes)

    def _watch(self) -> None:
        """See to it that somebody looks after neighbours and own work while all threads of the run are busy."""
        with self._changed:
            if self._watcher is None and not self._closed.is_set():
                self._watcher = threading.Thread(target=self._look_after, daemon=True, name="nvpipe-scheduler")
                self._watcher.start()

    def _look_after(self) -> None:
        while not self._closed.wait(_LOOK_S):
            for room in self._rooms.values():
                with self._changed:
                    leaving = [] if self._closed.is_set() else room.look_after()
                self._end(room, leaving, evicted=True)

    def _end(self, room: Room, residents: Sequence[Resident], *, evicted: bool = False) -> None:
        """End processes outside of the lock, since it takes a while."""
        for resident in residents:
            process = self._processes.get(resident.number)
            if process is not None:
                process.end()
            with self._changed:
                room.ledger.left(resident)
                self._changed.notify_all()
            if evicted:
                self._costs.count(resident.key, evictions=1)

    def _await(self, room: Room, residents: Sequence[Resident]) -> None:
        """Wait until the memory of processes that have ended is back, or for as long as one waits for that."""
        with self._changed:
            room.ledger.state()
            while any(one in room.ledger.residents for one in residents):
                self._changed.wait(_LOOK_CLOSELY_S)
                room.ledger.state()

    def _returned(self, resident: Resident, seconds: float) -> None:
        process = self._processes.pop(resident.number, None)
        if process is not None:
            process.kill()
            self._costs.saw_peak(resident.key, process.peak_bytes)
        self._costs.count(resident.key, release_s=seconds)

    def _refuse_when_closed(self, spec: ModelSpec) -> None:
        if self._closed.is_set():
            raise InterruptedRunError(f"{spec.name} is no longer wanted: the run is ending")


@dataclass(frozen=True, slots=True)
class _Holding:
    """What a thread has leased: a model, or room for its own work."""

    name: str
    resident: Resident
    worker: Worker | None
    work: OwnWork | None = None


def _never() -> bool:
    return False

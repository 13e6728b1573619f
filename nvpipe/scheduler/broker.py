"""Leases for threads: asks the policy what to do, and does it with real processes."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType

from nvpipe.errors import InterruptedRunError, OutOfMemoryError
from nvpipe.scheduler import policy
from nvpipe.scheduler.device import Device
from nvpipe.scheduler.ledger import Ledger, Resident
from nvpipe.scheduler.process import ModelProcess
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
    lease another one, so that nobody waits for a model while keeping one from others.

    Args:
        device: whose memory is shared out.
        peaks: measured peaks of earlier runs.
        clock: seconds, for the time that memory takes to come back.
    """

    def __init__(
        self,
        device: Device,
        *,
        peaks: Peaks | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self._peaks = peaks
        self._clock = clock
        self._processes: dict[int, ModelProcess] = {}
        self._changed = threading.Condition()
        self._ledger = Ledger(device, clock, self._returned)
        self._stats: dict[str, ModelStats] = {}
        self._stored: dict[str, int] = {}
        """The peaks that were given to `peaks`, by model."""
        self._holding: dict[int, _Holding] = {}
        self._closed = False

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
            if holding.resident.key != spec.key:
                raise RuntimeError(f"end the lease of {holding.name} before {spec.name} is leased")
            yield holding.worker
            return
        resident, process = self._acquire(spec, cancelled or _never)
        worker = Worker(process)
        self._holding[me] = _Holding(spec.name, resident, worker)
        self._count(spec.key, leases=1)
        try:
            yield worker
        finally:
            del self._holding[me]
            worker.end_of_lease()
            self._give_back(spec, resident, process, proof=proof)

    def announce(self, specs: Sequence[ModelSpec]) -> None:
        """Say which models will be leased, in order; those needed last leave first."""
        with self._changed:
            self._ledger.announce([spec.key for spec in specs])

    def close(self) -> None:
        """End every process; whoever still waits or calls gets an error."""
        with self._changed:
            self._closed = True
            residents = [one for one in self._ledger.residents if one.phase != "leaving"]
            residents = self._ledger.leave([one.number for one in residents])
            self._changed.notify_all()
        self._end(residents)
        self._await(residents)

    @property
    def stats(self) -> dict[str, ModelStats]:
        """What each model cost so far, by its key."""
        with self._changed:
            return dict(self._stats)

    def estimate(self, spec: ModelSpec) -> Estimate:
        """What a model is counted with: what an earlier run measured, or else what is declared."""
        known = self._peaks.get(spec.key) if self._peaks is not None else None
        return spec.estimate if known is None else Estimate(known, "measured")

    def _acquire(self, spec: ModelSpec, cancelled: Callable[[], bool]) -> tuple[Resident, ModelProcess]:
        with self._changed:
            if spec.key not in self._stats:
                self._stats[spec.key] = ModelStats(spec.name, self.estimate(spec))
            stats = self._stats[spec.key]
            request = self._ledger.ask(spec.key, max(stats.estimate.bytes, stats.peak_memory_bytes))
        try:
            while True:
                resident, leaving = self._step(spec, request, cancelled)
                self._end(leaving, evicted=True)
                if resident is not None and resident.phase == "loading":
                    return resident, self._load(spec, resident, cancelled)
                if resident is not None:
                    return resident, self._processes[resident.number]
        finally:
            with self._changed:
                self._ledger.withdraw(request)
                self._changed.notify_all()

    def _step(
        self, spec: ModelSpec, request: policy.Request, cancelled: Callable[[], bool]
    ) -> tuple[Resident | None, list[Resident]]:
        """Do what the policy says for a request: the model that it gets, and the models that are to be ended."""
        with self._changed:
            self._refuse_when_closed(spec)
            if cancelled():
                raise InterruptedRunError(f"{spec.name} is no longer waited for")
            action = self._ledger.decide()[request.number]
            match action:
                case policy.Grant():
                    return self._ledger.grant(request, action.model), []
                case policy.Load():
                    return self._ledger.load(request), []
                case policy.Evict():
                    return None, self._ledger.leave(action.models)
                case policy.Refuse():
                    raise self._refusal(spec, request.bytes, action.obtainable_bytes)
                case policy.Wait():
                    self._changed.wait(_LOOK_S if action.until_s == math.inf else _LOOK_CLOSELY_S)
        return None, []

    def _load(self, spec: ModelSpec, resident: Resident, cancelled: Callable[[], bool]) -> ModelProcess:
        start_s = self._clock()
        process = None
        try:
            self._count(spec.key, loads=1)
            process = ModelProcess(spec, self.device.peak_bytes)
            with self._changed:
                self._processes[resident.number] = process
                resident.process = process
                self._refuse_when_closed(spec)
            process.open(spec, cancelled)
            with self._changed:
                self._refuse_when_closed(spec)
                self._ledger.loaded(resident)
        except BaseException:
            if process is not None:
                process.kill()
            with self._changed:
                self._ledger.left(resident)
            self._count(spec.key, failures=1)
            raise
        finally:
            self._count(spec.key, load_s=self._clock() - start_s)
        return process

    def _give_back(self, spec: ModelSpec, resident: Resident, process: ModelProcess, *, proof: bool) -> None:
        process.sample_peak()
        with self._changed:
            if process.alive:
                self._ledger.give_back(resident)
            elif resident.phase == "ready":
                self._ledger.left(resident)
                self._count(spec.key, failures=1)
            self._note_peak(spec.key, process.peak_bytes)
            worked = process.has_worked and not proof and process.peak_bytes > self._stored.get(spec.key, 0)
            if worked:
                self._stored[spec.key] = process.peak_bytes
            self._changed.notify_all()
        if worked and self._peaks is not None:
            self._peaks.put(spec.key, process.peak_bytes)

    def _end(self, residents: Sequence[Resident], *, evicted: bool = False) -> None:
        """End processes outside of the lock, since it takes a while."""
        for resident in residents:
            process = self._processes.get(resident.number)
            if process is not None:
                process.end()
            with self._changed:
                self._ledger.left(resident)
                self._changed.notify_all()
            if evicted:
                self._count(resident.key, evictions=1)

    def _await(self, residents: Sequence[Resident]) -> None:
        """Wait until the memory of processes that have ended is back, or for as long as one waits for that."""
        with self._changed:
            self._ledger.state()
            while any(one in self._ledger.residents for one in residents):
                self._changed.wait(_LOOK_CLOSELY_S)
                self._ledger.state()

    def _returned(self, resident: Resident, seconds: float) -> None:
        process = self._processes.pop(resident.number, None)
        if process is not None:
            process.kill()
            self._note_peak(resident.key, process.peak_bytes)
        self._count(resident.key, release_s=seconds)

    def _note_peak(self, key: str, peak_bytes: int) -> None:
        stats = self._stats[key]
        self._stats[key] = replace(stats, peak_memory_bytes=max(stats.peak_memory_bytes, peak_bytes))

    def _refuse_when_closed(self, spec: ModelSpec) -> None:
        if self._closed:
            raise InterruptedRunError(f"{spec.name} is no longer wanted: the run is ending")

    def _count(self, key: str, **more: float) -> None:
        with self._changed:
            stats = self._stats[key]
            self._stats[key] = replace(stats, **{name: getattr(stats, name) + value for name, value in more.items()})

    def _refusal(self, spec: ModelSpec, needed_bytes: int, obtainable_bytes: int) -> OutOfMemoryError:
        total_bytes = self.device.memory().total_bytes
        if self.device.limit_bytes is not None:
            total_bytes = min(total_bytes, self.device.limit_bytes)
        return OutOfMemoryError(
            f"{spec.name} needs {_gb(needed_bytes)}, {_gb(obtainable_bytes)} of {_gb(total_bytes)} are free",
            hint="close other programs or use a smaller model",
        )


@dataclass(frozen=True, slots=True)
class _Holding:
    """What a thread has leased."""

    name: str
    resident: Resident
    worker: Worker


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"


def _never() -> bool:
    return False

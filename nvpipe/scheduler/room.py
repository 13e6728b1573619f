"""One device of a scheduler: its books, its neighbours, and the work on it that is no model."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from nvpipe.errors import OutOfMemoryError
from nvpipe.scheduler import policy
from nvpipe.scheduler.device import Device
from nvpipe.scheduler.ledger import Ledger, Resident
from nvpipe.scheduler.own_work import OwnWork, OwnWorks
from nvpipe.scheduler.spec import Estimate, ModelSpec


@dataclass(slots=True)
class Room:
    """Not thread-safe: the scheduler's lock is held around every call."""

    device: Device
    ledger: Ledger
    _works: OwnWorks = field(init=False)

    def __post_init__(self) -> None:
        self._works = OwnWorks(self.device)

    def promise(self, request: policy.Request) -> Resident | None:
        """Promise memory to a request when there is still room once no neighbour can promise any; None otherwise."""
        with self.ledger.neighbours.exclusive() as mine:
            if mine and isinstance(self.ledger.decide()[request.number], policy.Load):
                return self.ledger.load(request)
        return None

    def begin(
        self, resident: Resident, name: str, estimate: Estimate, models: Callable[[], Collection[int]]
    ) -> OwnWork:
        """Own work begins; `models` tells the processes that are not its helpers, at every measuring."""
        work = self._works.begin(name, estimate, models())
        resident.measure = lambda: self._works.held_bytes(work, models())
        return work

    def end(self, resident: Resident, work: OwnWork) -> None:
        """Own work has ended."""
        if resident.measure is not None:
            resident.measure()
        self._works.end(work)
        self.ledger.drop(resident)

    def obtainable_bytes(self) -> int:
        """What is there for work, and what would be if all idle models left."""
        state = self.ledger.state()
        idle = (model for model in state.models if model.phase == "leaving" or not model.leased)
        return max(0, state.available_bytes + sum(model.bytes for model in idle))

    def look_after(self) -> list[Resident]:
        """Measure, tell the neighbours, and see which models are to be ended because neighbours need their memory."""
        actions = self.ledger.decide()
        self.ledger.post()
        gone = {
            number
            for request, action in actions.items()
            if request < 0 and isinstance(action, policy.Evict)
            for number in action.models
        }
        return self.ledger.leave(sorted(gone)) if gone else []


def refusal(spec: ModelSpec, device: Device, needed_bytes: int, obtainable_bytes: int) -> OutOfMemoryError:
    """Why something is not admitted, with numbers."""
    total_bytes = device.memory().total_bytes
    hint = "close other programs or use a smaller model"
    if device.limit_bytes is not None and device.limit_bytes < total_bytes:
        total_bytes = device.limit_bytes
        hint = "raise --vram or use a smaller model"
    return OutOfMemoryError(
        f"{spec.name} needs {_gb(needed_bytes)}, {_gb(obtainable_bytes)} of {_gb(total_bytes)} are free", hint=hint
    )


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"

"""What the models cost each of several jobs that use them by turns."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from nvpipe.pipeline.models import Models
    from nvpipe.scheduler import ModelSpec, ModelStats, Scheduler, Worker
    from nvpipe.scheduler.own_work import OwnWork


class JobModels:
    """The run's models as one job sees them: the same processes, its own costs.

    Args:
        models: the run's.
        cancelled: whether nobody wants them any more.
    """

    def __init__(self, models: Models, cancelled: Callable[[], bool]) -> None:
        self._models = models
        self._cancelled = cancelled
        self._view: _View | None = None

    def scheduler(self) -> Scheduler:
        if self._view is None:
            self._view = _View(self._models.scheduler(), self._cancelled)
        return cast("Scheduler", self._view)

    @property
    def stats(self) -> dict[str, ModelStats]:
        """What each model cost this job so far, by its key; the peak is that of the run."""
        return {} if self._view is None else dict(self._view.costs)

    def vision(self, *args: Any, **more: Any) -> AbstractContextManager[OwnWork]:
        """Memory for pictures, as the run has it."""
        return self._models.vision(*args, **more)

    def close(self) -> None:
        """The run closes them."""


class _View:
    """A scheduler whose leases are counted for one job."""

    def __init__(self, scheduler: Scheduler, cancelled: Callable[[], bool]) -> None:
        self._scheduler = scheduler
        self._cancelled = cancelled
        self.costs: dict[str, ModelStats] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scheduler, name)

    @contextmanager
    def lease(self, spec: ModelSpec, **how: Any) -> Iterator[Worker]:
        before = self._scheduler.stats.get(spec.key)
        try:
            with self._scheduler.lease(spec, **{"cancelled": self._cancelled, **how}) as worker:
                # Nobody else loads it between our asking and our having it, but somebody may have before.
                self._add(spec.key, before, leases=1)
                before = self._scheduler.stats.get(spec.key)
                yield worker
        finally:
            self._add(spec.key, before, leases=0)

    def _add(self, key: str, before: ModelStats | None, *, leases: int) -> None:
        now = self._scheduler.stats.get(key)
        if now is None:
            return
        nothing = replace(now, loads=0, evictions=0, failures=0, load_s=0.0, release_s=0.0, leases=0)
        base, own = before or nothing, self.costs.get(key, nothing)
        self.costs[key] = replace(
            own,
            loads=own.loads + now.loads - base.loads,
            evictions=own.evictions + now.evictions - base.evictions,
            failures=own.failures + now.failures - base.failures,
            load_s=own.load_s + now.load_s - base.load_s,
            release_s=own.release_s + now.release_s - base.release_s,
            leases=own.leases + leases,
            peak_memory_bytes=now.peak_memory_bytes,
        )

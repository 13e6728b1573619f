"""The run's one scheduler of models, made when the first model is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nvpipe.scheduler import ModelStats, Scheduler


def used_since(before: Mapping[str, ModelStats], now: Mapping[str, ModelStats]) -> list[ModelStats]:
    """What the models that were used between two looks at a run's have cost there; the peak is that of the run."""
    found = []
    for key, stats in now.items():
        earlier = before.get(key)
        if earlier is None:
            found.append(stats)
        elif (earlier.leases, earlier.loads) != (stats.leases, stats.loads):
            found.append(
                replace(
                    stats,
                    loads=stats.loads - earlier.loads,
                    evictions=stats.evictions - earlier.evictions,
                    failures=stats.failures - earlier.failures,
                    load_s=stats.load_s - earlier.load_s,
                    release_s=stats.release_s - earlier.release_s,
                    leases=stats.leases - earlier.leases,
                )
            )
    return found


class Models:
    """Gives the scheduler, and ends its processes when closed.

    Args:
        storage: where measured peaks are kept.
        warn: told when they cannot be read or written.
    """

    def __init__(self, storage: Path, warn: Callable[[str], None] | None = None) -> None:
        self._storage = storage
        self._warn = warn
        self._scheduler: Scheduler | None = None

    def scheduler(self) -> Scheduler:
        if self._scheduler is None:
            from nvpipe.cache.stages import StageStore
            from nvpipe.pipeline.peaks import StoredPeaks
            from nvpipe.scheduler import CpuDevice, Scheduler

            store = StageStore(self._storage, self._warn or (lambda _: None))
            self._scheduler = Scheduler(CpuDevice(), peaks=StoredPeaks(store))
        return self._scheduler

    @property
    def stats(self) -> dict[str, ModelStats]:
        """What each model cost so far, by its key."""
        return self._scheduler.stats if self._scheduler else {}

    def close(self) -> None:
        if self._scheduler is not None:
            self._scheduler.close()

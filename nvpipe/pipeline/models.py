"""The run's one scheduler of models, made when the first model is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nvpipe.scheduler import ModelStats, Scheduler


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

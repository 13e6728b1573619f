"""The run's one scheduler, made when the first model or the first pictures are to have memory."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from nvpipe.errors import BackendUnavailableError, OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from nvpipe.scheduler import Device, ModelSpec, ModelStats, Scheduler
    from nvpipe.scheduler.own_work import OwnWork

ON_CARD_BYTES = 1536 << 20
"""Declared for pictures on a card, until they are measured: a context, surfaces to decode into, frames to compose."""


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


def vision_spec(stage: str, workers: int, each_bytes: int, size_px: tuple[int, int], device: str = "") -> ModelSpec:
    """What making or watching pictures takes.

    Args:
        stage: which of it: analysis, compose, render.
        workers: processes that share it.
        each_bytes: declared for each of them.
        size_px: of the pictures; (0, 0) for those of any footage.
        device: the card that does it; "" is the CPU.
    """
    from nvpipe.scheduler import Estimate, ModelSpec

    declared_bytes = ON_CARD_BYTES if device else workers * each_bytes
    arguments = {"workers": workers, "width_px": size_px[0], "height_px": size_px[1]}
    return ModelSpec(f"vision {stage}", "", arguments, Estimate(declared_bytes), device=device)


def devices(limit_bytes: int | None, *, card: bool = True) -> list[Device]:
    """The devices of this machine: the CPU, which every machine has, and the first card where there is one.

    Args:
        limit_bytes: what models may take of the card, or of the RAM where there is no card.
        card: whether a card may be used.
    """
    from nvpipe.scheduler import CpuDevice
    from nvpipe.scheduler.gpu import GpuDevice

    if not card:
        return [CpuDevice(limit_bytes=limit_bytes)]
    try:
        return [CpuDevice(), GpuDevice.open(limit_bytes=limit_bytes)]
    except BackendUnavailableError:
        return [CpuDevice(limit_bytes=limit_bytes)]


class Models:
    """Gives the scheduler, and ends its processes when closed.

    Args:
        storage: where measured peaks are kept.
        warn: told when they cannot be read or written.
        vram: the most that models and pictures may take, as a size; "" is as much as there is.
        card: whether a card may be used.
    """

    def __init__(
        self, storage: Path, warn: Callable[[str], None] | None = None, vram: str = "", *, card: bool = True
    ) -> None:
        self._card = card
        self._storage = storage
        self._warn = warn or (lambda _: None)
        self._vram = vram
        self._making = threading.Lock()
        self._scheduler: Scheduler | None = None

    def scheduler(self) -> Scheduler:
        with self._making:
            if self._scheduler is None:
                self._scheduler = self._made()
            return self._scheduler

    def _made(self) -> Scheduler:
        from nvpipe.cache.stages import StageStore
        from nvpipe.pipeline.peaks import StoredPeaks
        from nvpipe.scheduler import Scheduler
        from nvpipe.scheduler.neighbours import FileNeighbours, folder_of
        from nvpipe.settings import parse_size

        def neighbours(device: Device) -> FileNeighbours:
            return FileNeighbours(folder_of(device.place), self._warn)

        first, *beside = devices(parse_size(self._vram) if self._vram else None, card=self._card)
        peaks = StoredPeaks(StageStore(self._storage, self._warn))
        return Scheduler(first, beside=beside, peaks=peaks, neighbours=neighbours)

    @contextmanager
    def vision(
        self,
        stage: str,
        workers: int | None,
        most: int,
        each_bytes: int,
        size_px: tuple[int, int] = (0, 0),
        device: str = "",
    ) -> Iterator[OwnWork]:
        """Memory for pictures; its `workers` says how many processes may share the work.

        Args:
            stage: analysis, compose or render.
            workers: as many as the user asked for; None is up to `most`, as memory allows.
            most: what the work and the cores allow.
            each_bytes: declared for each of them.
            size_px: of the pictures that are made.
            device: the card that does it; "" is the CPU.

        Raises:
            OutOfMemoryError: there is less than one of them needs, and the user has set the limit, or it is a card's.
            InterruptedRunError: the run is ending.
        """
        scheduler = self.scheduler()
        if not scheduler.has(device):
            # A card that NVML does not show cannot be shared out.
            device = ""
        if workers is None:
            workers = max(1, min(most, scheduler.obtainable_bytes(device) // each_bytes))
        spec = vision_spec(stage, workers, each_bytes, size_px, device)
        with ExitStack() as stack:
            try:
                work = stack.enter_context(scheduler.hold(spec))
            except OutOfMemoryError as error:
                if device or self._vram:
                    raise
                # The kernel may find what it does not call available; a run that needs little was never refused.
                from nvpipe.scheduler.own_work import OwnWork

                self._warn(f"{error.message}; it is tried with what there is")
                work = OwnWork(spec.name, spec.estimate)
            work.workers = workers
            yield work

    @property
    def stats(self) -> dict[str, ModelStats]:
        """What each model cost so far, by its key."""
        return self._scheduler.stats if self._scheduler else {}

    def close(self) -> None:
        if self._scheduler is not None:
            self._scheduler.close()

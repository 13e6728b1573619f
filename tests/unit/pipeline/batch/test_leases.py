"""Each of several jobs is told what the models cost it, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from nvpipe.pipeline.batch.leases import JobModels
from nvpipe.pipeline.models import Models
from nvpipe.scheduler import Estimate, ModelSpec, ModelStats, Worker

SPEC = ModelSpec("llama", "nowhere:open", {}, Estimate(5))
OTHER = ModelSpec("Kokoro", "nowhere:open", {}, Estimate(3))


class Loading:
    """A scheduler that loads a model at its first lease."""

    def __init__(self) -> None:
        self.stats: dict[str, ModelStats] = {}
        self.asked: list[Any] = []

    @contextmanager
    def lease(self, spec: ModelSpec, *, cancelled: Any = None, proof: bool = False) -> Iterator[Worker]:
        self.asked.append(cancelled)
        now = self.stats.get(spec.key) or ModelStats(spec.name, spec.estimate)
        self.stats[spec.key] = replace(now, loads=max(1, now.loads), leases=now.leases + 1, peak_memory_bytes=9)
        yield cast(Worker, None)


class Run:
    """A run's models."""

    def __init__(self) -> None:
        self.one = Loading()

    def scheduler(self) -> Loading:
        return self.one


def test_the_first_pays_for_the_load_and_each_for_its_leases() -> None:
    run = Run()
    first, second = (JobModels(cast(Models, run), lambda: False) for _ in range(2))
    for one, spec in ((first, SPEC), (second, SPEC), (second, SPEC), (second, OTHER)):
        with one.scheduler().lease(spec):
            pass
    assert {key: (stats.loads, stats.leases) for key, stats in first.stats.items()} == {SPEC.key: (1, 1)}
    assert {key: (stats.loads, stats.leases) for key, stats in second.stats.items()} == {
        SPEC.key: (0, 2),
        OTHER.key: (1, 1),
    }
    assert second.stats[SPEC.key].peak_memory_bytes == 9


def test_a_run_that_stops_cancels_who_waits() -> None:
    run, stopped = Run(), False
    models = JobModels(cast(Models, run), lambda: stopped)
    with models.scheduler().lease(SPEC, proof=True):
        pass
    stopped = True
    assert run.one.asked[0]() is True

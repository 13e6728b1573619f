"""A job's log: what its stages and the models that work for them cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nvpipe.pipeline.models import used_since
from nvpipe.pipeline.reporter import Silent
from nvpipe.pipeline.stages import JobLog, clear_device_caches
from nvpipe.scheduler import Estimate, ModelStats

HUGE_BYTES = 1 << 50
WRITER = ModelStats("llama", Estimate(1), loads=1, leases=1, peak_memory_bytes=HUGE_BYTES, load_s=2.0)
SPEAKER = ModelStats("Kokoro", Estimate(1), loads=1, leases=3, peak_memory_bytes=5, load_s=1.0)


class Run:
    """What the models of a run cost so far."""

    def __init__(self) -> None:
        self.stats: dict[str, ModelStats] = {}

    def log(self) -> JobLog:
        return JobLog("job", Silent(), None, lambda: dict(self.stats))


def test_a_stage_has_the_peak_of_the_models_that_worked_in_it() -> None:
    run = Run()
    log = run.log()
    with log.stage("script"):
        run.stats["a"] = WRITER
    with log.stage("narration"):
        pass
    peaks = {result.stage: result.peak_memory_bytes for result in log.results}
    assert peaks["script"] > HUGE_BYTES
    assert 0 < peaks["narration"] < HUGE_BYTES


def test_a_job_has_the_models_that_it_used_and_no_others() -> None:
    run = Run()
    first = run.log()
    assert first.models() == []
    run.stats |= {"a": WRITER, "b": SPEAKER}
    assert [used.name for used in first.models()] == ["llama", "Kokoro"]
    second = run.log()
    assert second.models() == []
    run.stats["b"] = replace(SPEAKER, leases=4)
    assert second.models() == [replace(SPEAKER, loads=0, leases=1, load_s=0.0)]


def test_a_load_that_failed_counts() -> None:
    failed = replace(WRITER, loads=2, failures=1, load_s=3.5)
    (used,) = used_since({"a": WRITER}, {"a": failed})
    assert (used.loads, used.failures, used.load_s) == (1, 1, 1.5)


class Torch:
    """torch on a machine with a card, as far as caches go."""

    def __init__(self, *, available: bool, used: bool) -> None:
        self.cuda = self
        self._available, self._used = available, used
        self.emptied = 0

    def is_available(self) -> bool:
        return self._available

    def is_initialized(self) -> bool:
        return self._used

    def empty_cache(self) -> None:
        self.emptied += 1


@pytest.mark.parametrize(("available", "used", "emptied"), [(True, True, 1), (True, False, 0), (False, False, 0)])
def test_a_cards_caches_are_cleared_only_where_it_was_used(*, available: bool, used: bool, emptied: int) -> None:
    torch = Torch(available=available, used=used)
    clear_device_caches(torch)
    assert torch.emptied == emptied

"""How a batch is cut into waves, and whether the disk has room for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.cache.stages import StageStore
from nvpipe.errors import OutputError
from nvpipe.pipeline.batch.space import RESERVE_BYTES, hindered, short_bytes
from nvpipe.pipeline.batch.waves import SMALL_WAVE, sizes_of, wants_models, waves_of
from nvpipe.pipeline.jobs import JobRequest
from nvpipe.pipeline.models import Models
from nvpipe.pipeline.reading import Job
from nvpipe.scheduler.waves import Need, Step, plan_waves
from nvpipe.settings import Settings

SETTINGS = Settings(storage=Path("cache"))
ROOM_BYTES = 10


def job(settings: Settings = SETTINGS) -> Job:
    return Job(JobRequest("a.md", settings), None, "a", None)


def test_models_are_wanted_where_they_are_named_and_not_excluded() -> None:
    assert not wants_models(SETTINGS)
    assert wants_models(replace(SETTINGS, llama="x.gguf"))
    assert not wants_models(replace(SETTINGS, llama="x.gguf", writer="extractive"))
    assert wants_models(replace(SETTINGS, kokoro="folder", llama="x.gguf", writer="extractive"))
    assert not wants_models(replace(SETTINGS, kokoro="folder", narration=Path("a.wav"), script=Path("a.txt")))


def test_without_models_waves_are_only_for_the_disk(tmp_path: Path) -> None:
    sizes, together = waves_of([job()] * 40, Models(tmp_path), StageStore(tmp_path, lambda _: None))
    assert (sizes, together) == ([SMALL_WAVE, SMALL_WAVE, 8], False)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=12),
    st.floats(1, 4000),
    st.integers(4, 16),
)
def test_every_job_is_in_one_wave(kinds: list[tuple[bool, bool, bool]], seconds: float, llama_bytes: int) -> None:
    steps = []
    for place, (writes, speaks, renders) in enumerate(kinds):
        own = [Step(place, "script", "llama", seconds)] if writes else []
        own += [Step(place, "narration", "kokoro", seconds)] if speaks else []
        own += [Step(place, "render", "vision", seconds)] if renders else []
        steps.append(own)
    needs = {"llama": Need(llama_bytes, 5), "kokoro": Need(4, 2), "vision": Need(3, 0)}
    sizes = sizes_of(plan_waves(steps, needs, ROOM_BYTES), len(kinds))
    assert sum(sizes) == len(kinds)
    assert all(size > 0 for size in sizes)


def test_a_long_batch_is_left_between_jobs_where_models_cannot_stay() -> None:
    steps = [[Step(place, "script", "llama", 300), Step(place, "render", "vision", 300)] for place in range(40)]
    tight = plan_waves(steps, {"llama": Need(10, 5), "vision": Need(10, 5)}, ROOM_BYTES)
    assert len(sizes_of(tight, 40)) > 1
    roomy = plan_waves(steps[:5], {"llama": Need(1, 5), "vision": Need(1, 5)}, ROOM_BYTES)
    assert sizes_of(roomy, 5) == [5]


def test_jobs_that_fit_on_the_disk_are_let_through() -> None:
    size = short_bytes(SETTINGS)
    jobs = [job()] * 4
    free = RESERVE_BYTES + 2 * size + 2 * size
    found = hindered(jobs, Path("out"), 1, (), lambda _: free)
    assert list(found) == [2, 3]
    assert isinstance(found[2], OutputError)
    assert "out has" in found[2].line()
    assert not hindered(jobs, Path("out"), 1, (), lambda _: 10 * free)
    assert not hindered(jobs, Path("out"), 1, {"a"}, lambda _: 0), "they are made already"


def test_larger_pictures_and_rates_want_more_room() -> None:
    usual = short_bytes(SETTINGS)
    assert short_bytes(replace(SETTINGS, size="9:16,1:1")) > usual
    assert short_bytes(replace(SETTINGS, seconds=90)) > usual
    assert short_bytes(replace(SETTINGS, bitrate=100_000_000)) > 100_000_000 / 8 * SETTINGS.seconds

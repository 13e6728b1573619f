"""Waves: what is done together, how often models are loaded, and how long stages wait."""

from __future__ import annotations

import random

import pytest
from fakes.board import Board
from fakes.device import SimulatedClock, SimulatedDevice
from fakes.tenants import Nature, Street, Tenants, Use

from nvpipe.scheduler.waves import Need, Step, Wave, longest_wait_s, plan_waves, timed

NEEDS = {"llama": Need(5, 8.0), "kokoro": Need(2, 6.0), "vision": Need(4, 3.0)}
ALWAYS = 1e12


def batch(count: int) -> list[list[Step]]:
    stages = (("script", "llama", 12.0), ("narration", "kokoro", 4.0), ("render", "vision", 20.0))
    return [[Step(job, *stage) for stage in stages] for job in range(count)]


def loads(waves: tuple[Wave, ...]) -> int:
    return sum(len(wave.loads) for wave in waves)


def random_batch(rng: random.Random) -> tuple[list[list[Step]], dict[str, Need], int, float]:
    names = ("llama", "kokoro", "vision", "other")
    needs = {name: Need(rng.randint(1, 6), rng.uniform(0, 6)) for name in names}
    jobs = [
        [
            Step(job, name, name if rng.random() < 0.9 else "", rng.uniform(0, 9))
            for name in names
            if rng.random() < 0.8
        ]
        for job in range(rng.randint(0, 12))
    ]
    return jobs, needs, rng.randint(1, 20), rng.choice((ALWAYS, rng.uniform(1, 60)))


def test_what_fits_together_is_one_wave_in_which_stages_of_jobs_overlap():
    (wave,) = plan_waves(batch(10), NEEDS, 11)
    assert wave.models == wave.loads == ("llama", "kokoro", "vision")
    assert wave.end_s < sum(step.seconds for steps in batch(10) for step in steps) * 0.7


def test_each_model_is_loaded_once_when_nobody_minds_waiting():
    waves = plan_waves(batch(100), NEEDS, 7, longest_wait_s=ALWAYS)
    assert [wave.models for wave in waves] == [("llama", "kokoro"), ("vision",)]
    assert loads(waves) == 3


def test_a_long_wave_is_left_between_two_jobs_so_that_none_waits_too_long():
    waves = plan_waves(batch(100), NEEDS, 7, longest_wait_s=300)
    assert 3 < loads(waves) < 40
    assert longest_wait_s(waves, NEEDS) <= 300


def test_one_job_that_must_wait_for_a_load_is_not_refused_for_it():
    waves = plan_waves(batch(3), NEEDS, 5, longest_wait_s=0.5)
    assert longest_wait_s(waves, NEEDS) == 6.0


def test_a_model_that_is_there_already_is_not_loaded():
    (wave,) = plan_waves(batch(1), NEEDS, 11, resident=("llama",))
    assert wave.loads == ("kokoro", "vision")


def test_a_model_that_is_too_large_has_a_wave_of_its_own():
    waves = plan_waves(batch(2), NEEDS, 3)
    assert [wave.models for wave in waves] == [("llama",), ("kokoro",), ("vision",)]


def test_nothing_to_do_needs_no_wave():
    assert plan_waves([], NEEDS, 7) == plan_waves([[], []], NEEDS, 7) == ()


def test_stages_that_need_no_memory_are_done_beside():
    jobs = [[Step(0, "script", "", 1.0), Step(0, "render", "vision", 2.0)]]
    (wave,) = plan_waves(jobs, NEEDS, 4)
    assert (wave.models, len(wave.steps)) == (("vision",), 2)


@pytest.mark.parametrize("seed", range(60))
def test_every_plan_does_everything_once_in_order_within_memory_and_time(seed):
    jobs, needs, room, limit_s = random_batch(random.Random(seed))
    waves = plan_waves(jobs, needs, room, longest_wait_s=limit_s)
    done = [step for wave in waves for step in wave.steps]
    assert sorted(done, key=lambda one: (one.job, one.stage)) == sorted(
        (step for steps in jobs for step in steps), key=lambda one: (one.job, one.stage)
    )
    for steps in jobs:
        assert [one for one in done if steps and one.job == steps[0].job] == steps
    for wave in waves:
        assert len(wave.models) <= 1 or sum(needs[name].bytes for name in wave.models) <= room
        assert set(wave.loads) <= set(wave.models)
        assert {step.model for step in wave.steps} - {""} <= set(wave.models)
    assert loads(waves) <= len(needs) * len(waves)
    alone = max(
        (longest_wait_s(plan_waves([steps], needs, room, longest_wait_s=ALWAYS), needs) for steps in jobs),
        default=0.0,
    )
    # A wait of one job alone depends on what the jobs before it have left in memory.
    most = max(limit_s, alone + sum(need.load_s for need in needs.values()))
    assert longest_wait_s(waves, needs) <= most + 1e-6
    ends: dict[int, float] = {}
    for one in timed(waves, needs):
        assert one.start_s >= ends.get(one.step.job, 0.0) - 1e-9
        ends[one.step.job] = one.end_s


@pytest.mark.parametrize("seed", range(25))
def test_a_broker_loads_no_model_twice_in_a_wave(seed):
    # The real ledger and policy do what was planned, on a device whose memory comes back late.
    rng = random.Random(seed)
    jobs, needs, room, limit_s = random_batch(rng)
    room = max(room, max(need.bytes for need in needs.values()))
    waves = plan_waves(jobs, needs, room, longest_wait_s=limit_s)
    device = SimulatedDevice(SimulatedClock(), room)
    nature = Nature(lag_s=rng.uniform(0, 3))
    sizes = {name: need.bytes for name, need in needs.items()}
    tenants = Tenants(device, sizes, [], nature, Board().member("only"))
    for wave in waves:
        lanes = [
            [Use(name, 0.0, needs[name].load_s, step.seconds) for step in wave.steps if step.model == name]
            for name in wave.models
        ]
        before = sum(tenants.outcome.loads.values())
        tenants.add(lanes)
        tenants.ledger.announce([step.model for step in wave.steps if step.model])
        Street([tenants], nature).run(device.clock() + 10_000)
        assert sum(tenants.outcome.loads.values()) - before <= len(wave.models)
    assert sum(tenants.outcome.loads.values()) <= len(needs) * len(waves)
    assert tenants.outcome.refused == 0

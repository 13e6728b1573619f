"""Random schedules on a simulated device with accidents: what must never happen doesn't."""

from __future__ import annotations

import pytest
from fakes.device import SimulatedClock, SimulatedDevice
from fakes.tenants import Nature, Tenants, Use
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = ("llama", "kokoro", "vision", "other")


def world(
    total: int,
    needs: dict[str, int],
    schedules: list[list[Use]],
    nature: Nature | None = None,
    **device: float,
) -> Tenants:
    simulated = SimulatedDevice(SimulatedClock(), total, **device)  # type: ignore[arg-type]
    return Tenants(simulated, needs, schedules, nature or Nature())


def uses(*keys: str, start_s: float = 0.0) -> list[Use]:
    return [Use(key, start_s, 1.0, 2.0) for key in keys]


def test_models_that_all_fit_are_loaded_once_and_stay():
    tenants = world(10, {"llama": 5, "kokoro": 2}, [uses(*["llama", "kokoro"] * 5), uses(*["llama", "kokoro"] * 5)])
    outcome = tenants.run(1000)
    assert outcome.loads == {"llama": 1, "kokoro": 1}
    assert outcome.evictions == 0
    assert outcome.admitted == 20


def test_models_that_do_not_fit_together_take_turns():
    tenants = world(6, {"llama": 5, "kokoro": 2}, [uses("llama", "kokoro", "llama")], Nature(lag_s=2.0))
    outcome = tenants.run(1000)
    assert outcome.loads == {"llama": 2, "kokoro": 1}
    assert outcome.evictions == 2


def test_memory_that_never_comes_back_makes_others_leave_too():
    needs = {"llama": 6, "kokoro": 3, "vision": 3}
    schedule = [uses("kokoro", "vision"), uses("llama", start_s=30)]
    outcome = world(9, needs, schedule, Nature(leak_bytes=1)).run(1000)
    assert (outcome.admitted, outcome.refused, outcome.evictions) == (3, 0, 2)


def test_more_than_is_left_after_a_leak_is_refused():
    outcome = world(8, {"llama": 8, "kokoro": 3}, [uses("kokoro", "llama")], Nature(leak_bytes=1)).run(1000)
    assert (outcome.admitted, outcome.refused) == (1, 1)


@pytest.mark.parametrize("hides", [False, True])
def test_memory_that_comes_back_late_is_waited_for(hides):
    # Nobody else leaves for it, and nobody is refused.
    needs = {"kokoro": 2, "vision": 2, "llama": 6, "other": 8}
    schedule = [uses("kokoro", "vision", "llama", "other")]
    outcome = world(8, needs, schedule, Nature(lag_s=3.0, hides=hides)).run(1000)
    assert (outcome.admitted, outcome.refused) == (4, 0)
    assert outcome.evictions == 3
    assert outcome.loads == dict.fromkeys(needs, 1)


def test_a_request_that_needs_everything_is_not_passed_forever():
    # Two threads keep two small models busy without a pause; the large one comes in between.
    schedules = [uses(*["kokoro"] * 40), uses(*["vision"] * 40, start_s=0.5), uses("llama", start_s=5)]
    outcome = world(8, {"llama": 8, "kokoro": 2, "vision": 2}, schedules).run(1000)
    assert outcome.refused == 0
    assert max(outcome.waits_s) < 20


def test_a_limit_below_the_device_is_obeyed():
    needs = {"llama": 5, "kokoro": 2}
    outcome = world(100, needs, [uses("llama", "kokoro", "llama")], Nature(lag_s=1.0), limit_bytes=6).run(1000)
    assert outcome.evictions == 2


@pytest.mark.parametrize("accident", ["load fails", "dies at work", "dies idle"])
def test_after_an_accident_the_next_lease_loads_again(accident):
    schedule = [Use("llama", 0, 1, 1, accident), Use("llama", 0, 1, 1)]
    outcome = world(8, {"llama": 8}, [schedule], Nature(lag_s=3.0)).run(1000)
    assert outcome.loads == {"llama": 2}
    assert outcome.refused == 0


@st.composite
def worlds(draw: st.DrawFn) -> Tenants:
    total = draw(st.integers(4, 16))
    needs = {key: draw(st.integers(1, 12)) for key in KEYS}
    use = st.builds(
        Use,
        key=st.sampled_from(KEYS),
        start_s=st.floats(0, 30),
        load_s=st.floats(0, 4),
        work_s=st.floats(0, 4),
        accident=st.sampled_from(["none", "none", "none", "none", "load fails", "dies at work", "dies idle"]),
    )
    foreign = draw(st.lists(st.tuples(st.floats(0, 60), st.integers(0, 6)), max_size=2))
    nature = Nature(
        lag_s=draw(st.floats(0, 8)),
        hides=draw(st.booleans()),
        leak_bytes=draw(st.sampled_from([0, 0, 0, 1])),
        foreign=tuple(sorted(foreign)),
    )
    return world(
        total,
        needs,
        draw(st.lists(st.lists(use, min_size=1, max_size=5), min_size=1, max_size=4)),
        nature,
        limit_bytes=draw(st.one_of(st.none(), st.integers(2, 16))),
        reserve_bytes=draw(st.integers(0, 2)),
        release_limit_s=draw(st.floats(0.5, 6)),
    )


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_random_schedules_end_well(tenants: Tenants):
    asked = sum(len(lessee.uses) for lessee in tenants._lessees)
    outcome = tenants.run(2000)
    assert outcome.admitted + outcome.refused == asked

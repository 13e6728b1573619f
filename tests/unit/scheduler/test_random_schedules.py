"""Random schedules, each from a number: what must never happen doesn't, on devices of every nature."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fakes.device import SimulatedClock, SimulatedDevice
from fakes.tenants import Nature, Street, Tenants, Use
from fakes.worlds import World

CHUNKS = 10
IN_A_CHUNK = 1000
MANY = 20_000


def play(seeds: Sequence[int], brokers: int | None = None) -> dict[str, int]:
    """Play worlds; a failure tells its number."""
    seen = {"evictions": 0, "refused": 0, "admitted": 0, "out_of_memory": 0, "loads": 0}
    for seed in seeds:
        world = World(seed, brokers)
        try:
            world.play()
        except AssertionError as error:
            raise AssertionError(f"world {seed}: {error}") from error
        for one in world.tenants:
            for name in ("evictions", "refused", "admitted", "out_of_memory"):
                seen[name] += getattr(one.outcome, name)
            seen["loads"] += sum(one.outcome.loads.values())
    return seen


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_ten_thousand_random_schedules_end_well(chunk):
    seen = play(range(chunk * IN_A_CHUNK, (chunk + 1) * IN_A_CHUNK))
    # The worlds are rough enough for all of it to happen.
    assert all(count > IN_A_CHUNK // 50 for count in seen.values()), seen


@pytest.mark.slow
def test_many_more_with_several_brokers_end_well():
    for brokers in (1, 2, 3):
        play(range(100_000, 100_000 + MANY), brokers)


def test_what_two_brokers_want_at_once_is_given_to_one_after_the_other():
    from fakes.board import Board

    device, board = SimulatedDevice(SimulatedClock(), 8), Board()
    nature = Nature(lag_s=1.0)
    schedules = [[Use("llama", 0.0, 2.0, 5.0), Use("llama", 10.0, 2.0, 5.0)]]
    brokers = [Tenants(device, {"llama": 6}, schedules, nature, board.member(name)) for name in ("a", "b")]
    Street(brokers, nature).run(200)
    for one in brokers:
        assert (one.outcome.admitted, one.outcome.refused) == (2, 0)
        assert max(one.outcome.waits_s) > 0 or one is brokers[0]


def test_what_a_killed_broker_had_promised_is_free_again():
    from fakes.board import Board

    device, board = SimulatedDevice(SimulatedClock(), 8), Board()
    nature = Nature(lag_s=1.0)
    killed = Tenants(device, {"llama": 6}, [[Use("llama", 0.0, 50.0, 50.0)]], nature, board.member("a"), 5.0)
    other = Tenants(device, {"llama": 6}, [[Use("llama", 1.0, 1.0, 1.0)]], nature, board.member("b"))
    Street([killed, other], nature).run(200)
    assert (other.outcome.admitted, other.outcome.refused) == (1, 0)
    assert 4 < other.outcome.waits_s[0] < 8


def test_a_check_that_never_fails_would_prove_nothing():
    # A broker that does not hear of its neighbour promises what is not there, and the street sees it.
    device = SimulatedDevice(SimulatedClock(), 8)
    deaf = [Tenants(device, {"llama": 5}, [[Use("llama", 0.0, 2.0, 5.0)]], Nature()) for _ in range(2)]
    with pytest.raises(AssertionError, match="more are promised than there are"):
        Street(deaf, Nature()).run(200)

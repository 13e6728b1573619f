"""Random worlds for brokers: devices, models, threads and accidents, each from a number."""

from __future__ import annotations

import random

from fakes.board import Board
from fakes.device import SimulatedClock, SimulatedDevice
from fakes.tenants import Accident, Nature, Street, Tenants, Use

KEYS = ("llama", "kokoro", "vision", "other")
LIMIT_S = 2000.0
ACCIDENTS: tuple[Accident, ...] = ("load fails", "dies at work", "dies idle")


class World:
    """A device with one to three brokers on it.

    Args:
        seed: everything follows from it.
        brokers: how many; None for one or more as it comes.
    """

    def __init__(self, seed: int, brokers: int | None = None) -> None:
        rng = random.Random(seed)
        self._rng = rng
        total = rng.randint(4, 16)
        self.device = SimulatedDevice(
            SimulatedClock(),
            total,
            limit_bytes=rng.choice((None, None, rng.randint(2, 16))),
            reserve_bytes=rng.randint(0, 2),
            release_limit_s=rng.uniform(0.5, 6),
            tells_processes=rng.random() < 0.8,
            fragmented_bytes=rng.choice((0, 0, 0, 1, 2)),
        )
        self.needs = {key: rng.randint(1, 12) for key in KEYS}
        foreigners = rng.choice((0, 0, 1, 2, 3)) if self.device.tells_processes else 0
        self.nature = Nature(
            lag_s=rng.choice((0.0, rng.uniform(0, 8))),
            hides=rng.random() < 0.5,
            leak_bytes=rng.choice((0, 0, 0, 1)),
            foreign=tuple(sorted((rng.uniform(0, 60), rng.randint(0, 6)) for _ in range(foreigners))),
        )
        board = Board()
        count = brokers or rng.choice((1, 1, 1, 2, 2, 3))
        self.tenants = [
            Tenants(
                self.device,
                self.needs,
                [self._uses() for _ in range(rng.randint(1, 3))],
                self.nature,
                board.member(f"broker {number}") if count > 1 else None,
                rng.uniform(0, 40) if count > 1 and number and rng.random() < 0.3 else float("inf"),
            )
            for number in range(count)
        ]

    def play(self) -> None:
        """Play until every request has ended.

        Raises:
            AssertionError: something happened that must never happen.
        """
        Street(self.tenants, self.nature).run(LIMIT_S)
        for one in self.tenants:
            ended = one.outcome.admitted + one.outcome.refused
            killed = one.dies_at_s < float("inf")
            assert ended == one.asked or killed, f"{one.asked} requests, {ended} ended"
            assert max(one.outcome.waits_s, default=0.0) <= self.longest_wait_s(), "somebody starved"

    def longest_wait_s(self) -> float:
        """Nobody waits for longer than all leases of all brokers take one after the other, with memory's returns."""
        return self._leases_s + self._leases * (self.device.release_limit_s + self.nature.lag_s + 2)

    _leases_s = 0.0
    _leases = 0

    def _uses(self) -> list[Use]:
        rng = self._rng
        found = []
        for _ in range(rng.randint(1, 4)):
            accident = rng.choice(ACCIDENTS) if rng.random() < 0.3 else "none"
            use = Use(
                rng.choice(KEYS),
                rng.uniform(0, 30),
                rng.uniform(0, 4),
                rng.uniform(0, 4),
                accident,
                rng.random() < 0.15,
            )
            self._leases += 1
            self._leases_s += use.load_s + use.work_s
            found.append(use)
        return found

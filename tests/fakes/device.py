"""A device that is simulated whole: memory that comes back late or never, other tenants, processes that die."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from nvpipe.scheduler.device import Memory


class SimulatedClock:
    """Seconds that pass only when somebody lets them."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass(eq=False, slots=True)
class SimulatedProcess:
    """A process on the simulated device."""

    pid: int
    held_bytes: int = 0
    alive: bool = True
    gone_at_s: float = 0.0
    hides: bool = False
    """The device knows it no longer while its memory is still on the way back."""


class SimulatedDevice:
    """Memory with processes in it.

    Args:
        clock: what the time is.
        total_bytes: what it has.
        limit_bytes: what models may take together.
        reserve_bytes: what stays free.
        release_limit_s: how long returning memory should be waited for.
        tells_processes: whether it knows what each process holds.
        fragmented_bytes: of what it calls free, so much is in pieces that nobody can use.
    """

    name = place = "simulated"
    label = ""
    frees_at_exit = False

    def __init__(
        self,
        clock: SimulatedClock,
        total_bytes: int,
        *,
        limit_bytes: int | None = None,
        reserve_bytes: int = 0,
        release_limit_s: float = 5.0,
        tells_processes: bool = True,
        fragmented_bytes: int = 0,
    ) -> None:
        self.clock = clock
        self.total_bytes = total_bytes
        self.limit_bytes = limit_bytes
        self.reserve_bytes = reserve_bytes
        self.release_limit_s = release_limit_s
        self.tells_processes = tells_processes
        self.fragmented_bytes = fragmented_bytes
        self.foreign_bytes = 0
        self.leaked_bytes = 0
        self.processes: dict[int, SimulatedProcess] = {}
        self._pids = count(1000)

    def start(self) -> SimulatedProcess:
        """A new process, without memory."""
        process = SimulatedProcess(next(self._pids))
        self.processes[process.pid] = process
        return process

    def take(self, process: SimulatedProcess, held_bytes: int) -> bool:
        """The process wants to hold so much; False when the device has not got it."""
        more_bytes = held_bytes - process.held_bytes
        if more_bytes > self.memory().free_bytes - self.fragmented_bytes:
            return False
        process.held_bytes = held_bytes
        return True

    def foreigners(self, wanted_bytes: int) -> None:
        """Other programs hold so much from now on, or what they can get of it."""
        free_bytes = self.memory().free_bytes + self.foreign_bytes
        self.foreign_bytes = min(wanted_bytes, free_bytes)

    def end(self, process: SimulatedProcess, *, lag_s: float, hides: bool = False, leak_bytes: int = 0) -> None:
        """The process dies; its memory is back after `lag_s`, less what leaks."""
        leak_bytes = min(leak_bytes, process.held_bytes)
        self.leaked_bytes += leak_bytes
        process.held_bytes -= leak_bytes
        process.alive = False
        process.hides = hides
        process.gone_at_s = self.clock() + lag_s

    def occupied_bytes(self) -> int:
        """What processes hold, the dead ones too until their memory is back."""
        return sum(process.held_bytes for process in self.processes.values() if self._holds(process))

    def memory(self) -> Memory:
        free = self.total_bytes - self.foreign_bytes - self.leaked_bytes - self.occupied_bytes()
        return Memory(self.total_bytes, max(0, free))

    def used_bytes(self, pid: int) -> int:
        process = self.processes.get(pid)
        if not self.tells_processes or process is None or not self._holds(process):
            return 0
        return 0 if process.hides and not process.alive else process.held_bytes

    def peak_bytes(self, pid: int) -> int:
        return self.used_bytes(pid)

    def next_return_s(self) -> float:
        """When memory comes back next; infinite when none is on its way."""
        for pid in [one.pid for one in self.processes.values() if not self._holds(one)]:
            del self.processes[pid]
        coming = (one.gone_at_s for one in self.processes.values() if not one.alive and one.gone_at_s > self.clock())
        return min(coming, default=float("inf"))

    def _holds(self, process: SimulatedProcess) -> bool:
        return process.alive or self.clock() < process.gone_at_s

"""A card's memory as a device: asked from the parent through NVML, which needs no CUDA context."""

from __future__ import annotations

from pathlib import Path

from nvpipe.scheduler.device import RELEASE_LIMIT_S, RESERVE_BYTES, Memory
from nvpipe.scheduler.nvml import Card, open_card

FIRST_CARD = "cuda:0"
_HOSTS_PIDS = "pid:[4026531836]"
"""The first namespace of process ids (PROC_PID_INIT_INO of the kernel): there NVML's ids are ours."""


class GpuDevice:
    """Memory of one card.

    The driver takes a while to give memory back, and other programs take theirs at any time, so that everything is
    asked anew. In a container NVML tells other process ids than the container has; then loads are measured by what is
    free.

    Args:
        card: which card.
        index: CUDA's number of it.
        limit_bytes: what all models together may take.
        reserve_bytes: what is left free always.
        namespace: the link that tells in which namespace of process ids this process is.
    """

    release_limit_s = RELEASE_LIMIT_S
    frees_at_exit = False

    def __init__(
        self,
        card: Card,
        index: int = 0,
        *,
        limit_bytes: int | None = None,
        reserve_bytes: int = RESERVE_BYTES,
        namespace: Path = Path("/proc/self/ns/pid"),
    ) -> None:
        self._card = card
        self.name = f"cuda:{index}"
        self.label = f"{card.name}, driver {card.driver}"
        self.place = card.uuid
        self.limit_bytes = limit_bytes
        self.reserve_bytes = reserve_bytes
        self.tells_processes = _is_hosts(namespace) and None not in card.processes().values()
        self._peaks: dict[int, int] = {}

    @classmethod
    def open(cls, index: int = 0, *, limit_bytes: int | None = None) -> GpuDevice:
        """The card that CUDA calls `cuda:<index>`.

        Raises:
            BackendUnavailableError: there is no driver, or no such card.
        """
        return cls(open_card(index), index, limit_bytes=limit_bytes)

    def memory(self) -> Memory:
        return self._card.memory()

    def used_bytes(self, pid: int) -> int:
        used_bytes = self._card.processes().get(pid) or 0 if self.tells_processes else 0
        if used_bytes:
            self._peaks[pid] = max(used_bytes, self._peaks.get(pid, 0))
        return used_bytes

    def peak_bytes(self, pid: int) -> int:
        """The most that was seen: the driver keeps no peak, so it is as good as the looks are many."""
        self.used_bytes(pid)
        return self._peaks.get(pid, 0)

    def foreign(self, own: frozenset[int]) -> dict[int, int | None]:
        """Bytes of every process on the card that is none of these, by its id as the driver has it."""
        return {pid: used for pid, used in self._card.processes().items() if pid not in own}


def _is_hosts(namespace: Path) -> bool:
    try:
        return str(namespace.readlink()) == _HOSTS_PIDS
    except OSError:
        return False

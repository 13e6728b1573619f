"""Devices whose memory models share, and the one that every machine has: the CPU with its RAM."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

RESERVE_BYTES = 512 << 20
"""Left for the rest of the run and for the system's sudden needs."""
RELEASE_LIMIT_S = 10.0
_UNLIMITED_BYTES = 1 << 60
"""cgroup v1 says "no limit" with a number near 2^63."""


def cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores that this process may use, within its container's quota (cgroup version 2)."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (cgroup / "cpu.max").read_text().split()
        return max(1, min(found, round(int(quota) / int(period))))
    return found


@dataclass(frozen=True, slots=True)
class Memory:
    """What a device has, and what of it nobody uses at this moment."""

    total_bytes: int
    free_bytes: int


class Device(Protocol):
    """Memory with room for models. Everything is asked anew each time: other programs use it too."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def place(self) -> str:
        """Where the processes that share it meet; the same in all of them."""
        ...

    @property
    def label(self) -> str:
        """What measured peaks hold for, such as the card and its driver; "" where they hold anywhere."""
        ...

    @property
    def limit_bytes(self) -> int | None:
        """What all models together may take; None is whatever there is."""
        ...

    @property
    def reserve_bytes(self) -> int:
        """What is left free always."""
        ...

    @property
    def release_limit_s(self) -> float:
        """How long memory may take to come back after a process has ended."""
        ...

    @property
    def frees_at_exit(self) -> bool:
        """The memory of a process is back when the process has ended, not some time later."""
        ...

    @property
    def tells_processes(self) -> bool:
        """Whether it knows what each process holds; where not, loads are measured by what is free."""
        ...

    def memory(self) -> Memory: ...

    def used_bytes(self, pid: int) -> int:
        """What a process holds now, which `memory` therefore doesn't count as free; 0 when it is gone."""
        ...

    def peak_bytes(self, pid: int) -> int:
        """The most that a process has held; 0 when it is gone or the device doesn't know."""
        ...


class CpuDevice:
    """RAM: what the kernel says is available (MemAvailable), within the limits of this process's cgroups.

    Args:
        limit_bytes: what all models together may take.
        reserve_bytes: what is left free always.
        proc: where procfs is mounted.
        cgroups: where the cgroup hierarchies are mounted, version 2 or version 1.
    """

    name = place = "cpu"
    label = ""
    release_limit_s = RELEASE_LIMIT_S
    frees_at_exit = True
    tells_processes = True

    def __init__(
        self,
        *,
        limit_bytes: int | None = None,
        reserve_bytes: int = RESERVE_BYTES,
        proc: Path = Path("/proc"),
        cgroups: Path = Path("/sys/fs/cgroup"),
    ) -> None:
        self.limit_bytes = limit_bytes
        self.reserve_bytes = reserve_bytes
        self._proc = proc
        self._cgroups = cgroups

    def memory(self) -> Memory:
        """The machine's memory, or the tightest cgroup's around this process."""
        lines = _fields(self._proc / "meminfo")
        if "MemTotal" not in lines:
            page = os.sysconf("SC_PAGE_SIZE")
            lines = {"MemTotal": os.sysconf("SC_PHYS_PAGES") * page, "MemFree": os.sysconf("SC_AVPHYS_PAGES") * page}
        total, free = lines["MemTotal"], lines.get("MemAvailable", lines.get("MemFree", 0))
        for limit, used in self._cgroup_limits():
            total, free = min(total, limit), min(free, max(0, limit - used))
        return Memory(total, free)

    def used_bytes(self, pid: int) -> int:
        """Pages that are the process's own; the kernel can drop those of mapped files, so they count as available."""
        lines = _fields(self._proc / str(pid) / "status")
        if "RssAnon" in lines:
            return lines["RssAnon"] + lines.get("RssShmem", 0)
        return lines.get("VmRSS", 0)

    def peak_bytes(self, pid: int) -> int:
        """VmHWM: the largest resident size, mapped files included."""
        return _fields(self._proc / str(pid) / "status").get("VmHWM", 0)

    def _cgroup_limits(self) -> list[tuple[int, int]]:
        """Limit and what cannot be reclaimed, of every memory cgroup that this process is in."""
        found: list[tuple[int, int]] = []
        for mount, path, names in self._hierarchies():
            folder = mount / path.lstrip("/")
            # Inside of a container the path may be the host's, and the container's own cgroup the mount itself.
            if not folder.is_dir():
                folder = mount
            while True:
                limit, used = _whole_number(folder / names[0]), _whole_number(folder / names[1])
                if limit is not None and used is not None and limit < _UNLIMITED_BYTES:
                    found.append((limit, max(0, used - _reclaimable(folder / "memory.stat", names[2]))))
                if folder == mount:
                    break
                folder = folder.parent
        return found

    def _hierarchies(self) -> list[tuple[Path, str, tuple[str, str, str]]]:
        """Mount, path and file names for each hierarchy with a memory controller."""
        found = []
        for line in _text(self._proc / "self" / "cgroup").splitlines():
            number, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            if number == "0" and not controllers:
                found.append((self._cgroups, path, ("memory.max", "memory.current", "")))
            elif "memory" in controllers.split(","):
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
                found.append((self._cgroups / "memory", path, names))
        # A path above the root of the cgroup namespace cannot be followed from inside of it.
        return [(mount, "/" if ".." in Path(path).parts else path, names) for mount, path, names in found]


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""


def _fields(path: Path) -> dict[str, int]:
    """Lines such as "MemFree:  12 kB" of procfs, in bytes."""
    found = {}
    for line in _text(path).splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB" and words[0].isdigit():
            found[name] = int(words[0]) * 1024
    return found


def _whole_number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def _reclaimable(path: Path, prefix: str) -> int:
    """Cached file pages of a cgroup, which it gives up before it runs out."""
    total = 0
    for line in _text(path).splitlines():
        name, _, value = line.partition(" ")
        if name in {f"{prefix}inactive_file", f"{prefix}active_file"} and value.isdigit():
            total += int(value)
    return total

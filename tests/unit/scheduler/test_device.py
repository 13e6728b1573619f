"""The CPU device: what it reads from the kernel's files, of either cgroup version."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nvpipe.scheduler import CpuDevice, Memory

KIB = 1024
GIB = 1 << 30


@pytest.fixture
def system(tmp_path):
    """A /proc with 16 GiB, 12 of them available, and no cgroups."""
    write(
        tmp_path / "proc/meminfo",
        f"MemTotal: {16 * GIB // KIB} kB\nMemFree: 1 kB\nMemAvailable: {12 * GIB // KIB} kB\n",
    )
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def memory(system: Path) -> Memory:
    return CpuDevice(proc=system / "proc", cgroups=system / "cgroup").memory()


def cgroup(folder: Path, limit: str, used: int, *, cached: int = 0, version: int = 2) -> None:
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    prefix = "" if version == 2 else "total_"
    write(folder / names[0], f"{limit}\n")
    write(folder / names[1], f"{used}\n")
    write(folder / "memory.stat", f"anon 5\n{prefix}inactive_file {cached}\n{prefix}active_file 0\n")


def test_without_cgroups_it_is_what_the_kernel_says(system):
    assert memory(system) == Memory(16 * GIB, 12 * GIB)


def test_an_old_kernel_says_only_what_is_free(system):
    write(system / "proc/meminfo", "MemTotal: 100 kB\nMemFree: 40 kB\n")
    assert memory(system) == Memory(100 * KIB, 40 * KIB)


def test_without_procfs_the_system_is_asked(tmp_path):
    found = CpuDevice(proc=tmp_path / "nothing").memory()
    assert 0 < found.free_bytes <= found.total_bytes


@pytest.mark.parametrize("version", [1, 2])
def test_a_cgroup_gives_less(system, version):
    line, mount = ("0::/box", "cgroup") if version == 2 else ("4:cpu,memory:/box", "cgroup/memory")
    write(system / "proc/self/cgroup", f"9:pids:/elsewhere\n{line}\n")
    cgroup(system / mount / "box", str(4 * GIB), 3 * GIB, cached=GIB, version=version)
    assert memory(system) == Memory(4 * GIB, 2 * GIB)


def test_the_tightest_of_nested_cgroups_counts(system):
    write(system / "proc/self/cgroup", "0::/outer/inner\n")
    cgroup(system / "cgroup/outer", str(3 * GIB), 2 * GIB)
    cgroup(system / "cgroup/outer/inner", "max", GIB)
    assert memory(system) == Memory(3 * GIB, GIB)


def test_in_a_container_the_mount_is_the_cgroup(system):
    write(system / "proc/self/cgroup", "0::/docker/0123\n")
    cgroup(system / "cgroup", str(2 * GIB), GIB)
    assert memory(system) == Memory(2 * GIB, GIB)


def test_a_path_out_of_the_namespace_is_not_followed(system):
    write(system / "proc/self/cgroup", "0::/../../other\n")
    cgroup(system / "cgroup", str(2 * GIB), GIB)
    cgroup(system / "other", str(GIB), GIB)
    assert memory(system) == Memory(2 * GIB, GIB)


@pytest.mark.parametrize(("limit", "used"), [("9223372036854771712", 5), ("max", 5), ("", 5), ("-1", 5), ("x\0y", 5)])
def test_no_limit_is_no_limit(system, limit, used):
    write(system / "proc/self/cgroup", "4:memory:/box\n0::/box\nnonsense\n")
    cgroup(system / "cgroup/memory/box", limit, used, version=1)
    cgroup(system / "cgroup/box", limit, used)
    assert memory(system) == Memory(16 * GIB, 12 * GIB)


def test_a_cgroup_over_its_limit_has_nothing(system):
    write(system / "proc/self/cgroup", "0::/box\n")
    cgroup(system / "cgroup/box", str(GIB), 2 * GIB)
    assert memory(system).free_bytes == 0


def test_mapped_files_are_not_a_process_own_memory(system):
    write(
        system / "proc/7/status",
        "Name: x\nVmHWM: 900 kB\nVmRSS: 800 kB\nRssAnon: 100 kB\nRssFile: 650 kB\nRssShmem: 50 kB\n",
    )
    device = CpuDevice(proc=system / "proc")
    assert device.used_bytes(7) == 150 * KIB
    assert device.peak_bytes(7) == 900 * KIB
    assert device.used_bytes(8) == device.peak_bytes(8) == 0


def test_this_process_on_this_machine():
    device = CpuDevice()
    found = device.memory()
    assert 0 < found.free_bytes <= found.total_bytes
    assert 0 < device.used_bytes(os.getpid()) <= device.peak_bytes(os.getpid())

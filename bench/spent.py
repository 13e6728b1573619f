"""What processes take, by the kernel's own account of them (wait4): nothing else that runs on the machine counts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import NamedTuple

_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


class Spent(NamedTuple):
    """What one process and the children that it waited for took."""

    wall_s: float
    cpu_s: float
    """User and system."""
    peak_bytes: int
    """Resident memory of the largest of these processes at its largest."""


def measured(command: list[str]) -> Spent:
    """Run a command to its end; ends the benchmark when it fails."""
    start = time.perf_counter()
    return _waited(subprocess.Popen(command, stdout=subprocess.DEVNULL), start)


def measured_pipe(source: list[str], reader: list[str]) -> Spent:
    """Run two commands joined by a pipe and account for the second alone."""
    start = time.perf_counter()
    with subprocess.Popen(source, stdout=subprocess.PIPE) as writing:
        reading = subprocess.Popen(reader, stdin=writing.stdout, stdout=subprocess.DEVNULL)
        if writing.stdout is not None:
            writing.stdout.close()
        spent = _waited(reading, start)
        _waited(writing, start)
    return spent


def _waited(process: subprocess.Popen[bytes], start: float) -> Spent:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"exit code {process.returncode} of: {' '.join(map(str, process.args))}")  # type: ignore[arg-type]
    return Spent(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _MAXRSS_BYTES)

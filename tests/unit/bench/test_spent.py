"""What processes took."""

from __future__ import annotations

import sys

import pytest
from spent import measured, measured_pipe

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_cpu_seconds_and_memory_are_those_of_the_process() -> None:
    spent = measured([sys.executable, "-c", f"block = b'x' * 50_000_000\n{BUSY}"])
    assert 0.3 <= spent.cpu_s < 5
    assert spent.wall_s >= 0.3
    assert spent.peak_bytes > 50_000_000


def test_a_pipes_writer_does_not_count() -> None:
    writer = [sys.executable, "-c", f"{BUSY}\nprint('done')"]
    reader = [sys.executable, "-c", "import sys; assert sys.stdin.read() == 'done\\n'"]
    assert measured_pipe(writer, reader).cpu_s < measured(writer).cpu_s


def test_a_failed_process_ends_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="exit code 3"):
        measured([sys.executable, "-c", "raise SystemExit(3)"])

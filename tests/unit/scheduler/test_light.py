"""What the scheduler imports: nothing of what the models need."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nvpipe.scheduler


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_scheduler_needs_no_model_library():
    loaded = loaded_by("from nvpipe.scheduler import Scheduler, Worker")
    assert "nvpipe.scheduler.process" in loaded
    assert not loaded & {"torch", "numpy", "llama_cpp", "kokoro", "av"}


def test_who_asks_for_free_memory_gets_no_processes():
    loaded = loaded_by("from nvpipe.scheduler.device import CpuDevice")
    assert not loaded & {"subprocess", "multiprocessing", "nvpipe.scheduler.broker"}


def test_every_public_name_is_there():
    assert all(getattr(nvpipe.scheduler, name).__name__ == name for name in nvpipe.scheduler.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = nvpipe.scheduler.nothing

"""Specs of small models, and a look at processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nvpipe.scheduler import Estimate, ModelSpec

MIB = 1 << 20


def spec_of(name: str = "tiny", *, mib: int = 200, opener: str = "Model", **arguments: Any) -> ModelSpec:
    return ModelSpec(name, f"fakes.models:{opener}", arguments, Estimate(mib * MIB))


@pytest.fixture
def spec() -> Callable[..., ModelSpec]:
    return spec_of


@pytest.fixture
def is_gone() -> Callable[[int], bool]:
    """Whether a process ends within a few seconds."""

    def gone(pid: int) -> bool:
        until_s = time.monotonic() + 10
        while time.monotonic() < until_s:
            status = Path(f"/proc/{pid}/stat")
            try:
                if status.read_text("utf-8").rpartition(")")[2].split()[0] == "Z":
                    return True
            except OSError:
                return True
            time.sleep(0.02)
        return False

    return gone

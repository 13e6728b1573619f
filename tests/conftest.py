"""What every test has: the fakes on the path, and GPU tests that cannot go green by skipping."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Tests assert behaviour, not time: on a busy machine the first example pays for imports.
settings.register_profile("nvpipe", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nvpipe")

sys.path.insert(0, str(Path(__file__).parent))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `gpu` need NVIDIA's driver."""
    if item.get_closest_marker("gpu") is None:
        return
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        reason = f"needs an NVIDIA GPU, and there is no driver: {error}"
        if os.environ.get("NVPIPE_REQUIRE_GPU") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

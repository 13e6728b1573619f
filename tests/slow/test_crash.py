"""`make crash`: the same as in tests/e2e/test_batch_crash.py, so often that rare moments come up too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from fakes.crashes import Yard

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("NVPIPE_CRASH_KILLS", "200"))
SEED = int(os.environ.get("NVPIPE_CRASH_SEED", "1"))


def test_killed_two_hundred_times_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    figures = Yard(tmp_path, SEED).kill_and_resume(KILLS)
    sys.stderr.write(f"\nseed {SEED}: {figures}\n")
    assert figures.kills == KILLS

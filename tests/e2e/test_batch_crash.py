"""A batch that is killed at any moment goes on where it stopped, and ends as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.crashes import Yard

pytestmark = pytest.mark.e2e
KILLS = 20
SEED = 7


def test_killed_at_random_moments_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    figures = Yard(tmp_path, SEED).kill_and_resume(KILLS)
    assert figures.kills == KILLS, figures

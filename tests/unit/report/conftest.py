"""A good short to hold against the rules and to break."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.shorts import Short, make_short


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_short(tmp_path_factory.mktemp("shorts") / "good.mp4", Short())

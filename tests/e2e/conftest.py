"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.cli import ARTICLE, Cli, make_clip


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.md"
    path.write_text(ARTICLE)
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twelve seconds of small landscape footage with sound and a burst of flashes."""
    return make_clip(tmp_path / "clip.mp4")

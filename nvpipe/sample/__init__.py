"""The article and the footage that `nvpipe run --sample` works on."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def sample_article() -> Path:
    """Path of the packaged article, Markdown of about 400 words."""
    return _packaged("article.md")


def sample_footage() -> Path:
    """Path of the packaged gameplay; FREEDOOM-NOTICE.txt beside it is its licence."""
    return _packaged("footage.mp4")


def _packaged(name: str) -> Path:
    """A file of this folder; wheels are installed unpacked, so it is one on disk."""
    return Path(str(files(__package__) / name))

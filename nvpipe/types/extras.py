"""What is drawn besides footage and captions, and where the cover image may come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TitleCard:
    """Text above the captions during `[0, end_s)`."""

    text: str
    end_s: float
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture in a corner of the safe area."""

    path: Path
    digest: str
    """Of the file's content."""
    position: str
    """`top-left`, `top-right`, `bottom-left` or `bottom-right`."""
    size: float
    """Longest side, in shorter sides of the frame."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What a user can ask to be drawn."""

    title: TitleCard | None = None
    logo: Logo | None = None
    progress_bar: bool = False


NOTHING = Extras()


@dataclass(frozen=True, slots=True)
class CoverHint:
    """Where to look for a cover image."""

    peak_s: float
    """When the most happens, in seconds of the output."""
    cuts_s: tuple[float, ...] = ()
    """Times at which the picture changes at once, rising; frames beside them may be blended."""

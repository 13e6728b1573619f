"""What captions look like: one table of styles, in pixels of a 1080x1920 frame."""

from __future__ import annotations

from dataclasses import dataclass

from nvpipe.errors import UsageError


@dataclass(frozen=True, slots=True)
class Ink:
    """A colour (sRGB, 0 to 255) and how much it covers what lies under it (0 to 1)."""

    red: int
    green: int
    blue: int
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Shadow:
    """A soft copy of the outlined text behind it; `blur_px` is the standard deviation."""

    ink: Ink
    blur_px: float
    offset_x_px: float = 0.0
    offset_y_px: float = 0.0


@dataclass(frozen=True, slots=True)
class WordBox:
    """The rounded rectangle behind the word that is spoken."""

    ink: Ink
    padding_x_px: float
    padding_y_px: float
    radius_px: float


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """Everything that tells one caption style from another; lengths are for a 1080x1920 frame."""

    name: str
    font: str
    """File name in `nvpipe/captions/fonts`; scripts it lacks are drawn in the fallback fonts."""
    size_px: float
    text: Ink
    active: Ink
    outline: Ink
    outline_px: float
    shadow: Shadow
    box: WordBox | None = None
    uppercase: bool = False
    words_per_cue: int = 3
    max_chars: int = 18
    """Most columns in a cue; an East Asian wide character takes two."""
    line_height: float = 1.16
    """Distance of baselines in font sizes."""
    word_space: float = 1.0
    """Factor on the font's own space."""
    centre_y: float = 0.65
    """Where the middle of the text block lies, in heights of the frame."""


_BLACK = Ink(0, 0, 0)
_WHITE = Ink(255, 255, 255)

_STYLES = (
    CaptionStyle(
        name="default",
        font="Montserrat_900Black.ttf",
        size_px=104,
        text=_WHITE,
        active=Ink(255, 214, 10),
        outline=_BLACK,
        outline_px=8,
        shadow=Shadow(Ink(0, 0, 0, 0.65), blur_px=9, offset_y_px=6),
    ),
    CaptionStyle(
        name="bold",
        font="Montserrat_900Black.ttf",
        size_px=128,
        text=_WHITE,
        active=Ink(57, 255, 110),
        outline=_BLACK,
        outline_px=12,
        shadow=Shadow(Ink(0, 0, 0, 0.8), blur_px=6, offset_x_px=4, offset_y_px=8),
        uppercase=True,
        words_per_cue=2,
        max_chars=13,
        line_height=1.08,
        centre_y=0.63,
    ),
    CaptionStyle(
        name="minimal",
        font="Inter_700Bold.ttf",
        size_px=64,
        text=Ink(200, 200, 200),
        active=_WHITE,
        outline=Ink(0, 0, 0, 0.85),
        outline_px=5,
        shadow=Shadow(Ink(0, 0, 0, 0.8), blur_px=12, offset_y_px=2),
        words_per_cue=5,
        max_chars=30,
        line_height=1.22,
        centre_y=0.68,
    ),
    CaptionStyle(
        name="highlight",
        font="Montserrat_900Black.ttf",
        size_px=96,
        text=_WHITE,
        active=_WHITE,
        outline=_BLACK,
        outline_px=7,
        shadow=Shadow(Ink(0, 0, 0, 0.6), blur_px=9, offset_y_px=5),
        box=WordBox(Ink(124, 58, 237), padding_x_px=18, padding_y_px=14, radius_px=20),
        words_per_cue=3,
        line_height=1.36,
        word_space=1.35,
    ),
)

STYLE_NAMES = tuple(entry.name for entry in _STYLES)


def style(name: str) -> CaptionStyle:
    """The style of that name.

    Raises:
        UsageError: there is none.
    """
    for entry in _STYLES:
        if entry.name == name:
            return entry
    raise UsageError(f"there is no caption style named {name!r}", hint=f"choose one of: {', '.join(STYLE_NAMES)}")

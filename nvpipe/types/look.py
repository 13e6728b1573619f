"""How captions look; lengths are for a 1080x1920 frame and are scaled to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
class CaptionBox:
    """A rounded rectangle behind the word that is spoken, or behind the whole block."""

    ink: Ink
    padding_x_px: float
    padding_y_px: float
    radius_px: float
    behind: Literal["word", "block"] = "word"


@dataclass(frozen=True, slots=True)
class Animation:
    """What moves.

    `fill`: the spoken word takes its colour from its first letter to its last while it is spoken. `pop`: the spoken
    word jumps up from `from_scale` to a little more than its size. `fade`: a new cue appears gradually.
    """

    kind: Literal["none", "fill", "pop", "fade"] = "none"
    duration_s: float = 0.2
    """Of `pop` and `fade`; `fill` takes as long as the word."""
    from_scale: float = 0.6
    overshoot: float = 0.08
    """How far `pop` goes beyond the word's size, as a share of it."""


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """Everything that tells one caption style from another."""

    name: str
    font: str
    """File name in `nvpipe/captions/fonts`; scripts it lacks are drawn in the fallback fonts."""
    size_px: float
    text: Ink
    """Of words to come."""
    active: Ink
    """Of the word that is spoken."""
    spoken: Ink
    """Of words that were spoken."""
    outline: Ink
    outline_px: float
    shadow: Shadow
    box: CaptionBox | None = None
    case: Literal["as written", "upper", "lower"] = "as written"
    words_per_cue: int = 3
    max_chars: int = 18
    """Most columns in a cue; an East Asian wide character takes two."""
    line_height: float = 1.16
    """Distance of baselines in font sizes."""
    word_space: float = 1.0
    """Factor on the font's own space."""
    centre_y: float = 0.65
    """Where the middle of the text block lies, in heights of the frame."""
    upcoming: Literal["shown", "hidden"] = "shown"
    """Whether words are seen before they are spoken."""
    animation: Animation = Animation()
    max_lines: int = 3

    @property
    def stretch(self) -> float:
        """The largest factor by which a word is drawn."""
        return 1 + self.animation.overshoot if self.animation.kind == "pop" else 1.0

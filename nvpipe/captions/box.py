"""Rectangles in pixels, and the part of the frame that no platform covers with its own buttons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, half-open: right and bottom edges lie outside."""

    left_px: int
    top_px: int
    right_px: int
    bottom_px: int

    @property
    def width_px(self) -> int:
        return self.right_px - self.left_px

    @property
    def height_px(self) -> int:
        return self.bottom_px - self.top_px

    def contains(self, other: Box) -> bool:
        """Whether `other` lies wholly inside."""
        return (
            self.left_px <= other.left_px
            and self.top_px <= other.top_px
            and self.right_px >= other.right_px
            and self.bottom_px >= other.bottom_px
        )


_REFERENCE_PX = (1080, 1920)
_DEFAULT = Box(60, 250, 900, 1460)
_STRICT = Box(120, 288, 888, 1248)


def safe_area(canvas_width_px: int, canvas_height_px: int, *, strict: bool = False) -> Box:
    """The area of a canvas that TikTok, Reels and Shorts leave free, scaled from 1080x1920."""
    area = _STRICT if strict else _DEFAULT
    across, down = canvas_width_px / _REFERENCE_PX[0], canvas_height_px / _REFERENCE_PX[1]
    return Box(
        round(area.left_px * across),
        round(area.top_px * down),
        round(area.right_px * across),
        round(area.bottom_px * down),
    )

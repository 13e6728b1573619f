"""A logo in a corner of the safe area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nvpipe.compose.extras import Patch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

POSITIONS = ("top-left", "top-right", "bottom-left", "bottom-right")

Edges = tuple[int, int, int, int]
"""Left, top, right and bottom of a rectangle in pixels, half-open."""


def place_logo(picture: Image, position: str, size: float, canvas_px: tuple[int, int], safe: Edges) -> Patch | None:
    """The logo where and as large as it is drawn.

    Args:
        picture: RGBA.
        position: one of POSITIONS.
        size: longest side in shorter sides of the canvas; made smaller where the safe area asks for it.
        canvas_px: width and height of the frame.
        safe: the safe area.

    Returns:
        None when nothing of it can be seen.
    """
    from PIL import Image as Images

    seen = picture.getchannel("A").getbbox()
    if seen is None:
        return None
    picture = picture.crop(seen)
    left, top, right, bottom = (_up(safe[0]), _up(safe[1]), _down(safe[2]), _down(safe[3]))
    longest = max(picture.size)
    scale = min(size * min(canvas_px) / longest, (right - left) / picture.width, (bottom - top) / picture.height)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    small = picture.resize((width, height), Images.Resampling.LANCZOS, reducing_gap=3.0)
    across, down = _up(width), _up(height)
    x = left if position.endswith("left") else right - across
    y = top if position.startswith("top") else bottom - down
    # An odd side leaves a clear column or row, which lies inside.
    padded = Images.new("RGBA", (across, down))
    padded.paste(small, (0 if position.endswith("left") else across - width, 0 if y == top else down - height))
    return _patch(np.asarray(padded), x, y)


def _patch(rgba: NDArray[np.uint8], x_px: int, y_px: int) -> Patch | None:
    """RGBA (sRGB) in limited-range BT.709 (ITU-R BT.709-6), 4:2:0, multiplied by its opacity."""
    unit = rgba.astype(np.float32) / np.float32(255)
    red, green, blue, alpha = (unit[:, :, channel] for channel in range(4))
    if not rgba[:, :, 3].any():
        return None
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    full = {
        "y": (16 + 219 * luma) * alpha,
        "u": (128 + 224 * (blue - luma) / 1.8556) * alpha,
        "v": (128 + 224 * (red - luma) / 1.5748) * alpha,
    }
    return Patch(
        x_px,
        y_px,
        y=_bytes(full["y"]),
        u=_bytes(_halved(full["u"])),
        v=_bytes(_halved(full["v"])),
        alpha=_bytes(alpha * 255),
        alpha_uv=_bytes(_halved(alpha) * 255),
    )


def _halved(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of 2x2 blocks."""
    rows = plane[::2] + plane[1::2]
    return (rows[:, ::2] + rows[:, 1::2]) * np.float32(0.25)


def _bytes(plane: NDArray[np.float32]) -> NDArray[np.uint8]:
    rounded: NDArray[np.uint8] = np.rint(plane).astype(np.uint8)
    return rounded


def _up(edge: int) -> int:
    return edge + edge % 2


def _down(edge: int) -> int:
    return edge - edge % 2

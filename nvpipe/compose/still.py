"""Still pictures that stand in for footage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.media.picture import read_picture
from nvpipe.media.safety import read_head

if TYPE_CHECKING:
    from pathlib import Path

    import av

LONGEST_PX = 3840
"""Larger pictures are made smaller first, as no output is larger."""
BT709, LIMITED, FULL = 1, 1, 2


def is_still(path: Path) -> bool:
    """Whether a file begins as a PNG, JPEG or WebP picture does.

    Raises:
        MediaError: it is missing, empty, unreadable or not a regular file.
    """
    head = read_head(path)
    return head.startswith((b"\x89PNG", b"\xff\xd8\xff")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read_still(path: Path) -> av.VideoFrame:
    """A picture, upright, as a yuv420p frame with BT.709 matrix and limited range; what is transparent is black.

    Raises:
        MediaError: it is missing, damaged, no picture or too large.
    """
    import av
    import numpy as np
    from PIL import Image

    picture = read_picture(path)
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture).convert("RGB")
    even = (max(2, picture.width - picture.width % 2), max(2, picture.height - picture.height % 2))
    if even != picture.size:
        picture = picture.resize(even)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
        format="yuv420p", dst_colorspace=BT709, src_color_range=FULL, dst_color_range=LIMITED
    )
    frame.colorspace, frame.color_range = BT709, LIMITED
    return frame

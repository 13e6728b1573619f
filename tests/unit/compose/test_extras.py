"""Title card, logo and progress bar on pictures."""

from __future__ import annotations

from itertools import pairwise

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from nvpipe.captions.draw import CaptionBitmap
from nvpipe.compose.extras import FADE_S, Card, Fixed, ProgressBar, opacity_at

SIZE = (108, 192)


def picture(luma: int = 120) -> av.VideoFrame:
    frame = av.VideoFrame(*SIZE, "yuv420p")
    for plane, value in zip(frame.planes, (luma, 128, 128), strict=True):
        np.frombuffer(memoryview(plane), np.uint8)[:] = value
    return frame


def luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return frame.to_ndarray()[: SIZE[1]]


def white(width: int = 40, height: int = 20) -> CaptionBitmap:
    full, half = (height, width), (height // 2, width // 2)
    return CaptionBitmap(
        10,
        30,
        y=np.full(full, 235, np.uint8),
        u=np.full(half, 128, np.uint8),
        v=np.full(half, 128, np.uint8),
        alpha=np.full(full, 255, np.uint8),
        alpha_uv=np.full(half, 255, np.uint8),
    )


def test_a_card_comes_and_goes_smoothly_and_is_whole_between() -> None:
    times = np.linspace(0, 3, 91)
    shown = [opacity_at(at_s, 3.0) for at_s in times]
    assert (shown[0], shown[-1]) == (0, 0)
    assert all(opacity == 1 for at_s, opacity in zip(times, shown, strict=True) if FADE_S <= at_s <= 3 - FADE_S)
    assert max(abs(after - before) for before, after in pairwise(shown)) < 0.2
    assert opacity_at(3.5, 3.0) == 0


def test_a_very_short_card_is_still_seen() -> None:
    assert opacity_at(0.1, 0.2) == 1


def test_a_card_draws_in_its_rectangle_while_it_lasts() -> None:
    card = Card(white(), 3.0)
    for at_s, value in ((1.5, 235), (0.0, 120), (3.0, 120), (99.0, 120)):
        frame = picture()
        card.draw(frame, at_s)
        assert (luma(frame)[30:50, 10:50] == value).all()
        outside = luma(frame).copy()
        outside[30:50, 10:50] = 120
        assert (outside == 120).all()


def test_a_half_faded_bitmap_meets_the_picture_halfway() -> None:
    frame = picture(35)
    Fixed(white().faded(0.5)).draw(frame, 0.0)
    assert abs(int(luma(frame)[40, 20]) - (35 + 235) / 2) <= 2
    chroma = frame.to_ndarray()[SIZE[1] :]
    assert np.abs(chroma.astype(int) - 128).max() <= 1


def test_the_bar_grows_from_nothing_to_the_whole_width() -> None:
    bar = ProgressBar(*SIZE, (200.0, 90.0, 150.0), 10.0)
    lengths = [bar.filled_px(at_s) for at_s in np.linspace(0, 10, 50)]
    assert (lengths[0], lengths[-1], bar.filled_px(11.0)) == (0, SIZE[0], SIZE[0])
    assert lengths == sorted(lengths)
    assert not any(length % 2 for length in lengths)


@pytest.mark.parametrize("at_s", [0.0, 5.0, 10.0])
def test_the_bar_has_its_colour_and_touches_nothing_above_it(at_s: float) -> None:
    frame = picture()
    bar = ProgressBar(*SIZE, (200.0, 90.0, 150.0), 10.0)
    bar.draw(frame, at_s)
    rows = luma(frame)
    assert (rows[:-4] == 120).all()
    filled = bar.filled_px(at_s)
    assert (rows[-4:, :filled] == 200).all()
    assert (rows[-4:, filled:] < 100).all()
    assert (np.frombuffer(memoryview(frame.planes[2]), np.uint8).reshape(-1, frame.planes[2].line_size)[
        -2:, : filled // 2] == 150).all()  # fmt: skip

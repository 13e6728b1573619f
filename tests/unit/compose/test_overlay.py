"""Captions blended into pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import av
import numpy as np
from numpy.typing import NDArray

from nvpipe.compose.overlay import CaptionOverlay, Stamp, blend
from nvpipe.types import CaptionTrack, Cue

Plane = NDArray[np.uint8]


@dataclass
class Patch:
    """A bitmap of one colour and opacity."""

    x_px: int
    y_px: int
    y: Plane
    u: Plane
    v: Plane
    alpha: Plane
    alpha_uv: Plane


def patch(luma: int, alpha: int, x: int = 8, y: int = 12, width: int = 20, height: int = 10) -> Patch:
    def full(value: float) -> Plane:
        return np.full((height, width), round(value), np.uint8)

    def half(value: float) -> Plane:
        return np.full((height // 2, width // 2), round(value), np.uint8)

    share = alpha / 255
    return Patch(x, y, full(luma * share), half(128 * share), half(128 * share), full(alpha), half(alpha))


def picture(luma: int = 50) -> av.VideoFrame:
    frame = av.VideoFrame(64, 48, "yuv420p")
    for plane, value in zip(frame.planes, (luma, 90, 170), strict=True):
        np.frombuffer(memoryview(plane), np.uint8)[:] = value
    return frame


class OnePatch:
    def __init__(self) -> None:
        self.painted: list[Cue] = []

    def paint(self, cue: Cue, at_s: float) -> Patch:
        self.painted.append(cue)
        return patch(235, 255)


def luma(frame: av.VideoFrame) -> Plane:
    return frame.to_ndarray()[:48]


def test_only_the_rectangle_is_touched() -> None:
    frame = picture()
    blend(frame, patch(235, 255))
    after = luma(frame)
    assert (after[12:22, 8:28] == 235).all()
    outside = np.ones_like(after, bool)
    outside[12:22, 8:28] = False
    assert (after[outside] == 50).all()


def test_a_clear_bitmap_changes_nothing_and_a_half_one_meets_halfway() -> None:
    frame = picture()
    blend(frame, patch(235, 0))
    assert (frame.to_ndarray() == picture().to_ndarray()).all()
    blend(frame, patch(235, 128))
    assert abs(int(luma(frame)[15, 15]) - (50 * 127 + 235 * 128) / 255) <= 1


def test_every_mix_of_bytes_is_rounded_right() -> None:
    frame = av.VideoFrame(256, 256, "yuv420p")
    values = np.arange(256, dtype=np.uint8)
    np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(256, -1)[:, :256] = values
    zero = np.zeros((256, 256), np.uint8)
    alpha = np.repeat(values[:, None], 256, axis=1)
    small = np.zeros((128, 128), np.uint8)
    blend(frame, Patch(0, 0, zero, small, small, alpha, small))
    exact = values[None, :] * (255 - values[:, None].astype(float)) / 255
    assert np.abs(frame.to_ndarray()[:256] - exact).max() <= 0.501


def test_a_cue_is_drawn_during_its_half_open_span() -> None:
    painter = OnePatch()
    overlay = CaptionOverlay(CaptionTrack((Cue(1.0, 2.0, ("a",), 0), Cue(2.5, 3.0, ("b",), 0)), "default"), painter)
    for at_s, word in [(0.5, None), (1.0, "a"), (1.99, "a"), (2.0, None), (2.5, "b"), (3.0, None)]:
        painter.painted.clear()
        overlay.draw(picture(), at_s)
        assert [cue.words[0] for cue in painter.painted] == ([] if word is None else [word])


def test_a_stamp_gives_every_picture_the_same_and_colours_beyond_their_opacity_do_not_overflow() -> None:
    stamp = Stamp(patch(235, 100))
    pictures = [picture(), picture()]
    for frame in pictures:
        stamp.draw(frame)
    assert (pictures[0].to_ndarray() == pictures[1].to_ndarray()).all()
    wrong = replace(patch(235, 100), y=np.full((10, 20), 255, np.uint8))
    blend(pictures[0], wrong)
    assert luma(pictures[0])[15, 15] == round(int(luma(pictures[1])[15, 15]) * 155 / 255) + 100


def test_a_new_bitmap_of_the_same_cue_is_drawn_anew() -> None:
    class Growing:
        """A caption that is brighter every time."""

        def __init__(self) -> None:
            self.luma = 0

        def paint(self, cue: Cue, at_s: float) -> Patch:
            self.luma += 50
            return patch(self.luma, 255)

    overlay = CaptionOverlay(CaptionTrack((Cue(0.0, 1.0, ("a",), 0),), "default"), Growing())
    seen = []
    for at_s in (0.0, 0.1, 0.2):
        frame = picture()
        overlay.draw(frame, at_s)
        seen.append(int(luma(frame)[15, 15]))
    assert seen == [50, 100, 150]

"""The numbers that the compose kernel works with, against libswscale and libavfilter."""

from __future__ import annotations

import av
import numpy as np
import pytest
from fakes.compose_cases import waves
from hypothesis import given, settings
from hypothesis import strategies as st
from nvpipe.kernels.compose_scene import Taps, exponential_blur, make_taps, tone_curve

from nvpipe.media.graph import VideoGraph


def frame_of(luma: np.ndarray) -> av.VideoFrame:
    grey = np.full((luma.shape[0] // 2, luma.shape[1]), 128, np.uint8)
    frame = av.VideoFrame.from_ndarray(np.concatenate([luma, grey]), format="yuv420p")
    frame.colorspace, frame.color_range = 1, 1
    return frame


def luma_of(graph: str, luma: np.ndarray) -> np.ndarray:
    frame = frame_of(luma)
    out = VideoGraph(graph, frame).apply(frame)
    return out.to_ndarray()[: out.height]


def matrix(taps: Taps, source_px: int) -> np.ndarray:
    found = np.zeros((len(taps.index), source_px))
    for row, (index, weight) in enumerate(zip(taps.index, taps.weight, strict=True)):
        np.add.at(found[row], index, weight)
    return found


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic", "area"])
@pytest.mark.parametrize("target", [(160, 90), (240, 136), (70, 190), (34, 22), (12, 12)])
def test_taps_scale_as_libswscale_does(kernel: str, target: tuple[int, int]) -> None:
    luma = waves(160, 90)
    wanted = luma_of(f"scale={target[0]}:{target[1]}:flags={kernel}", luma)
    across, down = (matrix(make_taps(kernel, *sides), sides[0]) for sides in ((160, target[0]), (90, target[1])))
    found = np.rint(np.clip(down @ luma @ across.T, 0, 255))
    assert np.abs(found - wanted).max() <= 2
    assert np.abs(found - wanted).mean() < 0.2


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["bilinear", "bicubic", "area"]), st.integers(1, 300), st.integers(1, 300))
def test_taps_lie_inside_and_add_up_to_one(kernel: str, source_px: int, target_px: int) -> None:
    taps = make_taps(kernel, source_px, target_px)
    assert taps.index.shape == taps.weight.shape
    assert len(taps.index) == target_px
    assert taps.index.min() >= 0
    assert taps.index.max() < source_px
    assert np.allclose(taps.weight.sum(axis=1), 1, atol=1e-5)


def test_nothing_changes_where_nothing_is_scaled() -> None:
    for kernel in ("bilinear", "bicubic", "area"):
        taps = make_taps(kernel, 9, 9)
        assert np.allclose(matrix(taps, 9), np.eye(9), atol=1e-6)


@pytest.mark.parametrize("sigma_px", [0.4, 1.7, 3.0, 9.0])
def test_the_blur_is_gblurs_byte_for_byte(sigma_px: float) -> None:
    luma = waves(60, 44)
    wanted = luma_of(f"gblur=sigma={sigma_px:g}", luma)
    down, across = exponential_blur(44, sigma_px).astype(float), exponential_blur(60, sigma_px).astype(float)
    assert np.array_equal(np.rint(np.clip(down @ luma @ across.T, 0, 255)), wanted)


def test_without_a_blur_everything_stays() -> None:
    assert np.array_equal(exponential_blur(5, 0), np.eye(5))


@pytest.mark.parametrize("share", [0.0, 0.35, 0.7, 0.77, 1.0])
def test_tones_are_lutyuvs_byte_for_byte(share: float) -> None:
    luma = np.arange(256, dtype=np.uint8).reshape(16, 16)
    wanted = luma_of(f"lutyuv=y=16+(val-16)*{share:g}", luma)
    assert np.array_equal(tone_curve(16, share)[luma], wanted)

"""SSIM and XPSNR of sequences whose likeness is known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from nvpipe.bench.likeness import compare

FPS = Fraction(30)


def pictures(count: int, noise: float = 0.0, *, flat: bool = False) -> Iterator[av.VideoFrame]:
    rng = np.random.default_rng(2)
    base = np.kron(np.random.default_rng(1).integers(60, 180, (24, 16), np.uint8), np.ones((8, 8), np.uint8))
    for index in range(count):
        luma = np.roll(base, index, 1).astype(float) + noise * rng.standard_normal(base.shape)
        if flat:
            luma[:] = luma.mean()
        planes = np.concatenate([luma.clip(16, 235).astype(np.uint8), np.full((96, 128), 128, np.uint8)])
        yield av.VideoFrame.from_ndarray(planes, format="yuv420p")


def test_equal_pictures_are_perfect() -> None:
    seen = compare(pictures(5), pictures(5), FPS)
    assert (seen.ssim, seen.worst_ssim, seen.xpsnr_db) == (1.0, 1.0, math.inf)


def test_more_noise_is_less_alike() -> None:
    likenesses = [compare(pictures(6), pictures(6, noise), FPS) for noise in (1.0, 4.0, 12.0)]
    for better, worse in pairwise(likenesses):
        assert better.ssim > worse.ssim
        assert better.xpsnr_db is not None
        assert worse.xpsnr_db is not None
        assert better.xpsnr_db > worse.xpsnr_db + 3


def test_one_bad_picture_shows_as_the_worst() -> None:
    def one_flat() -> Iterator[av.VideoFrame]:
        for index, (good, bad) in enumerate(zip(pictures(6), pictures(6, flat=True), strict=True)):
            yield bad if index == 3 else good

    seen = compare(pictures(6), one_flat(), FPS)
    assert seen.worst_ssim < 0.5 < seen.ssim < 1


def test_another_number_of_pictures_is_no_comparison() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compare(pictures(3), pictures(2), FPS)
    with pytest.raises(ValueError, match="no pictures"):
        compare(iter(()), iter(()), FPS)

"""Where a logo goes, and what becomes of its colours."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from nvpipe.compose.logo import POSITIONS, place_logo

CANVASES = [(1080, 1920), (1080, 1080), (1080, 1350), (1920, 1080), (720, 1280), (180, 320)]


def safe_of(canvas: tuple[int, int]) -> tuple[int, int, int, int]:
    width, height = canvas
    return round(width * 0.055) | 1, round(height * 0.13) | 1, round(width * 0.83) | 1, round(height * 0.76) | 1


@pytest.mark.parametrize("canvas", CANVASES)
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("shape", [(300, 120), (77, 501), (1, 1), (4000, 1), (64, 64)])
@pytest.mark.parametrize("size", [0.01, 0.15, 0.6])
def test_a_logo_lies_in_its_corner_of_the_safe_area(
    canvas: tuple[int, int], position: str, shape: tuple[int, int], size: float
) -> None:
    safe = safe_of(canvas)
    patch = place_logo(Image.new("RGBA", shape, "red"), position, size, canvas, safe)
    assert patch is not None
    height, width = patch.alpha.shape
    assert not any(number % 2 for number in (patch.x_px, patch.y_px, width, height))
    assert patch.alpha_uv.shape == patch.u.shape == patch.v.shape == (height // 2, width // 2)
    assert safe[0] <= patch.x_px <= safe[2] - width
    assert safe[1] <= patch.y_px <= safe[3] - height
    if "left" in position:
        assert patch.x_px - safe[0] <= 1
    else:
        assert safe[2] - patch.x_px - width <= 1
    if "top" in position:
        assert patch.y_px - safe[1] <= 1
    else:
        assert safe[3] - patch.y_px - height <= 1


def test_its_longest_side_is_the_share_that_was_asked_for() -> None:
    patch = place_logo(Image.new("RGBA", (50, 200), "red"), "top-left", 0.2, (1080, 1920), (0, 0, 1080, 1920))
    assert patch is not None
    assert patch.alpha.shape == (216, 54)


def test_clear_borders_count_for_nothing() -> None:
    logo = Image.new("RGBA", (400, 400))
    logo.paste("white", (150, 180, 250, 220))
    patch = place_logo(logo, "top-left", 0.1, (1000, 2000), (0, 0, 1000, 2000))
    assert patch is not None
    assert patch.alpha.shape == (40, 100)
    assert patch.alpha.min() == 255


@pytest.mark.parametrize(
    ("colour", "yuv"),
    [("white", (235, 128, 128)), ("black", (16, 128, 128)), ("red", (63, 102, 240)), ("#0000ff", (32, 240, 118))],
)
def test_colours_are_limited_range_bt709(colour: str, yuv: tuple[int, int, int]) -> None:
    patch = place_logo(Image.new("RGBA", (20, 20), colour), "top-left", 0.1, (200, 200), (0, 0, 200, 200))
    assert patch is not None
    assert (int(patch.y[5, 5]), int(patch.u[5, 5]), int(patch.v[5, 5])) == yuv


def test_what_is_half_clear_stays_half_clear() -> None:
    patch = place_logo(
        Image.new("RGBA", (20, 20), (255, 255, 255, 128)), "top-left", 0.1, (200, 200), (0, 0, 200, 200)
    )
    assert patch is not None
    assert np.unique(patch.alpha).tolist() == [128]
    assert np.unique(patch.y).tolist() == [118]


def test_a_wholly_clear_logo_is_none() -> None:
    assert place_logo(Image.new("RGBA", (20, 20)), "top-left", 0.1, (200, 200), (0, 0, 200, 200)) is None

"""Golden pictures of every style. After a change that is meant, look at what this writes, and commit it:

python tests/unit/captions/test_looks.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from nvpipe.captions.box import safe_area
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.styles import STYLE_NAMES, style
from nvpipe.types import Cue

GOLDEN = Path(__file__).parent / "golden"
SIZE = (360, 640)
CUT = (330, 500)
"""Rows of the frame that are kept."""
MEAN_DIFFERENCE = 1.0
"""Of 255: what other versions of FreeType and Pillow may do to the edges of letters."""
WORST_SHARE = 0.01
"""Of the pixels may differ by more than WORST."""
WORST = 48
WORDS = ("Over", "it", "goes")
MOMENTS = {"fill": 0.25, "pop": 0.1, "fade": 0.06}
"""In the middle of what moves."""


def drawn(name: str) -> npt.NDArray[np.uint8]:
    """A style's caption over a slope from dark to light, as Y, Cb, Cr of full size."""
    look = style(name)
    words = WORDS[: look.words_per_cue]
    moment = MOMENTS.get(look.animation.kind, 0.3)
    active = 0 if look.animation.kind == "fade" else len(words) - 1
    painter = CaptionPainter(look, *SIZE, safe_area(*SIZE), system_font_folders=[])
    bitmap = painter.paint(Cue(0.0, 0.5, words, active), moment)
    assert bitmap is not None
    picture = np.zeros((3, SIZE[1], SIZE[0]))
    picture[0] = np.linspace(40, 200, SIZE[0])
    picture[1:] = 128
    box = bitmap.box
    part = picture[:, box.top_px : box.bottom_px, box.left_px : box.right_px]
    doubled = [np.repeat(np.repeat(plane, 2, axis=0), 2, axis=1) for plane in (bitmap.u, bitmap.v, bitmap.alpha_uv)]
    part[0] = bitmap.y + part[0] * (1 - bitmap.alpha / 255)
    for index in (0, 1):
        part[index + 1] = doubled[index] + part[index + 1] * (1 - doubled[2] / 255)
    kept: npt.NDArray[np.uint8] = np.rint(picture[:, CUT[0] : CUT[1]]).clip(0, 255).astype(np.uint8)
    return kept


@pytest.mark.parametrize("name", STYLE_NAMES)
def test_a_style_looks_as_it_did(name: str) -> None:
    planes = np.asarray(Image.open(GOLDEN / f"{name}.png").convert("RGB")).astype(int).transpose(2, 0, 1)
    difference = np.abs(planes - drawn(name))
    assert difference.mean() < MEAN_DIFFERENCE
    assert (difference > WORST).mean() < WORST_SHARE


def test_the_tolerance_tells_styles_apart() -> None:
    """The nearest two of all styles are further from each other than the tolerance."""
    found = {name: drawn(name).astype(int) for name in STYLE_NAMES}
    for one in STYLE_NAMES:
        for other in STYLE_NAMES:
            if one < other:
                difference = np.abs(found[one] - found[other])
                apart = difference.mean() >= MEAN_DIFFERENCE or (difference > WORST).mean() >= WORST_SHARE
                assert apart, (one, other)


def test_every_golden_picture_has_its_style() -> None:
    assert {path.stem for path in GOLDEN.glob("*.png")} == set(STYLE_NAMES)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for style_name in STYLE_NAMES:
        # The planes are kept as they are in the channels of a PNG: its colours are false, its numbers true.
        Image.fromarray(drawn(style_name).transpose(1, 2, 0)).save(GOLDEN / f"{style_name}.png", optimize=True)

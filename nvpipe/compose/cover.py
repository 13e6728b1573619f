"""The cover image: the best of the pictures around the moment when the most happens.

Pictures are looked at while they pass to the encoder, before anything is drawn on them, and only the best so far is
kept, so that a cover costs neither a second decoding nor memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nvpipe.compose.overlay import blend
from nvpipe.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction
    from pathlib import Path

    import av
    from numpy.typing import NDArray

    from nvpipe.compose.overlay import Bitmap
    from nvpipe.types import CoverHint

VERSION = 1
"""Part of the key of kept covers; a change of what is chosen or written changes it."""
NEAR_S = 4.0
"""Around the peak, pictures are looked at often; and a picture that far from it counts as half as sharp."""
NEAR_STEP_S = 0.4
FAR_STEP_S = 3.0
BESIDE_CUT_S = 0.15
"""Pictures closer to a cut may be blended or out of focus."""
DARKEST, BRIGHTEST = 45.0, 215.0
"""Mean luma (16 black, 235 white) of a picture that can be seen on a shelf of covers."""
FLATTEST = 9.0
"""Least standard deviation of the luma: below it is a plain or nearly plain area."""
JPEG_QUALITY = 90
_STRIDE = 4
"""Of the rows that are measured."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a picture that might become the cover."""

    at_s: float
    luma: float
    """Mean."""
    contrast: float
    """Standard deviation of the luma."""
    sharpness: float
    """Mean square of the difference between pixels two apart (Brenner et al., J. Histochem. Cytochem. 24, 1976)."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate and its picture, on the way to another process."""

    candidate: Candidate
    pixels: NDArray[np.uint8]
    """As yuv420p, `[height * 3 / 2, width]`."""
    colorspace: int
    color_range: int


def is_fit(candidate: Candidate, hint: CoverHint) -> bool:
    """Whether a picture is neither dark, glaring nor plain, and not beside a cut."""
    seen = DARKEST <= candidate.luma <= BRIGHTEST and candidate.contrast >= FLATTEST
    return seen and all(abs(candidate.at_s - cut_s) >= BESIDE_CUT_S for cut_s in hint.cuts_s)


def merit(candidate: Candidate, hint: CoverHint) -> tuple[bool, float, float]:
    """What pictures are compared by: fit ones first, then the sharpest near the peak, then the earliest."""
    away = (candidate.at_s - hint.peak_s) / NEAR_S
    sharpness = math.log2(1 + candidate.sharpness)
    return is_fit(candidate, hint), sharpness - away * away, -candidate.at_s


def choose(candidates: Iterable[Candidate], hint: CoverHint) -> Candidate | None:
    """The candidate for the cover; None only when there is none at all."""
    return max(candidates, key=lambda candidate: merit(candidate, hint), default=None)


def next_look_s(at_s: float, peak_s: float) -> float:
    """When to look again after `at_s`: often around the peak, seldom elsewhere."""
    starts_s = peak_s - NEAR_S
    if starts_s <= at_s <= peak_s + NEAR_S:
        return at_s + NEAR_STEP_S
    return min(at_s + FAR_STEP_S, starts_s) if at_s < starts_s else at_s + FAR_STEP_S


def measure(luma: NDArray[np.uint8], at_s: float) -> Candidate:
    """Measure a picture by every fourth row of its limited-range luma plane `[height, width]`."""
    rows = luma[_STRIDE // 2 :: _STRIDE].astype(np.int16)
    steps = (rows[:, 2:] - rows[:, :-2]).astype(np.float32)
    return Candidate(at_s, float(rows.mean()), float(rows.std()), float(np.square(steps).mean()))


class CoverPicker:
    """Looks at pictures in the order of their times and keeps the best."""

    def __init__(self, hint: CoverHint) -> None:
        self._hint = hint
        self._due_s = -math.inf
        self._best: Candidate | None = None
        self._picture: av.VideoFrame | None = None

    @property
    def best(self) -> Candidate | None:
        """What was chosen so far."""
        return self._best

    def begin(self, first: int, fps: Fraction) -> None:
        """Forget everything, and look as if the pictures before the one of number `first` had passed."""
        self._due_s, self._best, self._picture = -math.inf, None, None
        for number in range(first):
            if (at_s := float(number / fps)) >= self._due_s:
                self._due_s = next_look_s(at_s, self._hint.peak_s)

    @property
    def chosen(self) -> Chosen | None:
        """What was chosen so far, for the picker of another process to judge."""
        if self._best is None or (picture := self._picture) is None:
            return None
        pixels = picture.to_ndarray().view(np.uint8)
        return Chosen(self._best, pixels, int(picture.colorspace), int(picture.color_range))

    def offer(self, other: Chosen) -> None:
        """Judge what another picker has chosen; no matter in which order."""
        if self._best is None or choose((self._best, other.candidate), self._hint) is other.candidate:
            self._best, self._picture = other.candidate, _as_picture(other)

    def bitmaps(self, at_s: float) -> tuple[Bitmap, ...]:
        """Nothing: it only looks."""
        return ()

    def looks_at(self, at_s: float) -> bool:
        """Whether it looks at the picture shown at `at_s`."""
        return at_s >= self._due_s

    def draw(self, picture: av.VideoFrame, at_s: float) -> None:
        """Look at a yuv420p picture without anything drawn on it; it stays as it is."""
        if not self.looks_at(at_s):
            return
        self._due_s = next_look_s(at_s, self._hint.peak_s)
        found = measure(_luma(picture), at_s)
        if self._best is None or choose((self._best, found), self._hint) is found:
            self._best, self._picture = found, _copy(picture)

    def write(self, path: Path, title: Bitmap | None = None) -> None:
        """Write the chosen picture as a JPEG.

        Args:
            path: where to.
            title: drawn on it.

        Raises:
            OutputError: the file cannot be written.
            ValueError: no picture was looked at.
        """
        if self._picture is None:
            raise ValueError("a cover needs a picture")
        from PIL import Image

        if title is not None:
            blend(self._picture, title)
        rgb = self._picture.reformat(format="rgb24", src_colorspace="ITU709", dst_colorspace="ITU709")
        try:
            # With optimised tables Pillow needs all of the file in one buffer, which noisy pictures overflow.
            Image.fromarray(rgb.to_ndarray()).save(path, "JPEG", quality=JPEG_QUALITY)
        except OSError as error:
            raise OutputError(
                f"cannot write {path.name}: {error.strerror or error}", hint="free some space"
            ) from error


def _luma(picture: av.VideoFrame) -> NDArray[np.uint8]:
    plane = picture.planes[0]
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[:, : plane.width]


def _copy(picture: av.VideoFrame) -> av.VideoFrame:
    """A picture of its own: the encoder keeps what it was given."""
    import av

    copied = av.VideoFrame.from_ndarray(picture.to_ndarray(), format="yuv420p")
    copied.colorspace, copied.color_range = picture.colorspace, picture.color_range
    return copied


def _as_picture(chosen: Chosen) -> av.VideoFrame:
    import av

    picture = av.VideoFrame.from_ndarray(chosen.pixels, format="yuv420p")
    picture.colorspace, picture.color_range = chosen.colorspace, chosen.color_range
    return picture

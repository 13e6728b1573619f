"""What stands still, goes dark or goes quiet in a file, frame by frame, in little memory."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av
    import numpy as np
    from numpy.typing import NDArray

    Luma = NDArray[np.uint8]
    Grid = NDArray[np.float32]

Rectangle = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, half-open."""

EVERY_PX = 4
"""Only every fourth pixel of every fourth row is looked at."""
CELL = 10
"""Samples along a side of a cell: 40 pixels."""
BLACK_LUMA = 38
"""16 and a tenth of the range above it, in limited range."""
BLACK_SHARE = 0.98
"""Of the pixels; both as FFmpeg's blackdetect has them."""
STILL_LUMA = 4.0
"""Mean difference of a cell up to which it counts as unchanged; coding a still picture again moves cells by less."""
SHORTEST_STILL_S = 0.5
"""Shorter stretches are not noted; footage of few pictures a second has many."""
ENERGY_HZ = 100
SPEECH_HZ = (300.0, 3400.0)
"""The telephone band, in which speech has most of its energy."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`[start_s, end_s)` of a file."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(slots=True)
class PictureWatch:
    """Looks at every picture in the order of presentation.

    Attributes:
        hidden: what is not looked at in the picture of a time, because captions are drawn there.
        foot: how much of the picture's height is left out at its lower edge, where a progress bar grows.
        changes_s: when the captions change, ascending; where the picture changes with them is counted.
        black, still: stretches without light, without movement, in order of time.
    """

    hidden: Callable[[float], Rectangle | None] = lambda _at_s: None
    changes_s: Sequence[float] = ()
    foot: float = 0.0
    black: list[Stretch] = field(default_factory=list)
    still: list[Stretch] = field(default_factory=list)
    changed: list[Grid] = field(default_factory=list)
    """How much each cell changed with each change of the captions."""
    usual: Grid | None = None
    """How much each cell changes otherwise: sum, and sum of squares."""
    squares: Grid | None = None
    others: int = 0
    _black_from_s: float | None = None
    _still_from_s: float | None = None
    _reference: Luma | None = None
    _seen: NDArray[np.bool_] | None = None
    """What no caption has covered since the reference; None is all of it."""
    _before: Luma | None = None
    _next_change: int = 0
    _end_s: float = 0.0

    def take(self, frame: av.VideoFrame, at_s: float, duration_s: float) -> None:
        """Look at the picture shown during `[at_s, at_s + duration_s)`; other formats than 8-bit YUV are left out."""
        luma = _luma(frame)
        if luma is None:
            return
        luma = luma[: max(1, round(luma.shape[0] * (1 - self.foot)))]
        if self._before is not None and luma.shape != self._before.shape:
            self._before = self._reference = self.usual = self.squares = None
            self.changed.clear()
        seen = _visible(luma.shape, self.hidden(at_s))
        self._note_black(luma, seen, at_s)
        self._note_still(luma, seen, at_s)
        self._note_change(luma, at_s, duration_s)
        self._before = luma
        self._end_s = at_s + duration_s

    def finish(self) -> None:
        """End what still lasts."""
        if self._black_from_s is not None:
            self.black.append(Stretch(self._black_from_s, self._end_s))
        self._end_still(self._end_s)
        self._black_from_s = self._still_from_s = None

    def _note_black(self, luma: Luma, seen: NDArray[np.bool_] | None, at_s: float) -> None:
        dark = luma <= BLACK_LUMA
        share = float(dark.mean() if seen is None else dark[seen].mean()) if luma.size else 0.0
        if share >= BLACK_SHARE:
            self._black_from_s = at_s if self._black_from_s is None else self._black_from_s
        elif self._black_from_s is not None:
            self.black.append(Stretch(self._black_from_s, at_s))
            self._black_from_s = None

    def _note_still(self, luma: Luma, seen: NDArray[np.bool_] | None, at_s: float) -> None:
        import numpy as np

        if self._reference is not None:
            difference = np.abs(luma.astype(np.int16) - self._reference)
            if seen is not None:
                self._seen = seen if self._seen is None else self._seen & seen
            if self._seen is not None:
                difference[~self._seen] = 0
            if float(_cells(difference).max(initial=0.0)) <= STILL_LUMA:
                return
            # A picture that is compared with the first of its stretch cannot creep away from it.
            self._end_still(at_s)
        self._reference, self._still_from_s, self._seen = luma, at_s, seen

    def _end_still(self, at_s: float) -> None:
        if self._still_from_s is not None and at_s - self._still_from_s >= SHORTEST_STILL_S:
            self.still.append(Stretch(self._still_from_s, at_s))

    def _note_change(self, luma: Luma, at_s: float, duration_s: float) -> None:
        import numpy as np

        if not self.changes_s or self._before is None:
            return
        change = _cells(np.abs(luma.astype(np.int16) - self._before))
        last = self._next_change
        # A frame shows the captions of its own time: it is the first one at or after the change.
        while last < len(self.changes_s) and self.changes_s[last] <= at_s + 1e-3:
            last += 1
        if last > self._next_change and at_s - self.changes_s[last - 1] <= duration_s:
            self.changed.append(change)
        elif self.usual is None or self.squares is None:
            self.usual, self.squares, self.others = change.copy(), change**2, 1
        else:
            self.usual += change
            self.squares += change**2
            self.others += 1
        self._next_change = last


@dataclass(slots=True)
class SoundWatch:
    """Listens to every sample; keeps the mean square of the sound and of its speech band, 100 times a second."""

    start_s: float = 0.0
    energy: array[float] = field(default_factory=lambda: array("f"))
    speech: array[float] = field(default_factory=lambda: array("f"))
    _rest: list[NDArray[np.float32]] = field(default_factory=list)
    _rate_hz: int = 0
    _resampler: av.AudioResampler | None = None

    RATE_HZ = 16_000

    def take(self, frame: av.AudioFrame, at_s: float) -> None:
        """Listen to a decoded frame that is heard from `at_s` on."""
        import av

        if self._resampler is None:
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=self.RATE_HZ)
            self.start_s = at_s
        frame.pts = None
        for plain in self._resampler.resample(frame):
            self._add(plain)

    def finish(self) -> None:
        if self._resampler is not None:
            for plain in self._resampler.resample(None):
                self._add(plain)
            self._flush(last=True)

    def quiet(self, below_db: float, between: Stretch, *, window: int = 10) -> list[Stretch]:
        """Stretches within `between` whose sound stays below a level, in dB relative to full scale (RMS of 0.1 s)."""
        import numpy as np

        energy = np.frombuffer(self.energy, np.float32).astype(float)
        if energy.size < window:
            return []
        smooth = np.convolve(energy, np.full(window, 1 / window), "valid")
        loud = np.flatnonzero(smooth > 10 ** (below_db / 10))
        # A window that is quiet makes all of its parts quiet.
        edges = np.concatenate([[-1], loud, [smooth.size]])
        found = []
        for before, after in pairwise(edges.tolist()):
            if after - before > 1:
                start_s = max(self.start_s + (before + 1) / ENERGY_HZ, between.start_s)
                end_s = min(self.start_s + (after - 1 + window) / ENERGY_HZ, between.end_s)
                if end_s > start_s:
                    found.append(Stretch(start_s, end_s))
        return found

    def _add(self, plain: av.AudioFrame) -> None:
        import numpy as np

        self._rest.append(plain.to_ndarray().astype(np.float32, copy=False).reshape(-1))
        if sum(block.size for block in self._rest) >= self.RATE_HZ:
            self._flush(last=False)

    def _flush(self, *, last: bool) -> None:
        import numpy as np

        step = self.RATE_HZ // ENERGY_HZ
        samples = np.concatenate([*self._rest, np.zeros(0, np.float32)])
        count = samples.size // step * step
        block, rest = samples[:count], samples[count:]
        if last and rest.size:
            block = np.concatenate([block, rest, np.zeros(step - rest.size, np.float32)])
            rest = rest[:0]
        self._rest = [rest]
        if not block.size:
            return
        self.energy.frombytes(_mean_squares(block, step).tobytes())
        spectrum = np.fft.rfft(block)
        bins = np.fft.rfftfreq(block.size, 1 / self.RATE_HZ)
        spectrum[(bins < SPEECH_HZ[0]) | (bins > SPEECH_HZ[1])] = 0
        self.speech.frombytes(_mean_squares(np.fft.irfft(spectrum, block.size), step).tobytes())


def _mean_squares(samples: NDArray[np.floating], step: int) -> NDArray[np.float32]:
    import numpy as np

    means: NDArray[np.float32] = (samples.astype(np.float64).reshape(-1, step) ** 2).mean(axis=1).astype(np.float32)
    return means


def _luma(frame: av.VideoFrame) -> Luma | None:
    """Samples of the luma plane in limited range, by 8 bits; None for formats that have none."""
    import numpy as np

    if not frame.format.name.startswith(("yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12")):
        return None
    plane = frame.planes[0]
    bits = frame.format.components[0].bits
    if bits == 8:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return rows[: frame.height : EVERY_PX, : frame.width : EVERY_PX].copy()
    wide = np.frombuffer(memoryview(plane), np.uint16).reshape(-1, plane.line_size // 2)
    luma: Luma = (wide[: frame.height : EVERY_PX, : frame.width : EVERY_PX] >> (bits - 8)).astype(np.uint8)
    return luma


def _visible(shape: tuple[int, ...], hidden: Rectangle | None) -> NDArray[np.bool_] | None:
    """The samples that a rectangle leaves; None for all of them."""
    import numpy as np

    if hidden is None:
        return None
    seen = np.ones(shape, np.bool_)
    left, top = hidden[0] // EVERY_PX, hidden[1] // EVERY_PX
    seen[top : math.ceil(hidden[3] / EVERY_PX), left : math.ceil(hidden[2] / EVERY_PX)] = False
    return seen if seen.any() else None


def _cells(values: NDArray[np.int16]) -> Grid:
    """Means of square cells, those at the edges smaller."""
    import numpy as np

    rows = np.add.reduceat(values.astype(np.float32), np.arange(0, values.shape[0], CELL), axis=0)
    sums = np.add.reduceat(rows, np.arange(0, values.shape[1], CELL), axis=1)
    heights = np.minimum(CELL, values.shape[0] - np.arange(0, values.shape[0], CELL))
    widths = np.minimum(CELL, values.shape[1] - np.arange(0, values.shape[1], CELL))
    cells: Grid = (sums / np.outer(heights, widths)).astype(np.float32)
    return cells

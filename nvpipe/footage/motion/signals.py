"""From samples of picture and sound to one score a step.

The signals are those that told fights from calm in measured gameplay: sudden change of brightness and colour, uneven
packet sizes, change of pixels, loudness. None knows a palette; `combine` weighs them within the video.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nvpipe.footage.motion.sampling import CELL_S, Samples
from nvpipe.footage.motion.sound import SLOT_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STEP_S = 0.5
WINDOW_S = 1.0
"""Each step looks at the second around its middle."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What happens in a video, one value a step; N steps of `step_s`."""

    step_s: float
    flash: Floats
    """`[N]` log(1 + levels) of the strongest jump of brightness that the whole picture shares."""
    colour: Floats
    """`[N]` strongest jumps of the shares of the colours in use, each against its own usual strongest ones."""
    packets: Floats
    """`[N]` 10-90 percentile range of packet sizes over the mean size of the video."""
    motion: Floats
    """`[N]` mean absolute difference of luma at 5 pairs a second in the middle 9:16, in levels."""
    loudness: Floats
    """`[N]` RMS in dB, floored at `SOUND_RANGE_DB` below the loud moments; empty without sound."""
    peaks: Floats
    """`[N]` loudest 10 ms in dB, floored likewise; empty without sound."""
    live: Floats
    """`[N]` 0 for black, frozen and still pictures, 1 for moving ones."""
    changed_share: Floats
    """`[N]` share of the picture that changes visibly within 0.2 s."""
    focus_x: Floats
    """`[N]` horizontal centre of the change, 0 left to 1 right."""


SOUND_RANGE_DB = 35.0
_COLOUR_IN_USE = 0.01
_COLOUR_SCALE_MIN = 0.01
_COLOUR_CLIP = 6.0
_STILL_CHANGE = 0.1
_MOVING_CHANGE = 0.5
_FLASHING = (2.0, 6.0)
"""Mean jump of brightness from frame to frame, in levels."""
_FLAT_CONTRAST = (1.0, 4.0)
_SILENCE_POWER = 1e-8


def measure(samples: Samples, powers: Floats, duration_s: float) -> Signals:
    """Signals of a video.

    Args:
        samples: what was read from its pictures.
        powers: mean squares of its sound in slots of `SLOT_S`; empty without sound.
        duration_s: length of what was decoded.
    """
    steps = max(1, math.ceil(duration_s / STEP_S - 1e-6))
    mean_size = samples.size_bytes.mean() if len(samples.size_bytes) else 0.0
    loudness, peaks = _sound(powers, steps)

    def paired(values: Floats) -> Floats:
        return _windows(samples.pair_s, values, steps, _mean)

    moving = np.clip((paired(samples.change) - _STILL_CHANGE) / (_MOVING_CHANGE - _STILL_CHANGE), 0.0, 1.0)
    flat, structured = _FLAT_CONTRAST
    visible = np.clip((paired(samples.contrast) - flat) / (structured - flat), 0.0, 1.0)
    # A light that flashes as often as pairs are compared looks the same, and blank, in each of them.
    dark, bright = _FLASHING
    flashing = np.clip((_windows(samples.time_s, samples.flash, steps, _mean) - dark) / (bright - dark), 0.0, 1.0)
    return Signals(
        step_s=STEP_S,
        flash=np.log1p(_windows(samples.time_s, samples.flash, steps, _maximum)),
        colour=_colour(samples, steps),
        packets=_windows(samples.time_s, samples.size_bytes, steps, _spread) / max(mean_size, 1.0),
        motion=paired(samples.centre_change),
        loudness=loudness,
        peaks=peaks,
        live=np.maximum(moving * visible, flashing),
        changed_share=paired(samples.changed_share),
        focus_x=_focus(samples, steps),
    )


def _windows(time_s: Floats, values: Floats, steps: int, reduce: Callable[[Floats], float]) -> Floats:
    """A statistic of the values within the second around each step's middle; 0 where there are none."""
    middles = (np.arange(steps) + 0.5) * STEP_S
    first = np.searchsorted(time_s, middles - WINDOW_S / 2)
    last = np.searchsorted(time_s, middles + WINDOW_S / 2)
    return np.array([reduce(values[a:b]) if b > a else 0.0 for a, b in zip(first, last, strict=True)])


def _mean(values: Floats) -> float:
    return float(values.mean())


def _maximum(values: Floats) -> float:
    return float(values.max())


def _spread(values: Floats) -> float:
    low, high = np.percentile(values, (10, 90))
    return float(high - low)


def _colour(samples: Samples, steps: int) -> Floats:
    """Mean over the colours in use of their strongest jump, in units of the 90th percentile of such jumps."""
    cells_a_step = round(STEP_S / CELL_S)
    around = round((WINDOW_S - STEP_S) / 2 / CELL_S)
    used = samples.colour_share.max(0, initial=0.0) >= _COLOUR_IN_USE
    if not used.any():
        return np.zeros(steps)
    padded = np.zeros((steps * cells_a_step + 2 * around, int(used.sum())))
    jumps = samples.colour_jump[: steps * cells_a_step, used]
    padded[around : around + len(jumps)] = jumps
    width = cells_a_step + 2 * around
    view = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)[::cells_a_step]
    strongest: Floats = view.max(-1)
    scale = np.maximum(np.percentile(strongest, 90, axis=0), _COLOUR_SCALE_MIN)
    result: Floats = np.minimum(strongest / scale, _COLOUR_CLIP).mean(1)
    return result


def _sound(powers: Floats, steps: int) -> tuple[Floats, Floats]:
    if not len(powers):
        return np.zeros(0), np.zeros(0)
    time_s = (np.arange(len(powers), dtype=np.float64) + 0.5) * SLOT_S
    levels: list[Floats] = []
    for reduce in (_mean, _maximum):
        level: Floats = 10 * np.log10(_windows(time_s, powers, steps, reduce) + _SILENCE_POWER)
        levels.append(np.maximum(level, np.percentile(level, 95) - SOUND_RANGE_DB))
    return levels[0], levels[1]


def _focus(samples: Samples, steps: int) -> Floats:
    known = np.isfinite(samples.focus_x)
    weights = np.where(known, samples.change, 0.0)
    places = np.where(known, samples.focus_x, 0.5)
    total = _windows(samples.pair_s, weights, steps, _mean)
    moment = _windows(samples.pair_s, weights * places, steps, _mean)
    result: Floats = np.where(total > 0, moment / np.where(total > 0, total, 1.0), 0.5)
    return result

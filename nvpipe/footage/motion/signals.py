"""From samples of picture and sound to one score a step.

The signals are those that told fights from calm in measured gameplay: flashes of brightness and colour, uneven
packet sizes, change that goes back, loudness. None knows a palette; `combine` weighs them within the video.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nvpipe.footage.motion.quantile import percentile, percentiles
from nvpipe.footage.motion.sampling import Samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STEP_S = 0.5
SLOT_S = 0.01
"""Length of the slots by which the power of the sound is kept."""
WINDOW_S = 1.0
"""Each step looks at the second around its middle."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What happens in a video, one value a step; N steps of `step_s`."""

    step_s: float
    flash: Floats
    """`[N]` log(1 + levels) of the strongest jump of brightness that the whole picture shares."""
    tint: Floats
    """`[N]` log(1 + levels) of the strongest jump of colour that the whole picture shares."""
    packets: Floats
    """`[N]` 10-90 percentile range of packet sizes over the mean size of the video."""
    flicker: Floats
    """`[N]` share of `motion` that goes back within 0.2 s: what blinks, and not what the camera passes by."""
    motion: Floats
    """`[N]` mean absolute difference of luma at 5 pairs a second in the middle 9:16, in levels."""
    loudness: Floats
    """`[N]` RMS in dB, floored at `SOUND_RANGE_DB` below the loud moments; empty without sound."""
    peaks: Floats
    """`[N]` loudest 10 ms in dB, floored likewise; empty without sound."""
    live: Floats
    """`[N]` 0 for black, frozen and still pictures, 1 for moving ones."""
    overlay: Floats
    """`[N]` share of the picture that is detail standing still where the picture around it changes."""
    cut: Floats
    """`[N]` share of the borders of the middle 9:16 that run through text or displays."""


SOUND_RANGE_DB = 35.0
CUT_BEFORE_S = 0.25
CUT_AFTER_S = 0.1
"""A cut makes everything jump: around it, jumps are no sign of action."""
_FAINT_MOTION = 1.0
"""Levels; of less motion than this, the share that goes back says little."""
_STILL_CHANGE = 0.1
_MOVING_CHANGE = 0.5
_FLASHING = (2.0, 6.0)
"""Mean jump of brightness from frame to frame, in levels."""
_FLAT_CONTRAST = (1.0, 4.0)
_SILENCE_POWER = 1e-8


def measure(samples: Samples, powers: Floats, duration_s: float, cuts_s: Sequence[float] = ()) -> Signals:
    """Signals of a video.

    Args:
        samples: what was read from its pictures.
        powers: mean squares of its sound in slots of `SLOT_S`; empty without sound.
        duration_s: length of what was decoded.
        cuts_s: times of the first frames of new shots.
    """
    steps = max(1, math.ceil(duration_s / STEP_S - 1e-6))
    packet_s = samples.time_s if samples.packet_s is None else samples.packet_s
    mean_size = samples.size_bytes.mean() if len(samples.size_bytes) else 0.0
    loudness, peaks = _sound(powers, steps)

    def paired(values: Floats) -> Floats:
        return _windows(samples.pair_s, values, steps, _mean)

    def strongest(jumps: Floats) -> Floats:
        return np.log1p(_windows(samples.time_s, np.where(cut, 0.0, jumps), steps, _maximum))

    cut = _near(samples.time_s, cuts_s)
    motion = paired(samples.centre_change)
    moving = np.clip((paired(samples.change) - _STILL_CHANGE) / (_MOVING_CHANGE - _STILL_CHANGE), 0.0, 1.0)
    flat, structured = _FLAT_CONTRAST
    visible = np.clip((paired(samples.contrast) - flat) / (structured - flat), 0.0, 1.0)
    # A light that flashes as often as pairs are compared looks the same, and blank, in each of them.
    dark, bright = _FLASHING
    flashing = np.clip((_windows(samples.time_s, samples.flash, steps, _mean) - dark) / (bright - dark), 0.0, 1.0)
    return Signals(
        step_s=STEP_S,
        flash=strongest(samples.flash),
        tint=strongest(samples.tint),
        packets=_windows(packet_s, samples.size_bytes, steps, _spread) / max(mean_size, 1.0),
        flicker=paired(samples.flicker) / (motion + _FAINT_MOTION),
        motion=motion,
        loudness=loudness,
        peaks=peaks,
        live=np.maximum(moving * visible, flashing),
        overlay=paired(samples.held),
        cut=paired(samples.cut),
    )


def _windows(time_s: Floats, values: Floats, steps: int, reduce: Callable[[Floats], float]) -> Floats:
    """A statistic of the values within the second around each step's middle; 0 where there are none."""
    middles = (np.arange(steps) + 0.5) * STEP_S
    first = np.searchsorted(time_s, middles - WINDOW_S / 2)
    last = np.searchsorted(time_s, middles + WINDOW_S / 2)
    found = (reduce(values[a:b]) if b > a else 0.0 for a, b in zip(first, last, strict=True))
    return np.fromiter(found, np.float64, steps)


def _mean(values: Floats) -> float:
    return float(values.mean())


def _maximum(values: Floats) -> float:
    return float(values.max())


def _spread(values: Floats) -> float:
    low, high = percentiles(values, 10, 90)
    return high - low


def _near(time_s: Floats, cuts_s: Sequence[float]) -> NDArray[np.bool_]:
    near = np.zeros(len(time_s), dtype=bool)
    for cut_s in cuts_s:
        first, end = np.searchsorted(time_s, (cut_s - CUT_BEFORE_S, cut_s + CUT_AFTER_S))
        near[first:end] = True
    return near


def _sound(powers: Floats, steps: int) -> tuple[Floats, Floats]:
    if not len(powers):
        return np.zeros(0), np.zeros(0)
    time_s = np.arange(len(powers), dtype=np.float64)
    time_s += 0.5
    time_s *= SLOT_S
    levels: list[Floats] = []
    for reduce in (_mean, _maximum):
        level: Floats = 10 * np.log10(_windows(time_s, powers, steps, reduce) + _SILENCE_POWER)
        levels.append(np.maximum(level, percentile(level, 95) - SOUND_RANGE_DB))
    return levels[0], levels[1]

"""One score a step from the signals that can be trusted in this video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nvpipe.footage.motion.signals import Signals

    Floats = NDArray[np.float64]

Z_LIMIT = 3.0
RANK_SHARE = 0.75
"""How much of a signal's value is its rank in the video. Ranks tell how unusual a moment is whatever the tail (a
respawn or a cut is tens of times stronger than a shot); the z-score tells the strong moments apart."""
SMOOTHING_S = 2.5
SCORE_LIMITS = (-1.0, 1.5)
"""Smoothed values beyond these add nothing: a window counts seconds of action, not one loud moment."""

_NORMAL_10_90 = 2.563
_MIN_SPREAD = {"flash": 0.3, "colour": 0.1, "packets": 0.1, "motion": 0.5, "loudness": 3.0, "peaks": 3.0}
"""Spreads (10-90) below these are noise: twice that is trusted in full."""
_SOUND = {"loudness", "peaks"}
"""What is heard weighs together as much as what is seen: it told fights best, and survives any bitrate."""
_STILL_CAMERA_SHARE = 0.1
_MOVING_CAMERA_SHARE = 0.3
_MOTION_WITH_MOVING_CAMERA = 0.25
_MIN_LIVE_STEPS = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the signals were combined."""

    scores: Floats
    """`[N]` 0 for a still picture, about 1 to 2 for the usual moment of lively footage, more for action."""
    values: dict[str, Floats]
    """Each signal as it was averaged, -2 to 2: usual moments at 0."""
    weights: dict[str, float]
    """How much each signal counts; 0 where it cannot be trusted."""


def combine(signals: Signals) -> Verdict:
    """Scores of a video.

    Ranks and z-scores compare the moments of one video only. So that videos can be compared, what is still counts
    nothing whatever they say, and the usual amount of change, on an absolute scale, is added everywhere.
    """
    live = signals.live > 0.5
    basis = live if live.sum() >= _MIN_LIVE_STEPS else np.ones_like(live)
    values: dict[str, Floats] = {}
    weights: dict[str, float] = {}
    for name, floor in _MIN_SPREAD.items():
        signal = getattr(signals, name)
        if not len(signal):
            continue
        z, spread = robust_z(signal, basis, floor)
        values[name] = RANK_SHARE * centred_rank(signal, basis) + (1 - RANK_SHARE) * z
        weights[name] = float(np.clip(spread / floor - 1.0, 0.0, 1.0))
    weights["motion"] *= _trust_in_motion(float(np.median(signals.changed_share[basis])))
    picture = sum(weight for name, weight in weights.items() if name not in _SOUND)
    for name in _SOUND & weights.keys():
        weights[name] *= max(1.0, picture / len(_SOUND))
    total = sum(weights.values())
    mean = sum((weights[name] * values[name] for name in values), np.zeros(len(live))) / max(total, 1.0)
    low, high = SCORE_LIMITS
    usual = np.clip(smooth(mean, max(1, round(SMOOTHING_S / signals.step_s))), low, high)
    return Verdict(signals.live * (1.0 + usual + _level(signals, basis)), values, weights)


def centred_rank(values: Floats, basis: NDArray[np.bool_]) -> Floats:
    """Rank among the basis, from -1.5 (smallest) to 1.5 (largest); equal values share theirs."""
    ordered = np.sort(values[basis])
    below = np.searchsorted(ordered, values, "left")
    up_to = np.searchsorted(ordered, values, "right")
    return 3.0 * ((below + up_to) / (2.0 * len(ordered)) - 0.5)


def robust_z(values: Floats, basis: NDArray[np.bool_], floor: float) -> tuple[Floats, float]:
    """Distance from the median in units of the 10-90 percentile range, and that range.

    Scaled to be a standard score for normal data; a range below `floor` counts as `floor`.
    """
    low, middle, high = np.percentile(values[basis], (10, 50, 90))
    spread = float(high - low)
    z = (values - middle) / max(spread, floor) * _NORMAL_10_90
    return np.clip(z, -Z_LIMIT, Z_LIMIT), spread


def smooth(values: Floats, width: int) -> Floats:
    """Centred running mean; the ends count on."""
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    result: Floats = np.lib.stride_tricks.sliding_window_view(padded, width).mean(-1)
    return result


def _trust_in_motion(changed_share: float) -> float:
    """With a fixed camera what moves is the action; with a moving one nearly all of it is the camera."""
    span = _MOVING_CAMERA_SHARE - _STILL_CAMERA_SHARE
    camera = float(np.clip((changed_share - _STILL_CAMERA_SHARE) / span, 0.0, 1.0))
    return 1.0 - camera * (1.0 - _MOTION_WITH_MOVING_CAMERA)


def _level(signals: Signals, basis: NDArray[np.bool_]) -> float:
    """0 to 1: how much changes in the video as a whole."""
    motion = float(np.median(signals.motion[basis]))
    flash = float(np.expm1(np.percentile(signals.flash[basis], 75)))
    return (motion / (motion + 8.0) + flash / (flash + 3.0)) / 2

"""One score a step from the signals that can be trusted in this video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nvpipe.footage.motion.quantile import median, percentile, percentiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nvpipe.footage.motion.signals import Signals

    Floats = NDArray[np.float64]

SMOOTHING_S = 2.5
ACTION_RANK = 0.4
"""Mean rank of the trusted signals (-1.5 to 1.5) at which a moment is taken for action with a chance of a half."""
_ACTION_SOFTNESS = 0.15
_BASE, _GAIN = 0.8, 2.0
"""A window counts seconds of action, not how calm its calm is: all calm counts the base, all action the gain."""
_FULL_TRUST = 2.0
"""Sum of weights from which on the gain counts in full: one signal alone may be right, or a whim of the encoder."""
_USUAL_MOTION = 2.0
_USUAL_EVENT = 0.5
"""Levels that are half of the way from a still picture to the wildest one."""
_LIVELY = 0.8
"""How far on that way footage is from which on it is scaled down no more."""
_CALMEST = 0.2
"""What is left of the scores of a video in which nearly nothing changes."""

_MIN_SPREAD = {"flash": 0.3, "tint": 0.3, "packets": 0.1, "flicker": 0.02, "loudness": 3.0, "peaks": 3.0}
"""Spreads (10-90) below these are noise: twice that is trusted in full."""
_SOUND = {"loudness", "peaks"}
"""What is heard weighs together as much as what is seen, as far as it rises and falls with it: then it tells fights
best, and survives any bitrate. A commentator or a song does not."""
_AGREEMENT = (0.2, 0.5)
"""Correlations of sound and picture: none to full trust."""
_DOUBTED_SOUND = 0.5
"""Weight of each of the two measures of a sound that goes its own way."""
_OVERLAY = (0.006, 0.015)
"""Share of the picture above the usual that is covered by text: none to a full penalty."""
_OVERLAY_COST = 0.8
_USUAL_OVERLAY_PERCENTILE = 25
_CUT = (0.01, 0.1)
"""Share of the borders of the crop that runs through text or displays: none to a full penalty."""
_CUT_COST = 0.15
_CUT_EXTRA = (0.025, 0.075)
"""The same above the usual."""
_CUT_EXTRA_COST = 0.25
_USUAL_CUT_PERCENTILE = 60
_CONSTANT = 1e-9
_MIN_LIVE_STEPS = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the signals were combined."""

    scores: Floats
    """`[N]` 0 for a still picture, about 1 to 2 for the usual moment of lively footage, more for action."""
    values: dict[str, Floats]
    """Each signal as it was averaged, -1.5 to 1.5: usual moments at 0."""
    weights: dict[str, float]
    """How much each signal counts; 0 where it cannot be trusted."""
    covered: Floats
    """`[N]` 0 to 1: how much of the penalty for text over the picture applies."""
    cut: Floats
    """`[N]` 0 to 1: how much of the penalty for what the crop would cut through applies."""

    def signals(self, live: Floats) -> Iterator[tuple[str, float, Floats]]:
        """Name, weight and values of everything that the scores are made of, the three factors last."""
        for name, values in self.values.items():
            yield name, self.weights[name], values
        yield "live", 1.0, live
        yield "covered", 1.0, self.covered
        yield "cut", 1.0, self.cut


def combine(signals: Signals) -> Verdict:
    """Scores of a video.

    Ranks compare the moments of one video only; they tell how unusual a moment is whatever the tail (a respawn is
    tens of times stronger than a shot). So that videos can be compared, what is still counts nothing whatever they
    say, and all of a video's scores are scaled by how much changes in it, on an absolute scale: the liveliest moments
    of a talking head are calmer than a walk through a game.
    """
    live = signals.live > 0.5
    basis = live if live.sum() >= _MIN_LIVE_STEPS else np.ones_like(live)
    values: dict[str, Floats] = {}
    weights: dict[str, float] = {}
    for name, floor in _MIN_SPREAD.items():
        signal = getattr(signals, name)
        if not len(signal):
            continue
        low, high = percentiles(signal[basis], 10, 90)
        values[name] = centred_rank(signal, basis)
        weights[name] = float(np.clip((high - low) / floor - 1.0, 0.0, 1.0))
    width = max(1, round(SMOOTHING_S / signals.step_s))
    picture = sum(weight for name, weight in weights.items() if name not in _SOUND)
    trust = _agreement(values, weights, width, basis)
    for name in _SOUND & weights.keys():
        weights[name] *= _DOUBTED_SOUND + trust * (max(1.0, picture / len(_SOUND)) - _DOUBTED_SOUND)
    total = sum(weights.values())
    mean = sum((weights[name] * values[name] for name in values), np.zeros(len(live))) / max(total, 1.0)
    usual = smooth(mean, width)
    action = 1.0 / (1.0 + np.exp((ACTION_RANK - usual) / _ACTION_SOFTNESS))
    covered, cut = _covered(signals.overlay, basis), _cut(signals.cut, basis)
    kept = (1.0 - _OVERLAY_COST * covered) * (1.0 - (_CUT_COST + _CUT_EXTRA_COST) * cut)
    lively = _BASE + _GAIN * min(1.0, total / _FULL_TRUST) * action + _level(signals, basis)
    scores = _scale(signals, basis) * signals.live * kept * lively
    return Verdict(scores, values, weights, covered, cut)


def _agreement(values: dict[str, Floats], weights: dict[str, float], width: int, basis: NDArray[np.bool_]) -> float:
    """0 to 1: whether sound and picture tell the same; 1 where there is only one of them."""
    sides = []
    for heard in (False, True):
        trusted = [weights[name] * values[name] for name in values if (name in _SOUND) is heard]
        sides.append(smooth(sum(trusted, np.zeros(len(basis))), width)[basis])
    if min(float(np.ptp(side)) for side in sides) < _CONSTANT:
        return 1.0
    low, high = _AGREEMENT
    return float(np.clip((np.corrcoef(sides[0], sides[1])[0, 1] - low) / (high - low), 0.0, 1.0))


def centred_rank(values: Floats, basis: NDArray[np.bool_]) -> Floats:
    """Rank among the basis, from -1.5 (smallest) to 1.5 (largest); equal values share theirs."""
    ordered = np.sort(values[basis])
    below = np.searchsorted(ordered, values, "left")
    up_to = np.searchsorted(ordered, values, "right")
    return 3.0 * ((below + up_to) / (2.0 * len(ordered)) - 0.5)


def smooth(values: Floats, width: int) -> Floats:
    """Centred running mean; the ends count on."""
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    result: Floats = np.lib.stride_tricks.sliding_window_view(padded, width).mean(-1)
    return result


def _covered(overlay: Floats, basis: NDArray[np.bool_]) -> Floats:
    """What is shown all the time belongs to the game; what comes on top is a menu, a scoreboard, a caption."""
    none, full = _OVERLAY
    extra = overlay - percentile(overlay[basis], _USUAL_OVERLAY_PERCENTILE)
    return np.clip((extra - none) / (full - none), 0.0, 1.0)


def _cut(cut: Floats, basis: NDArray[np.bool_]) -> Floats:
    """A display that is always cut costs a little, beside footage without one; what comes on top costs more."""
    extra = cut - percentile(cut[basis], _USUAL_CUT_PERCENTILE)
    costs = ((_CUT_COST, cut, _CUT), (_CUT_EXTRA_COST, extra, _CUT_EXTRA))
    shares = [cost * np.clip((value - none) / (full - none), 0.0, 1.0) for cost, value, (none, full) in costs]
    result: Floats = sum(shares, np.zeros(len(cut))) / (_CUT_COST + _CUT_EXTRA_COST)
    return result


def _level(signals: Signals, basis: NDArray[np.bool_]) -> float:
    """0 to 1: how much changes in the video as a whole."""
    motion = median(signals.motion[basis])
    flash = float(np.expm1(percentile(signals.flash[basis], 75)))
    return (motion / (motion + 8.0) + flash / (flash + 3.0)) / 2


def _scale(signals: Signals, basis: NDArray[np.bool_]) -> float:
    """`_CALMEST` to 1: by the usual motion and the strongest tenth of the jumps of brightness or colour."""
    motion = median(signals.motion[basis])
    jumps = [percentile(values[basis], 90) for values in (signals.flash, signals.tint)]
    event = float(np.expm1(max(jumps)))
    amount = (motion / (motion + _USUAL_MOTION) + event / (event + _USUAL_EVENT)) / 2
    return _CALMEST + (1.0 - _CALMEST) * min(1.0, amount / _LIVELY)

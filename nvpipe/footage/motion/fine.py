"""The fine pass of a coarse track: more bursts where they decide which window is the best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nvpipe.footage.motion.fast import Burst
    from nvpipe.media.skim import Picture, Skim

    Floats = NDArray[np.float64]

WINDOWS_S = (15.0, 30.0, 60.0)
"""Lengths of the windows between which is to be decided."""
_MARGIN = 0.05
"""Difference of mean scores, in standard deviations of the scores, by which a rival counts 1 / e."""
_LONGEST_SHARE = 0.8
"""Windows longer than this share of the video leave nothing to choose."""
_FREE_S = 120.0
_SHARE = 0.03
"""Seconds of decoding that are spent, as a share of what exceeds the first two minutes: these pay for the start."""
_COST_S = 0.5
"""What a burst costs, in seconds of usual decoding: a keyframe is several times as large as other frames."""
_APART_S = 1.0
"""Keyframes nearer than this to a burst tell nothing new."""


def refined(
    glance: Skim[Burst],
    path: Path,
    look: Callable[[list[Picture]], Burst],
    scores: Floats,
    step_s: float,
    burst_s: float,
) -> Skim[Burst]:
    """The glance with further bursts, at keyframes that were left out, in stretches that decide the answer.

    All bursts are of one length, so that what they tell can be compared.

    Args:
        glance: what was seen.
        path: the file.
        look: what to make of a burst.
        scores: `[N]` by the glance.
        step_s: length of a step.
        burst_s: length of the bursts of the glance.

    Raises:
        MediaError: the file cannot be opened, or reading or decoding it takes too long.
    """
    from nvpipe.media.skim import glimpses

    starts_s = undecided_s(glance, scores, step_s)
    if not starts_s:
        return glance
    more = glimpses(path, look, glance.inspection, starts_s, burst_s)
    return replace(glance, looks=tuple(sorted((*glance.looks, *more), key=lambda burst: burst.time_s[0])))


def undecided_s(glance: Skim[Burst], scores: Floats, step_s: float) -> list[float]:
    """Times of the keyframes at which further bursts are worth most, as many as are affordable, rising."""
    duration_s = len(scores) * step_s
    count = int(_SHARE * max(0.0, duration_s - _FREE_S) / _COST_S)
    if not count or not glance.looks:
        return []
    keys_s = glance.time_s[glance.is_key]
    ends = np.minimum(np.searchsorted(np.arange(1, len(scores) + 1) * step_s, [*keys_s[1:], duration_s]), len(scores))
    firsts = np.minimum((keys_s / step_s).astype(np.int64), len(scores) - 1)
    totals = np.concatenate(([0.0], np.cumsum(contested(scores, step_s))))
    worth = totals[np.maximum(ends, firsts + 1)] - totals[firsts]
    seen_s = np.array([burst.time_s[0] for burst in glance.looks])
    after = np.searchsorted(seen_s, keys_s)
    before_s, after_s = seen_s[np.maximum(after - 1, 0)], seen_s[np.minimum(after, len(seen_s) - 1)]
    new = (np.abs(keys_s - before_s) >= _APART_S) & (np.abs(keys_s - after_s) >= _APART_S) & (worth > 0)
    order = np.argsort(-worth[new], kind="stable")[:count]
    return sorted(float(time_s) for time_s in keys_s[new][order])


def contested(scores: Floats, step_s: float) -> Floats:
    """How much hangs on each step: nothing where all good windows hold it, or none, most where half of them do.

    Windows count by how near their mean score comes to that of the best one (a softmax).
    """
    steps = len(scores)
    totals = np.concatenate(([0.0], np.cumsum(scores)))
    scale = _MARGIN * max(float(scores.std()), 1e-9)
    result = np.zeros(steps)
    for window_s in WINDOWS_S:
        length = round(window_s / step_s)
        if length > _LONGEST_SHARE * steps:
            continue
        means = (totals[length:] - totals[:-length]) / length
        chance = np.exp((means - means.max()) / scale)
        chance /= chance.sum()
        changes = np.zeros(steps + 1)
        changes[: len(chance)] += chance
        changes[length : length + len(chance)] -= chance
        held = np.clip(np.cumsum(changes[:-1]), 0.0, 1.0)
        result += held * (1.0 - held)
    return result

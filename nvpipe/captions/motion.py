"""What moves in a caption, as numbers of a moment."""

from __future__ import annotations

from nvpipe.types.captions import Cue
from nvpipe.types.look import Animation

_PEAK = 0.6
"""When `pop` is at its largest, as a share of its duration."""


def pop_scale(animation: Animation, since_s: float) -> float:
    """Size of the spoken word `since_s` seconds after it began: up to a little too large, quickly first, and back."""
    share = since_s / animation.duration_s
    if share >= 1:
        return 1.0
    top = 1 + animation.overshoot
    if share < _PEAK:
        left = 1 - max(0.0, share) / _PEAK
        return top - (top - animation.from_scale) * left**3
    return 1 + animation.overshoot * (1 - _smooth((share - _PEAK) / (1 - _PEAK)))


def peak_s(animation: Animation) -> float:
    """When `pop` is at its largest."""
    return animation.duration_s * _PEAK


def fade_opacity(animation: Animation, since_s: float) -> float:
    """Opacity of a new cue, `since_s` seconds after it began."""
    return _smooth(min(1.0, max(0.0, since_s / animation.duration_s)))


def fill_share(cue: Cue, at_s: float) -> float:
    """How much of the spoken word is filled, from 0 to 1."""
    end_s = cue.end_s if cue.spoken_until_s is None else min(cue.end_s, max(cue.spoken_until_s, cue.start_s))
    if at_s >= end_s:
        return 1.0
    return max(0.0, (at_s - cue.start_s) / (end_s - cue.start_s))


def _smooth(share: float) -> float:
    return share * share * (3 - 2 * share)

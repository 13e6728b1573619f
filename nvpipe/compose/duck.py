"""A sidechain: how far everything else goes down while the voice speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nvpipe.media.mux import AUDIO_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nvpipe.media.spool import Spool

    Samples = NDArray[np.float32]
    Track = NDArray[np.float64]

ATTACK_S = 0.08
RELEASE_S = 0.45
HOLD_S = 0.25
GATE_DB = -45.0
"""Mean level above which the voice counts as speaking."""
_STEP = 480
"""10 ms, the step of the envelope."""
_BLOCK_STEPS = 128


class Ducking:
    """Down before a word starts, up again after a pause.

    Args:
        voice: one channel at 48 kHz.
        gain: what the voice is multiplied with.
        length: samples in all.
    """

    def __init__(self, voice: Spool, gain: float, length: int) -> None:
        self._depths = _depths(_speaking(voice, gain, length))

    def gains(self, start: int, end: int, ducked_db: float) -> Samples:
        """The factor for each sample of `[start, end)` of what goes down by `ducked_db` under the voice."""
        first = max(start // _STEP - 1, 0)
        depths = self._depths[first : -(-end // _STEP) + 1]
        if depths.min() == depths.max():
            return np.full(end - start, 10 ** (depths[0] * ducked_db / 20), np.float32)
        centres = (first + np.arange(depths.size) + 0.5) * _STEP
        smooth_db = np.interp(np.arange(start, end), centres, depths) * ducked_db
        gains: Samples = np.power(10, smooth_db / 20).astype(np.float32)
        return gains


def _speaking(voice: Spool, gain: float, length: int) -> NDArray[np.bool_]:
    """Whether the voice speaks, for every step."""
    parts: list[Track] = []
    for start in range(0, length, _BLOCK_STEPS * _STEP):
        steps = min(_BLOCK_STEPS, -(-(length - start) // _STEP))
        samples = voice.read(start, start + steps * _STEP)[0] * np.float32(gain)
        parts.append(np.mean(samples.reshape(steps, _STEP) ** 2, axis=1))
    powers = np.concatenate(parts) if parts else np.zeros(1)
    speaking: NDArray[np.bool_] = 10 * np.log10(powers + 1e-12) > GATE_DB
    return speaking


def _depths(speaking: NDArray[np.bool_]) -> Track:
    """How far down at every step, from 0 to 1: straight lines in decibels."""
    held = round(HOLD_S * AUDIO_RATE_HZ / _STEP)
    ahead = round(ATTACK_S * AUDIO_RATE_HZ / _STEP)
    wide = np.convolve(speaking, np.ones(held + ahead + 1), mode="full")[ahead : ahead + speaking.size] > 0.5
    depths = np.empty(speaking.size)
    depth = 0.0
    fall, rise = _STEP / (ATTACK_S * AUDIO_RATE_HZ), _STEP / (RELEASE_S * AUDIO_RATE_HZ)
    for index, ducked in enumerate(wide):
        depth = min(1.0, depth + fall) if ducked else max(0.0, depth - rise)
        depths[index] = depth
    return depths

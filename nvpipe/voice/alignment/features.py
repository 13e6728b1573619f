"""What two voices that say the same have in common: the shape of the spectrum and its movement, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HOP_S = 0.01
_WINDOW_S = 0.025
_BANDS = 30
_LOWEST_HZ, _HIGHEST_HZ = 80.0, 7000.0
_CEPSTRA = 10
"""Of which the first, the level, is told by `activity` instead."""
_DELTA_FRAMES = 3
_DELTA_WEIGHT = 0.6
_ACTIVITY_WEIGHT = 4.0
_DYNAMIC_DB = 45.0
"""What is quieter than the loudest by more is silence, however clean the recording."""
_FLOOR_DB = 60.0
_BLOCK_FRAMES = 4096
_FLOOR_SHARE, _TOP_SHARE = 0.05, 0.95
_SPEAKING = 0.5


@dataclass(frozen=True, slots=True)
class Features:
    """A recording in steps of `HOP_S`; frame `i` is centred at `i * HOP_S`."""

    vectors: Floats
    """`[frames, dimensions]`: cepstra with mean 0 and deviation 1 over the speech, their movement, the activity."""
    activity: Floats
    """`[frames]`, 0 for the recording's silence to 1 for its loudest speech."""


def speech_features(samples: Floats, rate_hz: int, *, stretch: float = 1.0) -> Features:
    """Mel-frequency cepstra (Davis and Mermelstein, 1980), normalised over this recording, so over its speaker.

    Args:
        samples: mono, at least one.
        rate_hz: their rate, at least 8000.
        stretch: of the frequencies: over 1 for a speaker whose vocal tract is shorter (Lee and Rose, 1998).
    """
    levels = _mel_levels(samples, rate_hz, stretch)
    activity = _activity(levels)
    order = np.arange(1, _CEPSTRA)[:, None]
    basis = np.cos(np.pi * order * (np.arange(_BANDS) + 0.5) / _BANDS).astype(np.float32)
    cepstra = np.maximum(levels, levels.max() - np.float32(_FLOOR_DB)) @ basis.T
    speech = cepstra[activity >= _SPEAKING]
    speech = speech if len(speech) else cepstra
    cepstra = (cepstra - speech.mean(axis=0)) / (speech.std(axis=0) + np.float32(1e-3))
    cepstra = np.clip(cepstra, -4, 4)
    ahead = np.concatenate([cepstra[_DELTA_FRAMES:], np.repeat(cepstra[-1:], _DELTA_FRAMES, axis=0)])[: len(cepstra)]
    behind = np.concatenate([np.repeat(cepstra[:1], _DELTA_FRAMES, axis=0), cepstra])[: len(cepstra)]
    movement = (ahead - behind) * np.float32(_DELTA_WEIGHT / np.sqrt(2))
    level = (activity[:, None] - np.float32(_SPEAKING)) * np.float32(_ACTIVITY_WEIGHT)
    return Features(np.hstack([cepstra, movement, level]).astype(np.float32), activity)


def _mel_levels(samples: Floats, rate_hz: int, stretch: float) -> Floats:
    """Level of each mel band in dB, `[frames, bands]`."""
    width = round(_WINDOW_S * rate_hz)
    size = 1 << (width - 1).bit_length()
    filters = _mel_filters(rate_hz, size, stretch)
    window = np.hanning(width).astype(np.float32)
    count = max(1, int(len(samples) / (HOP_S * rate_hz)) + 1)
    centres = np.round(np.arange(count) * HOP_S * rate_hz).astype(np.int64)
    padded = np.pad(samples, (width, 2 * width))
    # Voices lose 6 dB an octave, which this gives back.
    padded[1:] -= np.float32(0.97) * padded[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)
    levels = np.empty((count, _BANDS), np.float32)
    for start in range(0, count, _BLOCK_FRAMES):
        block = centres[start : start + _BLOCK_FRAMES] + width - width // 2
        power = np.abs(np.fft.rfft(frames[block] * window, size)) ** 2
        levels[start : start + _BLOCK_FRAMES] = 10 * np.log10(power @ filters.T + 1e-12)
    return levels


def _mel_filters(rate_hz: int, size: int, stretch: float) -> NDArray[np.float64]:
    """Triangles of equal width on the mel scale, `[bands, bins]`."""
    edges_mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), _BANDS + 2)
    edges = np.minimum(700 * (10 ** (edges_mel / 2595) - 1) * stretch, 0.499 * rate_hz - np.arange(_BANDS + 2)[::-1])
    bins = np.fft.rfftfreq(size, 1 / rate_hz)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    filters: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling)) / np.sqrt(rate_hz * size)
    return filters


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _activity(levels: Floats) -> Floats:
    """How loud each frame is, between the recording's own noise and its speech."""
    loudness = 10 * np.log10((10 ** (levels.astype(np.float64) / 10)).sum(axis=1))
    smooth = np.convolve(np.pad(loudness, 1, mode="edge"), np.full(3, 1 / 3), "valid")
    top = float(np.quantile(smooth, _TOP_SHARE))
    floor = max(float(np.quantile(smooth, _FLOOR_SHARE)), top - _DYNAMIC_DB)
    activity: Floats = np.clip((smooth - floor) / max(top - floor, 1.0), 0, 1).astype(np.float32)
    return activity

"""Loudness of a video's sound over time, as far as scoring needs it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 8000
"""Enough for loudness; shots and explosions reach far below 4 kHz."""
SLOT_S = 0.01
"""Length of the slots by which power is kept."""


def slot_powers(blocks: Iterable[NDArray[np.float32]], rate_hz: int) -> NDArray[np.float64]:
    """Mean square of every full slot of `SLOT_S`.

    Args:
        blocks: consecutive samples `[channels, n]`, full scale at 1.
        rate_hz: samples per second; a multiple of 100.
    """
    size = round(rate_hz * SLOT_S)
    rest = np.zeros(0)
    powers = []
    for block in blocks:
        squares = np.concatenate((rest, np.square(block.astype(np.float64)).mean(0)))
        full = len(squares) // size * size
        powers.append(squares[:full].reshape(-1, size).mean(1))
        rest = squares[full:]
    values = np.concatenate(powers) if powers else np.zeros(0)
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


def read_slot_powers(path: Path, end_s: float) -> NDArray[np.float64]:
    """`slot_powers` of a file's sound up to `end_s`.

    Raises:
        MediaError: the sound cannot be decoded.
    """
    from nvpipe.media.audio import audio_blocks

    return slot_powers(audio_blocks(path, rate_hz=RATE_HZ, channels=1, end_s=end_s), RATE_HZ)

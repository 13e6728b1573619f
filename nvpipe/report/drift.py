"""How far words are from where they are heard: their intervals against the energy of the speech band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nvpipe.media.watch import SoundWatch

REACH_S = 1.5
FLOOR_DB = -60.0
HARDLY = 0.01
"""How much less correlation counts as the same."""
LEAST_PAUSE_S = 0.3
"""Between the words, in all; with less there is nothing to compare."""
QUIET_PERCENTILE = 5.0
"""How quiet it counts as before the sound's start and after its end."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Where the words fit best: `late_s` after their times, and how well, as a correlation from -1 to 1.

    Anywhere from `earliest_s` to `latest_s` they fit hardly worse; with few pauses that can be far.
    """

    late_s: float
    earliest_s: float
    latest_s: float
    correlation: float


def heard(words: Sequence[tuple[float, float]], sound: SoundWatch) -> Heard | None:
    """Cross-correlate word intervals with the logarithm of the speech band's energy.

    Args:
        words: when each word is said to be spoken, in seconds.
        sound: what was heard.

    Returns:
        None when the words leave too little silence, or the sound is too short, to tell.
    """
    import numpy as np

    from nvpipe.media.watch import ENERGY_HZ

    energy = np.frombuffer(sound.speech, np.float32).astype(float)
    if not (words and energy.size):
        return None
    level = 10 * np.log10(np.maximum(energy, 10 ** (FLOOR_DB / 10)))
    spoken = np.zeros(energy.size)
    for start_s, end_s in words:
        on, off = (round((at_s - sound.start_s) * ENERGY_HZ) for at_s in (start_s, end_s))
        spoken[max(0, on) : max(0, off)] = 1
    told = np.flatnonzero(spoken)
    if not told.size or (spoken[told[0] : told[-1]] == 0).sum() < LEAST_PAUSE_S * ENERGY_HZ:
        return None
    reach = round(REACH_S * ENERGY_HZ)
    wide = np.pad(spoken, 2 * reach)
    around = np.pad(level, 2 * reach, constant_values=float(np.percentile(level, QUIET_PERCENTILE)))
    scores = np.array([_correlation(wide, around, lag) for lag in range(-reach, reach + 1)])
    best = first = last = int(scores.argmax())
    alike = scores >= scores[best] - HARDLY
    while first > 0 and alike[first - 1]:
        first -= 1
    while last < scores.size - 1 and alike[last + 1]:
        last += 1
    late_s, earliest_s, latest_s = ((place - reach) / ENERGY_HZ for place in (best, first, last))
    # That there is sound while words are spoken and none beyond the ends says nothing of the words.
    moved = np.roll(wide, best - reach)[2 * reach : -2 * reach]
    return Heard(late_s, earliest_s, latest_s, _correlation(moved, level, 0))


def _correlation(spoken: NDArray[np.float64], level: NDArray[np.float64], lag: int) -> float:
    """Pearson's correlation of words moved by `lag` with the level."""
    import numpy as np

    if float(np.std(level)) < 1e-6 or float(np.std(spoken)) < 1e-6:
        return 0.0
    return float(np.corrcoef(np.roll(spoken, lag), level)[0, 1])

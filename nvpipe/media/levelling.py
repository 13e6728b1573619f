"""Bringing sound to a loudness, its peaks limited, in memory that does not grow with its length."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

import numpy as np

from nvpipe.media.k_weight import HOP_SAMPLES, RATE_HZ, KWeighting, gated_lufs
from nvpipe.media.limiter import CONTROL_STEP_SAMPLES, Reduction, limited
from nvpipe.media.spool import Spool
from nvpipe.media.true_peak import PeakTrack, refuse_unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    Track = NDArray[np.float64]

TOLERANCE_LU = 0.02
LARGEST_GAIN_DB = 60.0
LARGEST_DRIVE_DB = 20.0
"""Of gain beyond what unlimited sound would need: more crushes it and makes it hardly louder."""
SMALLEST_SLOPE = 0.1
ROUNDS = 12
_HOP_STEPS = HOP_SAMPLES // CONTROL_STEP_SAMPLES
_BLOCK_STEPS = 16 * _HOP_STEPS


class Leveller:
    """Sound at 48 kHz that was looked through once, to be played at any loudness.

    Its peaks and its K-weighted energy are kept for every third of a millisecond. The limiter's gain changes slowly
    against that, so the loudness of limited sound follows from them, and only the sound that is wanted is made.

    Args:
        sound: what to level; it stays open.
        folder: where peaks and energy are kept.
        on_block: called now and then; what it raises ends the work.

    Raises:
        MediaError: a sample is not a finite number.
        OutputError: peaks and energy cannot be kept.
    """

    def __init__(self, sound: Spool, folder: Path, *, on_block: Callable[[], None] | None = None) -> None:
        self._sound = sound
        self._peaks, self._energies = Spool(folder, 1), Spool(folder, 1)
        track = PeakTrack(RATE_HZ, sound.channels, CONTROL_STEP_SAMPLES)
        weighting = KWeighting(sound.channels, CONTROL_STEP_SAMPLES)
        for block in sound.blocks():
            if on_block is not None:
                on_block()
            refuse_unusable(block)
            _keep(track.add(block), self._peaks)
            _keep(weighting.add(block), self._energies)
        _keep(track.finish(), self._peaks)
        _keep(weighting.finish(), self._energies)
        self.integrated_lufs = gated_lufs(self._hops(None, 0.0), sound.count)
        """Of the sound as it is; `-inf` for silence."""

    def gain_for(self, lufs: float, ceiling_dbtp: float) -> float:
        """The gain in dB at which the limited sound has a loudness, or comes nearest to it.

        Limiting takes loudness away, so the gain is corrected by the secant method until the loudness is within
        0.02 LU or more gain would only crush the sound.
        """
        if math.isinf(self.integrated_lufs):
            return 0.0
        gain_db = min(lufs - self.integrated_lufs, LARGEST_GAIN_DB)
        largest_db = min(gain_db + LARGEST_DRIVE_DB, LARGEST_GAIN_DB)
        last_gain_db, last = 0.0, self.integrated_lufs
        best_gain_db, best_error = gain_db, math.inf
        for _ in range(ROUNDS):
            reached = self.lufs_at(gain_db, ceiling_dbtp)
            error = lufs - reached
            if abs(error) < abs(best_error):
                best_gain_db, best_error = gain_db, error
            if abs(error) <= TOLERANCE_LU or (gain_db >= largest_db and error > 0):
                break
            moved = gain_db - last_gain_db
            slope = (reached - last) / moved if abs(moved) > 1e-6 else 1.0
            last_gain_db, last = gain_db, reached
            gain_db = min(gain_db + error / min(max(slope, SMALLEST_SLOPE), 1.0), largest_db)
        return best_gain_db

    def lufs_at(self, gain_db: float, ceiling_dbtp: float) -> float:
        """Integrated loudness of the sound at a gain, limited."""
        reduction = Reduction(self._peaks, RATE_HZ, gain_db=gain_db, ceiling_dbtp=ceiling_dbtp)
        return gated_lufs(self._hops(reduction, gain_db), self._sound.count)

    def blocks(self, gain_db: float, ceiling_dbtp: float) -> Iterator[Samples]:
        """The sound at a gain, limited; nothing is moved."""
        return limited(self._sound, self._peaks, RATE_HZ, gain_db=gain_db, ceiling_dbtp=ceiling_dbtp)

    def close(self) -> None:
        self._peaks.close()
        self._energies.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hops(self, reduction: Reduction | None, gain_db: float) -> Track:
        """K-weighted energy of every 0.1 s."""
        sums = [np.zeros(0)]
        steps = self._energies.count
        for first in range(0, steps, _BLOCK_STEPS):
            last = min(first + _BLOCK_STEPS, steps)
            energies = self._energies.read(first, last)[0].astype(np.float64)
            if reduction is not None:
                energies *= 10 ** ((gain_db - reduction.span(first, last)) / 10)
            sums.append(np.add.reduceat(energies, np.arange(0, energies.size, _HOP_STEPS)))
        return np.concatenate(sums)


def _keep(tracks: Iterator[Samples], where: Spool) -> None:
    for track in tracks:
        where.append(track[None])

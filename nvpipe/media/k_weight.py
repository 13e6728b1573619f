"""Gated loudness by ITU-R BS.1770-4 from the K-weighted energy of short steps of sound.

The energy is kept, so that the loudness of the same sound under a gain that changes slowly is known without
filtering it again. Sound at 48 kHz only: the coefficients are those of the standard's tables 1 and 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np

from nvpipe.media.true_peak import LAYOUTS, frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    Track = NDArray[np.float64]

RATE_HZ = 48_000
HOP_SAMPLES = 4800
"""Blocks of 0.4 s begin 0.1 s apart."""
SILENCE_LUFS = -70.0
"""The absolute gate: blocks below it do not count."""
RELATIVE_GATE_LU = -10.0
_HOPS = 4
"""In a block."""
_SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585)
_HIGH_PASS = (1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621)


class KWeighting:
    """K-weighted energy of sound at 48 kHz, chunk by chunk.

    Args:
        channels: 1 or 2.
        step: samples for which one energy is given.
    """

    def __init__(self, channels: int, step: int) -> None:
        from av.filter import Graph

        self._layout, self._step = LAYOUTS[channels], step
        self._graph = Graph()
        last = self._graph.add(
            "abuffer",
            sample_rate=str(RATE_HZ),
            sample_fmt="fltp",
            channel_layout=self._layout,
            time_base=f"1/{RATE_HZ}",
        )
        for filters in (_SHELF, _HIGH_PASS):
            names = ("b0", "b1", "b2", "a0", "a1", "a2")
            values = ":".join(f"{name}={value}" for name, value in zip(names, filters, strict=True))
            biquad = self._graph.add("biquad", f"{values}:precision=f64:transform=tdii")
            last.link_to(biquad)
            last = biquad
        last.link_to(self._graph.add("abuffersink"))
        self._graph.configure()
        self._rest: Track = np.zeros(0)

    def add(self, samples: Samples) -> Iterator[Samples]:
        """The energy, summed over the channels, of every step that is complete now; float32 `[n]`."""
        if samples.shape[1]:
            self._graph.push(frame_of(samples, RATE_HZ, self._layout))
            yield from self._drain()

    def finish(self) -> Iterator[Samples]:
        """What is left; the last step may be shorter than the others."""
        self._graph.push(None)
        yield from self._drain()
        if self._rest.size:
            yield np.array([self._rest.sum()], np.float32)

    def _drain(self) -> Iterator[Samples]:
        import av

        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            weighted = cast("Track", cast("av.AudioFrame", frame).to_ndarray())
            powers = np.concatenate([self._rest, np.einsum("ck,ck->k", weighted, weighted)])
            whole = powers.size - powers.size % self._step
            self._rest = powers[whole:]
            if whole:
                yield powers[:whole].reshape(-1, self._step).sum(axis=1).astype(np.float32)


def gated_lufs(energies: Track, count: int) -> float:
    """Integrated loudness; `-inf` for silence.

    Args:
        energies: K-weighted energy of every 0.1 s, summed over the channels; the last may be shorter.
        count: samples in all. Less than a block of 0.4 s counts as a whole one, as if it were repeated.
    """
    whole = count // HOP_SAMPLES
    if whole < _HOPS:
        blocks = energies.sum(keepdims=True) / max(count, 1)
    else:
        sums = np.concatenate([[0.0], np.cumsum(energies[:whole])])
        blocks = (sums[_HOPS:] - sums[:-_HOPS]) / (_HOPS * HOP_SAMPLES)
    loud = blocks[blocks > _power(SILENCE_LUFS)]
    if not loud.size:
        return -math.inf
    loud = loud[loud > loud.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
    return -0.691 + 10 * math.log10(float(loud.mean()))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))

"""Dynamic time warping of a recording onto a reading of the same text, with pauses wherever the speaker made them.

As Sakoe and Chiba (1978), in two passes: a coarse one over everything, then a fine one in a band around its path.
The recording's frequencies are stretched by what brings its voice nearest to the reading's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nvpipe.voice.alignment.features import HOP_S, speech_features
from nvpipe.voice.alignment.trellis import Chain, Path, Sound, cheapest_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nvpipe.voice.alignment.features import Features

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int64]

STRETCHES = (1.0, 0.92, 1.1, 1.22)
"""Vocal tracts of men and women differ by about a fifth."""
_COARSE_FRAMES = 8
_COARSE_STATES = 8000
"""The coarse pass joins more frames where there would be more states."""
_BAND_STATES = 800
"""Looked at for each frame by the fine pass: 4 s before and after what the coarse pass found."""


@dataclass(frozen=True, slots=True)
class Warped:
    """A recording on a reading."""

    chain: Chain
    path: Path
    recording: Features
    unlike: float
    """Cost of the path by that of a path through the reading backwards: near 1 when the texts differ."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text spoken by a voice whose word times are known."""

    features: Features
    spans: tuple[tuple[int, int], ...]
    """First frame of each word and the frame after its last."""


@dataclass(frozen=True, slots=True)
class Rough:
    """A recording coarsely on a reading."""

    reading: Reading
    recording: Features
    sound: Sound
    """The recording's frames, several joined."""
    joined: int
    coarse: Chain
    path: Path

    @property
    def pace(self) -> float:
        """How long the recording's speech takes by the reading's, without pauses."""
        said = int(np.count_nonzero(~self.coarse.pauses[self.path.states]))
        return said / max(1, int(np.count_nonzero(~self.coarse.pauses)))


def warp_roughly(samples: Floats, rate_hz: int, reading: Reading) -> Rough:
    """Give joined frames of a recording to states of a reading, its frequencies stretched as fits best.

    Args:
        samples: the recording, mono.
        rate_hz: its rate.
        reading: of the same text.
    """
    longest = max(len(samples) / rate_hz / HOP_S, len(reading.features.vectors))
    joined = max(_COARSE_FRAMES, math.ceil(longest / _COARSE_STATES))
    coarse = chain_of(reading, joined)
    tried = []
    for stretch in STRETCHES:
        recording = speech_features(samples, rate_hz, stretch=stretch)
        sound = Sound(_joined(recording.vectors, joined), _joined(recording.activity, joined))
        tried.append(Rough(reading, recording, sound, joined, coarse, cheapest_path(sound, coarse)))
    return min(tried, key=lambda one: one.path.cost)


def on_another(rough: Rough, reading: Reading) -> Rough:
    """The same recording on a reading at another pace."""
    coarse = chain_of(reading, rough.joined)
    return replace(rough, reading=reading, coarse=coarse, path=cheapest_path(rough.sound, coarse))


def warp(rough: Rough) -> Warped:
    """Give each frame of a recording to a state of its reading, near where its rough path went."""
    coarse, recording = rough.coarse, rough.recording
    backwards = cheapest_path(rough.sound, Chain(coarse.vectors[::-1], coarse.pauses[::-1], coarse.firsts)).cost
    fine = chain_of(rough.reading)
    around = np.repeat(_centres(rough.path.states, coarse, fine), rough.joined)[: len(recording.vectors)]
    width = _BAND_STATES
    while True:
        path = cheapest_path(Sound(recording.vectors, recording.activity), fine, around, width)
        if not path.crowded or width >= len(fine.vectors):
            return Warped(fine, path, recording, rough.path.cost / backwards)
        width *= 2


def chain_of(reading: Reading, joined: int = 1) -> Chain:
    """States of a reading, each made of so many of its frames."""
    frames = reading.features.vectors
    pause = np.zeros((1, frames.shape[1]), np.float32)
    vectors, firsts, pauses, count = [pause], [], [0], 1
    for start, end in reading.spans:
        first = min(start, len(frames) - 1)
        word = _joined(frames[first : max(end, first + 1)], joined)
        vectors += [word, pause]
        firsts.append(count)
        count += len(word) + 1
        pauses.append(count - 1)
    silent = np.zeros(count, np.bool_)
    silent[pauses] = True
    return Chain(np.concatenate(vectors), silent, np.array(firsts, np.int64))


def _joined(values: Floats, count: int) -> Floats:
    """Means of `count` rows each, the last one of what is left."""
    if count == 1:
        return values
    starts = np.arange(0, len(values), count)
    sizes = np.diff([*starts, len(values)]).reshape(-1, *[1] * (values.ndim - 1))
    means: Floats = (np.add.reduceat(values, starts, axis=0) / sizes).astype(np.float32)
    return means


def _centres(states: Indices, coarse: Chain, fine: Chain) -> Indices:
    """For each coarse frame the fine state in the middle of its coarse one."""
    edges, fine_edges = ([0, *chain.firsts, len(chain.vectors)] for chain in (coarse, fine))
    centres: Indices = np.interp(states + 0.5, edges, fine_edges).astype(np.int64)
    return centres

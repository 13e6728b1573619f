"""The cheapest path of a recording through a chain of states (Viterbi, 1967), in a band and in little memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int64]

_STAY, _SKIP = 0.3, 0.6
"""Costs of staying in a state and of leaving one out, in distances between frames that have nothing in common."""
_PAUSE, _PAUSE_PER_ACTIVITY = 0.45, 2.5
"""Cost of a frame in a pause: when it is silent, and how much more when it is loud."""
_PAUSE_MOST = 1.0
"""What is loud but like nothing that is said, such as a game between the words, costs no more."""
_BLOCK_FRAMES = 256
_BORDER_STATES = 3
_SPEECH = 0.5
_SAMPLES = 300
_FAR = np.float32(1e9)


@dataclass(frozen=True, slots=True)
class Chain:
    """A reading as states: pause, the first word's frames, pause, the second word's frames, ..., pause.

    Speech may stay in a state or leave up to two out at a price; pauses last for any time or none for free.
    """

    vectors: Floats
    """`[states, dimensions]`; those of pauses are zeros."""
    pauses: NDArray[np.bool_]
    firsts: Indices
    """The first state of each word."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Frames to be given to states."""

    vectors: Floats
    """`[frames, dimensions]`."""
    activity: Floats
    """`[frames]`, 0 for silence to 1 for loud speech."""


@dataclass(frozen=True, slots=True)
class Path:
    """Which state each frame was given to."""

    states: Indices
    cost: float
    """Mean over the frames, in distances between frames that have nothing in common."""
    crowded: bool
    """The path touches a border of its band, so that a wider one may hold a better one."""


def cheapest_path(sound: Sound, chain: Chain, around: Indices | None = None, width: int | None = None) -> Path:
    """The path from the first pause or word to the last.

    Args:
        sound: the recording.
        chain: the reading.
        around: for each frame the state in the middle of its band, never falling; None looks at all states.
        width: states in a band.
    """
    frames, states = len(sound.vectors), len(chain.vectors)
    width = min(width or states, states)
    lows = np.zeros(frames, np.int64)
    if around is not None:
        lows[1:] = np.clip(around[1:] - width // 2, 0, states - width)
    forward = _Forward(sound, chain, lows, width)
    packed = [forward.block(start) for start in range(0, frames, _BLOCK_FRAMES)]
    last = states - 1 - int(forward.costs[-2] < forward.costs[-1])
    path = _traced(packed, lows, last)
    ends = lows + width
    crowded = ((path - lows < _BORDER_STATES) & (lows > 0)) | ((ends - path <= _BORDER_STATES) & (ends < states))
    total = float(forward.costs[last + 3]) + forward.paid
    return Path(path, total / frames, bool(crowded.any()))


class _Forward:
    """The costs of reaching each state, frame by frame; three impossible states stand before the first."""

    def __init__(self, sound: Sound, chain: Chain, lows: Indices, width: int) -> None:
        self._sound, self._chain, self._lows, self._width = sound, chain, lows, width
        self._scale = np.float32(1 / _usual_distance(sound, chain))
        spoken = (~chain.pauses).astype(np.float32)
        self._stay = spoken * np.float32(_STAY)
        past_one = np.concatenate([spoken[:1], spoken[:-1]])
        past_two = past_one + np.concatenate([spoken[:1], past_one[:-1]])
        self._skips = (None, past_one * np.float32(_SKIP), past_two * np.float32(_SKIP))
        self.costs = np.full(len(spoken) + 3, _FAR, np.float32)
        self.paid = 0.0
        """What was taken off all costs, so that they stay small and exact."""

    def block(self, start: int) -> NDArray[np.uint8]:
        """Go on by a block of frames; which steps led to each state, packed."""
        stop = min(start + _BLOCK_FRAMES, len(self._lows))
        left, right = int(self._lows[start]), int(self._lows[stop - 1]) + self._width
        distances = self._distances(slice(start, stop), slice(left, right))
        steps = np.zeros((stop - start, self._width), np.uint8)
        for row in range(stop - start):
            low = int(self._lows[start + row])
            here = distances[row, low - left : low - left + self._width]
            if start + row:
                self._advance(here, steps[row], int(self._lows[start + row - 1]), low)
            else:
                self.costs[3:5] = here[:2]
        band = self.costs[3 + low : 3 + low + self._width]
        least = np.float32(band.min())
        band -= least
        self.paid += float(least)
        return _packed(steps)

    def _advance(self, here: Floats, step_taken: NDArray[np.uint8], low_before: int, low: int) -> None:
        span = slice(low, low + self._width)
        before = self.costs[low : low + self._width + 3]
        best = before[3:] + self._stay[span]
        for step, price in enumerate(self._skips, 1):
            other = before[3 - step : len(before) - step]
            other = other if price is None else other + price[span]
            better = other < best
            np.copyto(best, other, where=better)
            step_taken[better] = step
        self.costs[low_before + 3 : low + 3] = _FAR
        np.add(best, here, out=self.costs[low + 3 : low + 3 + self._width])

    def _distances(self, frames: slice, states: slice) -> Floats:
        """`[frames, states]`, in distances between frames that have nothing in common."""
        these, others = self._sound.vectors[frames], self._chain.vectors[states]
        squares = (these**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * (these @ others.T)
        distances: Floats = np.sqrt(np.maximum(squares, 0)) * self._scale
        pause = np.float32(_PAUSE) + np.float32(_PAUSE_PER_ACTIVITY) * self._sound.activity[frames]
        silent = np.minimum(pause, np.float32(_PAUSE_MOST))
        distances[:, self._chain.pauses[states]] = silent[:, None]
        return distances


def _usual_distance(sound: Sound, chain: Chain) -> float:
    """Mean distance between frames of speech that have nothing to do with each other."""
    speech = sound.vectors[sound.activity >= _SPEECH]
    speech = speech if len(speech) else sound.vectors
    others = chain.vectors[~chain.pauses]
    some, few = speech[:: len(speech) // _SAMPLES + 1], others[:: len(others) // _SAMPLES + 1]
    squares = ((some[:, None] - few[None]) ** 2).sum(axis=2)
    return max(float(np.sqrt(squares).mean()), 1e-3)


def _packed(steps: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Four steps in a byte."""
    quads = np.pad(steps, ((0, 0), (0, -steps.shape[1] % 4))).reshape(len(steps), -1, 4)
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(quads << np.array([0, 2, 4, 6], np.uint8), axis=2)
    return packed


def _traced(packed: list[NDArray[np.uint8]], lows: Indices, last: int) -> Indices:
    """The path back from the last state."""
    path = np.empty(len(lows), np.int64)
    state = last
    for frame in range(len(lows) - 1, -1, -1):
        path[frame] = state
        place = state - int(lows[frame])
        byte = int(packed[frame // _BLOCK_FRAMES][frame % _BLOCK_FRAMES, place >> 2])
        state -= byte >> 2 * (place & 3) & 3
    return path

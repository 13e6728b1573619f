"""A smooth path for a crop window that follows the action.

Where the window is in every step of a shot is the best path through all of them, found by dynamic programming
(Viterbi): change inside of the window is worth something, every move costs by its length. A cost by length and not
by its square gives paths that hold still and then go (the L1-optimal camera paths of Grundmann, Kwatra and Essa,
CVPR 2011; following action with a window, as in Liu and Gleicher, Video Retargeting: Automating Pan and Scan, ACM
Multimedia 2006). A weighted mean over neighbouring steps then limits the acceleration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CENTRE = 0.5
MAX_SPEED = 0.25
"""Widths of the picture per second."""
MAX_ACCELERATION = 0.35
"""Widths per second squared; follows from the speed and the smoothing."""
WINDOW_ASPECT = 9 / 16
"""The path is that of the narrowest window, of the upright canvas' shape; wider windows hold it in them."""

_CELL = 0.0125
"""Distance of the positions that are tried."""
_SMOOTHING = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
_WINDOW_S = 1.0
"""Each step looks at the second around its middle."""
_NOTICED_LEVELS = 0.3
"""Mean change of the whole picture that pulls in full; less pulls less."""
_FLAT_TOP = 0.85
"""Share of the window in which it does not matter where the action is."""
_COST_OF_WIDTH = 3.0
"""Steps of full pull that a move by a whole width must be worth."""
_PULL_TO_CENTRE = 0.25
"""What a width off the centre costs a step of full pull."""
_BLOCK = 256
"""Steps that are worked on at once: all pairs of an hour would take 50 MB."""
_TIE = 1e-4
"""The same without any pull: of equally good paths the one nearest to the centre."""


def follow(
    columns: NDArray[np.floating[Any]],
    pair_s: Floats,
    cuts_s: Sequence[float],
    steps: int,
    step_s: float,
    aspect: float,
) -> Floats:
    """Centres of the window, one a step.

    Inside of a shot two steps differ by at most `MAX_SPEED * step_s`, their differences by at most
    `MAX_ACCELERATION * step_s ** 2` (at steps of 0.5 s); from shot to shot the window may jump. Where nothing pulls
    it holds still. It never leaves the picture.

    Args:
        columns: `[P, C]` mean absolute change between two frames in columns of the picture, left to right, in levels.
        pair_s: `[P]` times of the later frames, rising; the earlier frame is that of the pair before.
        cuts_s: times of the first frames of new shots, rising.
        steps: how many values are wanted.
        step_s: length of a step.
        aspect: width over height of the picture as displayed.

    Returns:
        `[steps]`, 0 left to 1 right.
    """
    path = np.full(steps, CENTRE)
    share = min(1.0, WINDOW_ASPECT / aspect) if aspect > 0 else 1.0
    room = CENTRE - share / 2
    cells = round(room / _CELL)
    if not cells or not steps:
        return path
    places: Floats = np.array([CENTRE + room * index / cells for index in range(-cells, cells + 1)])
    middles: Floats = (np.arange(steps, dtype=np.float64) + 0.5) * step_s
    first_shot = np.searchsorted(cuts_s, 0.0, "right")
    shot_of_pair, shot_of_step = (np.searchsorted(cuts_s, times, "right") for times in (pair_s, middles))
    farthest = int(MAX_SPEED * step_s / (places[1] - places[0]) + 1e-9)
    # numpy's own way to distinct values imports a fifth of a library.
    for shot in sorted(set(shot_of_step.tolist())):
        inside = np.flatnonzero(shot_of_step == shot)
        begin, end = np.searchsorted(shot_of_pair, (shot, shot + 1))
        # The first pair after a cut compares two shots.
        mine = slice(begin + (shot > first_shot), end)
        gains = _worths(pair_s[mine], columns[mine], middles[inside], places, share)
        path[inside] = smoothed(places[best_path(gains, places, farthest)])
    return path


def pulls(columns: NDArray[np.floating[Any]]) -> Floats:
    """`[P, C]` how much each column pulls, together 0 to 1 in each pair.

    Only change beyond that of the typical column counts, and as a share of all change: a camera that moves, a flash
    and an explosion change every column and pull nowhere.
    """
    values = np.nan_to_num(columns.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    if not values.size:
        return values
    excess: Floats = np.maximum(values - np.median(values, axis=1, keepdims=True), 0.0)
    shares: Floats = excess / np.maximum(values.sum(1, keepdims=True), _NOTICED_LEVELS * values.shape[1])
    return shares


def _worths(
    pair_s: Floats, columns: NDArray[np.floating[Any]], middles: Floats, places: Floats, share: float
) -> Floats:
    """`[N, X]` what the window is worth around each step's middle at each place."""
    distance = np.abs(places[None, :] - _middles(columns.shape[1])[:, None]) / (share / 2)
    kept = np.clip((1.0 - distance) / (1.0 - _FLAT_TOP), 0.0, 1.0)
    off_centre = _PULL_TO_CENTRE * np.abs(places - CENTRE)
    worths = np.empty((len(middles), len(places)))
    # Not all at once: an hour of pairs would be most of the memory that an analysis takes.
    for start in range(0, len(middles), _BLOCK):
        block = slice(start, start + _BLOCK)
        pull = _pull(pair_s, columns, middles[block])
        worths[block] = pull @ kept - pull.sum(1)[:, None] * off_centre
    return worths


def _middles(count: int) -> Floats:
    return (np.arange(count) + 0.5) / max(count, 1)


def _pull(pair_s: Floats, columns: NDArray[np.floating[Any]], middles: Floats) -> Floats:
    """`[N, C]` mean pull of the pairs around each step's middle; 0 where there are none."""
    begin = np.searchsorted(pair_s, middles - _WINDOW_S / 2)
    end = np.searchsorted(pair_s, middles + _WINDOW_S / 2)
    pull = pulls(columns[begin[0] : end[-1]])
    totals = np.concatenate((np.zeros((1, pull.shape[1])), np.cumsum(pull, axis=0)))
    sums: Floats = totals[end - begin[0]] - totals[begin - begin[0]]
    means: Floats = sums / np.maximum(end - begin, 1)[:, None]
    return means


def best_path(gains: Floats, places: Floats, farthest: int) -> NDArray[np.int64]:
    """Index of the place in each step for the largest sum of gains less costs of moving.

    Args:
        gains: `[N, X]`.
        places: `[X]`, evenly spaced.
        farthest: how many places the window may move from a step to the next.
    """
    steps, count = gains.shape
    ties = _TIE * np.abs(places - CENTRE)
    moves = np.arange(-farthest, farthest + 1)
    costs = _COST_OF_WIDTH * np.abs(moves) * (places[1] - places[0])
    # Holding still comes first among equals.
    order = np.argsort(np.abs(moves), kind="stable")
    origins = np.arange(count)[:, None] + moves[order][None, :]
    outside = (origins < 0) | (origins >= count)
    origins = np.clip(origins, 0, count - 1)
    came_from = np.zeros((steps, count), dtype=np.int16)
    best = gains[0] - ties
    for step in range(1, steps):
        reached = np.where(outside, -np.inf, best[origins] - costs[order])
        choice = reached.argmax(1)
        came_from[step] = origins[np.arange(count), choice]
        best = reached[np.arange(count), choice] + (gains[step] - ties)
    path = np.zeros(steps, dtype=np.int64)
    path[-1] = int(best.argmax())
    for step in range(steps - 1, 0, -1):
        path[step - 1] = came_from[step, path[step]]
    return path


def smoothed(path: Floats) -> Floats:
    """Weighted mean over neighbouring steps; the ends count on."""
    around = len(_SMOOTHING) // 2
    padded = np.pad(path, around, mode="edge")
    result: Floats = np.convolve(padded, _SMOOTHING, mode="valid")
    # Summing rounds; where the window holds still it does so to the last bit.
    view = np.lib.stride_tricks.sliding_window_view(padded, len(_SMOOTHING))
    still = view.max(1) == view.min(1)
    result[still] = path[still]
    return result

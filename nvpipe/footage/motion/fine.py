"""The fine pass of a coarse track: the stretches that decide which window is the best are decoded in full.

What was measured there takes the place of what bursts suggested, on the scale of the bursts: with the mean and the
spread that these have over the same steps. So decoded steps can be compared with each other, and are neither favoured
nor put back against the rest of the video.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from nvpipe.footage.motion.gather import StoringGatherer
from nvpipe.footage.motion.sampling import Sampler
from nvpipe.footage.motion.signals import STEP_S, WINDOW_S, measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nvpipe.footage.motion.gather import Gather
    from nvpipe.footage.motion.signals import Signals
    from nvpipe.media.decode import Reader

    Floats = NDArray[np.float64]

WINDOWS_S = (15.0, 30.0, 60.0)
"""Lengths of the windows between which is to be decided."""
_MARGIN = 0.05
"""Difference of mean scores, in standard deviations of the scores, by which a rival counts 1 / e."""
_LONGEST_SHARE = 0.8
"""Windows longer than this share of the video leave nothing to choose."""
_SHORTEST_S = 3.0
"""Of shorter stretches little is left between their ends."""
_PER_STRETCH_S = 0.5
"""What opening the file, seeking and the way from the keyframe cost for each stretch, in seconds of decoding."""
_RESCALED = ("flash", "tint", "motion")
"""Signals that bursts measure, too."""
_ABOVE_USUAL = {"overlay": 25, "cut": 50}
"""Signals that bursts cannot measure, with the percentile taken for usual: only what exceeds it counts, or stretches
would lose by having been decoded."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in some steps of a video, M of them."""

    steps: NDArray[np.int64]
    """`[M]` which steps, rising."""
    values: dict[str, Floats]
    """`[M]` each, by the names of the fields of `Signals`."""


def contested(scores: Floats, step_s: float) -> Floats:
    """How much hangs on each step: nothing where all good windows hold it, or none, most where half of them do.

    Windows count by how near their mean score comes to that of the best one (a softmax).
    """
    steps = len(scores)
    totals = np.concatenate(([0.0], np.cumsum(scores)))
    scale = _MARGIN * max(float(scores.std()), 1e-9)
    result = np.zeros(steps)
    for window_s in WINDOWS_S:
        length = round(window_s / step_s)
        if length > _LONGEST_SHARE * steps:
            continue
        means = (totals[length:] - totals[:-length]) / length
        chance = np.exp((means - means.max()) / scale)
        chance /= chance.sum()
        changes = np.zeros(steps + 1)
        changes[: len(chance)] += chance
        changes[length : length + len(chance)] -= chance
        held = np.clip(np.cumsum(changes[:-1]), 0.0, 1.0)
        result += held * (1.0 - held)
    return result


def undecided(scores: Floats, step_s: float, keys_s: Floats, budget_s: float) -> list[tuple[int, int]]:
    """The stretches that are worth decoding most, as `[first, end)` steps, rising and apart.

    Decoding starts at keyframes, so that whole runs from one to the next are taken, the most contested first; the
    last one is cut to what is left of the budget.

    Args:
        scores: `[N]` by the coarse pass.
        step_s: length of a step.
        keys_s: times of the keyframes, rising.
        budget_s: how many seconds may be decoded.
    """
    steps = len(scores)
    worth = np.concatenate(([0.0], np.cumsum(contested(scores, step_s))))
    firsts, ends = _runs(keys_s, step_s, steps, math.floor(budget_s / step_s + 1e-6))
    density = (worth[ends] - worth[firsts]) / np.maximum(ends - firsts, 1)
    chosen = np.zeros(steps, dtype=bool)
    left_s = budget_s
    for run in np.argsort(-density, kind="stable"):
        first, end = int(firsts[run]), int(ends[run])
        joins = bool((first > 0 and chosen[first - 1]) or (end < steps and chosen[end]))
        left_s -= 0.0 if joins else _PER_STRETCH_S
        count = min(end - first, math.floor(left_s / step_s + 1e-6))
        if density[run] <= 0 or count <= 0 or (not joins and left_s < _SHORTEST_S):
            break
        chosen[first : first + count] = True
        left_s -= count * step_s
    edges = np.flatnonzero(np.diff(np.concatenate(([False], chosen, [False]))))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def _runs(keys_s: Floats, step_s: float, steps: int, longest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and end steps of runs that begin at keyframes: none too short, of long ones what is affordable."""
    borders = [0]
    for key_s in keys_s:
        at = math.ceil(key_s / step_s - 1e-6)
        if (at - borders[-1]) * step_s >= _SHORTEST_S and (steps - at) * step_s >= _SHORTEST_S:
            borders.append(at)
    firsts = np.array(borders, dtype=np.int64)
    ends = np.array([*borders[1:], steps], dtype=np.int64)
    return firsts, np.minimum(ends, firsts + longest)


def measured(
    reader: Reader,
    stretches: Sequence[tuple[int, int]],
    steps: int,
    on_progress: Callable[[float], None],
    gather: Gather = StoringGatherer,
) -> Measured:
    """Decode stretches in full and measure them as the full analysis does.

    Args:
        reader: of the video.
        stretches: `[first, end)` steps.
        steps: how many the video has.
        on_progress: told how many seconds of the stretches are done.
        gather: makes what gathers from planes.

    Raises:
        MediaError: the file vanished, or decoding takes too long.
    """
    places = [np.zeros(0, dtype=np.int64)]
    found: list[Signals] = []
    done_s = 0.0
    for first, end in stretches:
        start_s, end_s = first * STEP_S, end * STEP_S
        info = reader.info
        aspect = info.width_px / info.height_px
        sampler = Sampler(info.rotation_deg, aspect, mirrored=info.mirrored, gather=gather)
        for frame in reader.frames(start_s, end_s, draft=True):
            sampler.add(frame)
        done_s += end_s - start_s
        on_progress(done_s)
        if not sampler.frames:
            continue
        samples = sampler.finish()
        pair_s = samples.pair_s - start_s
        cuts_s = tuple(cut_s - start_s for cut_s in samples.cuts_s)
        samples = replace(samples, time_s=samples.time_s - start_s, pair_s=pair_s)
        signals = measure(samples, np.zeros(0), end_s - start_s, cuts_s)
        inside = _inside(pair_s, first, end, steps)
        places.append(first + inside)
        found.append(_taken(signals, inside))
    names = [field.name for field in fields(found[0]) if field.name != "step_s"] if found else []
    values = {name: np.concatenate([getattr(signals, name) for signals in found]) for name in names}
    return Measured(np.concatenate(places), values)


def refined(signals: Signals, seen: Measured) -> Signals:
    """Coarse signals with what was measured in their place.

    Args:
        signals: of the coarse pass.
        seen: what is known better.
    """
    at = seen.steps
    if not len(at):
        return signals
    better = {}
    for name in _RESCALED:
        better[name] = getattr(signals, name).copy()
        better[name][at] = _rescaled(seen.values[name], better[name][at])
    for name, usual in _ABOVE_USUAL.items():
        better[name] = np.zeros(len(signals.live))
        values = seen.values[name]
        better[name][at] = np.maximum(values - np.percentile(values, usual), 0.0)
    live = signals.live.copy()
    live[at] = seen.values["live"]
    return replace(signals, live=live, **better)


def _rescaled(values: Floats, like: Floats) -> Floats:
    """Values with the mean and the standard deviation of others."""
    spread = float(values.std())
    centred = (values - values.mean()) / spread if spread > 1e-9 else np.zeros(len(values))
    result: Floats = centred * like.std() + like.mean()
    return result


def _inside(pair_s: Floats, first: int, end: int, steps: int) -> NDArray[np.int64]:
    """Steps of a stretch, from its start, of which all was decoded that they look at."""
    steps_s = (np.arange(end - first) + 0.5) * STEP_S
    compared = np.searchsorted(pair_s, steps_s + WINDOW_S / 2) > np.searchsorted(pair_s, steps_s - WINDOW_S / 2)
    margin = math.ceil((WINDOW_S - STEP_S) / 2 / STEP_S)
    compared[: margin if first > 0 else 0] = False
    if end < steps:
        compared[len(compared) - margin :] = False
    return np.flatnonzero(compared)


def _taken(signals: Signals, steps: NDArray[np.int64]) -> Signals:
    """Some steps of signals."""
    parts = {
        field.name: values[steps] if len(values := getattr(signals, field.name)) else values
        for field in fields(signals)
        if field.name != "step_s"
    }
    return replace(signals, **parts)

"""The arithmetic of `bench/action.py`: combat inside a window, the peers' rules, and the table. No media, no clock.

A truth is one number a second: 1 where there was combat, 0 where not. Windows are `[start_s, start_s + duration_s)`
inside of the clip and may start and end anywhere; a second counts by the part of it that the window covers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean

EPSILON_S = 1e-6
ORIGINAL_STEP_S = 15.0
ORIGINAL_MARGIN_S = 5.0


def combat_s(truth: Sequence[float], start_s: float, end_s: float) -> float:
    """Seconds of combat inside `[start_s, end_s)`."""
    sums = tuple(accumulate(truth, initial=0.0))

    def until(time_s: float) -> float:
        place = min(max(time_s, 0.0), float(len(truth)))
        whole = min(int(place), max(len(truth) - 1, 0))
        return sums[whole] + ((place - whole) * truth[whole] if truth else 0.0)

    return until(end_s) - until(start_s)


def _bends(truth: Sequence[float], duration_s: float) -> list[float]:
    """Starts between which the combat inside a window changes linearly, from the first to the last possible one."""
    last_s = max(len(truth) - duration_s, 0.0)
    borders = {0.0, last_s}
    for second in range(len(truth) + 1):
        borders.update(start_s for start_s in (float(second), second - duration_s) if 0 < start_s < last_s)
    return sorted(borders)


def best_possible_s(truth: Sequence[float], duration_s: float) -> float:
    """The most combat that any window holds, wherever it starts."""
    return max(combat_s(truth, start_s, start_s + duration_s) for start_s in _bends(truth, duration_s))


def random_s(truth: Sequence[float], duration_s: float) -> float:
    """Expected combat in a window whose start is uniform over all possible ones: the exact integral, no sample."""
    starts = _bends(truth, duration_s)
    held = [combat_s(truth, start_s, start_s + duration_s) for start_s in starts]
    if starts[-1] <= EPSILON_S:
        return held[0]
    pairs = zip(pairwise(starts), pairwise(held), strict=True)
    return math.fsum((end - start) * (low + high) / 2 for (start, end), (low, high) in pairs) / starts[-1]


def best_second(values: Sequence[float], duration_s: float) -> float:
    """Start of the window with the largest sum of a signal of one value a second; a whole second, the earliest."""
    starts = range(max(int(len(values) - duration_s + EPSILON_S), 0) + 1)
    lowest = min(values, default=0.0)
    above = [value - lowest for value in values]
    return float(max(starts, key=lambda start: (round(combat_s(above, start, start + duration_s), 9), -start)))


def original_starts(length_s: float, duration_s: float) -> list[float]:
    """Where the original lets a window start: every 15 s, the last one ending at least a second before the end."""
    count = math.ceil((length_s - duration_s - 1.0) / ORIGINAL_STEP_S - EPSILON_S)
    return [index * ORIGINAL_STEP_S for index in range(max(count, 0))]


def original_looks(start_s: float, duration_s: float) -> tuple[float, float, float]:
    """Times of the three frames by which it judges a window: 5 s inside of either end, and the middle."""
    return start_s + ORIGINAL_MARGIN_S, start_s + duration_s / 2, start_s + duration_s - ORIGINAL_MARGIN_S


def original_times(length_s: float, duration_s: float) -> list[float]:
    """Times of all frames that it looks at."""
    return [
        time_s for start_s in original_starts(length_s, duration_s) for time_s in original_looks(start_s, duration_s)
    ]


def original_frame_score(channel_variances: Sequence[float], variance: float, mean: float) -> float:
    """Its score of one RGB frame of 0-255, from the variance over the picture of each channel, and variance and mean
    of all values together."""
    return 0.5 * fmean(channel_variances) + 0.0003 * variance + 0.01 * mean


def original_window(length_s: float, duration_s: float, frame_scores: Mapping[float, float]) -> tuple[float, float]:
    """The window that the original chooses: the largest mean score of its three frames, the earlier one of equals.

    A frame that could not be read is left out of the mean. Where the clip is too short for any candidate it starts
    5 s into the clip, or at a tenth of it, and takes what is there.

    Args:
        length_s: length of the clip.
        duration_s: length of the window.
        frame_scores: `original_frame_score` by the times of `original_looks`.
    """
    chosen, most = None, -math.inf
    for start_s in original_starts(length_s, duration_s):
        seen = [frame_scores[time_s] for time_s in original_looks(start_s, duration_s) if time_s in frame_scores]
        if seen and fmean(seen) > most:
            chosen, most = start_s, fmean(seen)
    if chosen is None:
        chosen = min(5.0, length_s / 10)
        if length_s - chosen < 0.8 * duration_s:
            chosen = max(length_s - duration_s, 0.0)
    return chosen, min(chosen + duration_s, length_s)


@dataclass(frozen=True, slots=True)
class Row:
    """What was chosen in one variant of one clip, for one duration."""

    clip: str
    variant: str
    duration_s: float
    best_s: float
    """The most combat that a window of this length can hold."""
    shares: Mapping[str, float | None]
    """Combat in the window that each rule chose over `best_s`; None where the rule has nothing to go by."""
    starts_s: Mapping[str, float]
    """Where each rule's window starts; none for the random one."""


def row(
    clip: str,
    variant: str,
    duration_s: float,
    truth: Sequence[float],
    windows: Mapping[str, tuple[float, float] | None],
) -> Row | None:
    """A row of the table, its `random` share added; None when the clip has no combat to find."""
    best_s = best_possible_s(truth, duration_s)
    if best_s <= EPSILON_S:
        return None
    shares: dict[str, float | None] = {
        rule: None if window is None else combat_s(truth, *window) / best_s for rule, window in windows.items()
    }
    shares["random"] = random_s(truth, duration_s) / best_s
    starts_s = {rule: window[0] for rule, window in windows.items() if window is not None}
    return Row(clip, variant, duration_s, best_s, shares, starts_s)


def _shown(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"


def _summary(rows: Sequence[Row], rules: Sequence[str], name: str, pick: Callable[[list[float]], float]) -> list[str]:
    lines = []
    for variant, duration_s in dict.fromkeys((row.variant, row.duration_s) for row in rows):
        group = [row for row in rows if (row.variant, row.duration_s) == (variant, duration_s)]
        cells = []
        for rule in rules:
            shares = [share for row in group if (share := row.shares.get(rule)) is not None]
            cells.append(f"**{pick(shares):.2f}**" if shares else "–")
        lines.append(_line([f"**{name} of {len(group)}**", variant, f"{duration_s:g}", "", "", *cells]))
    return lines


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table(rows: Sequence[Row], rules: Sequence[str]) -> str:
    """A Markdown table: a row for each clip, variant and duration, then for each variant and duration mean and worst.

    `best s` is the combat in the best possible window, `at s` where nvpipe's window starts, the rest are shares.
    """
    head = ["clip", "variant", "window s", "best s", "at s", *rules]
    lines = [_line(head), "|" + "---|" * len(head)]
    for one in rows:
        at = one.starts_s.get("nvpipe")
        cells = [
            one.clip.replace("|", "/"),
            one.variant,
            f"{one.duration_s:g}",
            f"{one.best_s:.1f}",
            "–" if at is None else f"{at:g}",
        ]
        lines.append(_line([*cells, *(_shown(one.shares.get(rule)) for rule in rules)]))
    return "\n".join([*lines, *_summary(rows, rules, "mean", fmean), *_summary(rows, rules, "worst", min)])


def worse_than(rows: Sequence[Row], peer: str, by: float = 0.005) -> list[str]:
    """Rows in which nvpipe's window holds less combat than a peer's, the largest loss first."""
    losses = []
    for one in rows:
        ours, theirs = one.shares.get("nvpipe"), one.shares.get(peer)
        if ours is not None and theirs is not None and theirs - ours > by:
            text = f"{one.clip} ({one.variant}, {one.duration_s:g} s): {ours:.2f} against {theirs:.2f}"
            losses.append((ours - theirs, text))
    return [text for _, text in sorted(losses)]

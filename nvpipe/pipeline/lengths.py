"""How a measured narration comes to the length asked for: which lines go, and how fast the rest is said.

Pure rules over durations; nothing here writes or speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SLOWEST, FASTEST = 0.88, 1.12
"""How far the speaking rate may be bent, as shares of the rate that the user asked for."""
LOWEST_RATE, HIGHEST_RATE = 0.4, 2.5
"""What speakers take at all."""
SHORTEST_TAIL_S, LONGEST_TAIL_S = 0.35, 1.2
"""From the end of the last word to the end of the file."""
MARGIN_S = 0.08
"""Predictions keep this far from the ends of what is wanted, since voices are no clocks."""
RATE_STEP = 1 / 170
"""Smaller changes of the rate may change nothing: eSpeak counts whole words a minute, 170 of them at rate 1."""
BEND_COST = 1.0
"""A rate bent by one per cent weighs as much as one per cent of what is said."""
STEPS = 1000
SHORTEST_STEP_S = 0.01
"""Of lengths that come out alike within a step only the most valuable choice is followed."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a script as it was measured."""

    speech_s: float
    """From the start of its first word to the end of its last one."""
    pause_s: float
    """Between its end and the next line's start; of the last line, what it would be."""
    value: float = 0.0
    """What is lost without it, in any unit."""
    leans: bool = False
    """Makes no sense without the line before it."""
    stays: bool = False
    """Is said in any case; the first line always is."""


@dataclass(frozen=True, slots=True)
class Goal:
    """When the last word may end, counted from the start of the narration."""

    earliest_s: float
    latest_s: float
    rate: float = 1.0
    """The speaking rate asked for."""

    @property
    def rates(self) -> tuple[float, float]:
        """The slowest and the fastest rate that may be tried."""
        return max(LOWEST_RATE, SLOWEST * self.rate), min(HIGHEST_RATE, FASTEST * self.rate)

    def miss_s(self, end_s: float) -> float:
        """How far the end of the last word lies outside of what is wanted."""
        return max(0.0, self.earliest_s - end_s, end_s - self.latest_s)


@dataclass(frozen=True, slots=True)
class Choice:
    """Lines that are said, at which rate, and when the last word is expected to end."""

    kept: tuple[int, ...]
    rate: float
    end_s: float


@dataclass(frozen=True, slots=True)
class _State:
    """Some of the lines up to one, the last of them kept or not."""

    length_s: float
    value: float
    last: int
    before: _State | None


def goal_of(file_s: float, lead_s: float, rate: float = 1.0) -> Goal:
    """What a narration is to reach so that the file is `file_s` long and ends neither abruptly nor in silence."""
    spoken_s = file_s - lead_s
    return Goal(max(0.1, spoken_s - LONGEST_TAIL_S), max(0.2, spoken_s - SHORTEST_TAIL_S), rate)


def file_length(file_s: float, lead_s: float, narration_s: float, end_s: float) -> float:
    """The length of the file nearest to the one asked for.

    Args:
        file_s: what was asked for.
        lead_s: before the narration.
        narration_s: the narration with the silence at its end, which is never cut.
        end_s: end of its last word.
    """
    shortest_s = lead_s + max(narration_s, end_s + SHORTEST_TAIL_S)
    return max(shortest_s, min(file_s, lead_s + end_s + LONGEST_TAIL_S))


def choose(lines: Sequence[Line], head_s: float, measured_rate: float, goal: Goal) -> Choice:
    """The lines and the rate that end nearest to the goal; of those that meet it, the best.

    A choice that meets the goal loses little of what the lines are worth and bends the rate little. The
    choices are found as for the 0/1 knapsack, by dynamic programming over the lengths that can be reached.

    Args:
        lines: at least one, measured at `measured_rate`.
        head_s: silence before the first word, the same at every rate.
        measured_rate: the rate at which they were spoken.
        goal: what is to be reached.
    """
    total = sum(line.value for line in lines) or 1.0
    best: tuple[tuple[float, float], Choice] | None = None
    step_s = max(SHORTEST_STEP_S, sum(line.speech_s + line.pause_s for line in lines) / STEPS)
    too_long_s = (goal.latest_s - head_s) * goal.rates[1] / measured_rate
    for state in _reachable(lines, step_s, too_long_s):
        rate = best_rate(state.length_s, head_s, measured_rate, goal)
        end_s = head_s + state.length_s * measured_rate / rate
        lost = 1.0 - state.value / total
        bent = abs(rate / goal.rate - 1.0)
        key = (round(goal.miss_s(end_s), 3), round(lost + BEND_COST * bent, 9))
        if best is None or key < best[0]:
            best = (key, Choice(_kept(state), rate, end_s))
    assert best is not None
    return best[1]


def best_rate(length_s: float, head_s: float, measured_rate: float, goal: Goal) -> float:
    """The rate within its limits that ends nearest to the goal: one that is known to do, else the middle of it."""
    slowest, fastest = goal.rates

    def end_s(rate: float) -> float:
        return head_s + length_s * measured_rate / rate

    margin_s = min(MARGIN_S, (goal.latest_s - goal.earliest_s) / 4)
    for rate in (goal.rate, measured_rate):
        known = rate == measured_rate
        spare_s = 0.0 if known else margin_s
        if slowest <= rate <= fastest and goal.earliest_s + spare_s <= end_s(rate) <= goal.latest_s - spare_s:
            return rate
    middle_s = (goal.earliest_s + goal.latest_s) / 2
    wanted = length_s * measured_rate / max(middle_s - head_s, 0.05)
    if slowest <= measured_rate <= fastest and abs(wanted / measured_rate - 1.0) < RATE_STEP / 2:
        return measured_rate
    return min(max(round(wanted, 4), slowest), fastest)


def _reachable(lines: Sequence[Line], step_s: float, too_long_s: float) -> Iterator[_State]:
    """Every choice that may stand, one for each length of a step; of those that are too long, the shortest."""
    last_bound = max(index for index, line in enumerate(lines) if line.stays or index == 0)
    with_last: dict[int, _State] = {}
    without: dict[int, _State] = {}
    for index, line in enumerate(lines):
        pool = [*with_last.values(), *([] if line.leans and index else without.values())]
        said = [_State(0.0, 0.0, -1, None)] if index == 0 else pool
        taken: dict[int, _State] = {}
        for before in said:
            _put(taken, _added(before, index, lines), step_s)
        taken = _pruned(taken, too_long_s)
        if index >= last_bound:
            yield from taken.values()
        if line.stays or index == 0:
            without = {}
        else:
            for state in with_last.values():
                _put(without, state, step_s)
            without = _pruned(without, too_long_s)
        with_last = taken


def _pruned(states: dict[int, _State], too_long_s: float) -> dict[int, _State]:
    """Without what can only come nearer by being shorter, where something shorter is there."""
    fit = {at: state for at, state in states.items() if state.length_s <= too_long_s}
    return fit or dict(sorted(states.items())[:1])


def _added(before: _State, index: int, lines: Sequence[Line]) -> _State:
    """A line more; the pause after the line before it counts only now."""
    line = lines[index]
    pause_s = lines[before.last].pause_s if before.last >= 0 else 0.0
    length_s = before.length_s + pause_s + line.speech_s
    return _State(length_s, before.value + line.value, index, before if before.last >= 0 else None)


def _put(states: dict[int, _State], state: _State, step_s: float) -> None:
    at = round(state.length_s / step_s)
    known = states.get(at)
    if known is None or state.value > known.value:
        states[at] = state


def _kept(state: _State) -> tuple[int, ...]:
    kept = []
    found: _State | None = state
    while found is not None:
        kept.append(found.last)
        found = found.before
    return tuple(reversed(kept))


def measured_lines(
    words: Sequence[tuple[int, float, float]], known: Mapping[int, tuple[float, float]], numbers: Sequence[int]
) -> dict[int, tuple[float, float]]:
    """Speech and pause of every line, by its number.

    Args:
        words: (place of the line, start, end) of each word, in order.
        known: what other narrations gave for lines that are not in this one.
        numbers: the number of the line at each place.
    """
    spans: dict[int, tuple[float, float]] = {}
    for place, start_s, end_s in words:
        first_s, _ = spans.get(place, (start_s, end_s))
        spans[place] = (first_s, end_s)
    places = sorted(spans)
    pauses = {place: max(0.0, spans[after][0] - spans[place][1]) for place, after in pairwise(places)}
    usual = sum(pauses.values()) / len(pauses) if pauses else 0.3
    found = dict(known)
    for place, number in enumerate(numbers):
        start_s, end_s = spans.get(place, (0.0, 0.0))
        pause_s = pauses.get(place)
        if pause_s is None:
            pause_s = known[number][1] if number in known else usual
        found[number] = (end_s - start_s, pause_s if place in spans else 0.0)
    return found

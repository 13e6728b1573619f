"""Sequences joined from any videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nvpipe.footage.curve import EPSILON_S, Curve
from nvpipe.footage.rooms import MIN_PIECE_S, Demand, Room, hooks, take, top
from nvpipe.types import Segment

CUT_COST = 0.05
"""What one cut has to gain in the mean score; without it, sequences would be cut for nothing."""

_TRIES = 300
"""Pieces tried in each search for a sequence whose joins all lie between sentences."""

_LIKELY = 40
"""So many rooms are tried for each piece: those with the best stretches."""
_USUAL_PIECE_S = 6.0

Piece = tuple[Curve, Segment]


def joined(rooms: Sequence[Room], demand: Demand) -> list[Segment] | None:
    """Pieces that fill the demand, none overlapping another; None when there is not enough.

    Looked for are, in this order: joins between sentences with the strongest step of all under the first one; joins
    between sentences; joins between sentences even where that makes splinters; anything.
    """
    strict = [
        _Search(demand, demand.joins_s, MIN_PIECE_S, strongest_first=True),
        _Search(demand, demand.joins_s, MIN_PIECE_S, strongest_first=False),
        _Search(demand, demand.borders_s, 0.0, strongest_first=False),
    ]
    for search in strict:
        if search.joins_s and (found := search.find(list(rooms), [_TRIES])) is not None:
            return found
    return (
        _greedy(rooms, demand, aligned=True, tidy=True)
        or _greedy(rooms, demand, aligned=False, tidy=True)
        or _greedy(rooms, demand, aligned=False, tidy=False)
    )


def repeated(rooms: Sequence[Room], demand: Demand) -> list[Segment]:
    """Pieces that fill the demand; when nothing that is left reaches to a sentence's end, all is shown again."""
    found = _greedy(rooms, demand, aligned=True, tidy=True, again=True)
    assert found is not None
    return found


@dataclass(frozen=True, slots=True)
class _Search:
    """Depth-first for a sequence with joins at given moments only, the most valuable piece first."""

    demand: Demand
    joins_s: tuple[float, ...]
    shortest_s: float
    strongest_first: bool

    def find(
        self, left: list[Room], tries: list[int], at_s: float = 0.0, limit: float | None = None
    ) -> list[Segment] | None:
        """The rest of a sequence from `at_s` on, none of its steps above the limit."""
        if self.demand.duration_s - at_s <= EPSILON_S:
            return []
        for curve, piece in self._pieces(left, at_s):
            if limit is not None and top(curve, piece) > limit:
                continue
            tries[0] -= 1
            if tries[0] < 0:
                return None
            peak = top(curve, piece) if at_s == 0 and self.strongest_first else limit
            rest = self.find(take(left, curve, piece), tries, at_s + piece.duration_s, peak)
            if rest is not None:
                return [piece, *rest]
        return None

    def _pieces(self, left: Sequence[Room], at_s: float) -> Iterator[Piece]:
        if at_s == 0:
            yield from _beginnings(left, self.demand, self.joins_s[0])
            if self.strongest_first:
                return
        todo_s = self.demand.duration_s - at_s
        ends_s = _ends_s(self.joins_s, self.demand, at_s, self.shortest_s)
        likely = sorted(left, key=lambda room: -room.promise(_USUAL_PIECE_S))[:_LIKELY]
        found: list[Piece] = []
        for room in likely:
            inside = [todo_s] if room.holds(todo_s) else [end_s for end_s in ends_s if room.holds(end_s)]
            found += [(room.curve, room.best(length_s)) for length_s in inside]
        yield from sorted(found, key=lambda item: -_value(item[1], todo_s))


def _greedy(
    rooms: Sequence[Room], demand: Demand, *, aligned: bool, tidy: bool, again: bool = False
) -> list[Segment] | None:
    """Rooms in turn, the most valuable first, the last one cut to its best part.

    Args:
        aligned: begin with the strongest moment, and cut each room back to the last border that it reaches.
        tidy: keep back what the last piece needs so as not to be a splinter.
        again: start again when all was shown.
    """
    left = list(rooms)
    pieces: list[Segment] = []
    at_s = 0.0
    while demand.duration_s - at_s > EPSILON_S:
        todo_s = demand.duration_s - at_s
        found = _reaching(left, demand, at_s) if aligned else []
        if not found and again:
            left = left if left and not demand.borders_s else list(rooms)
            found = _reaching(left, demand, at_s)
        if not found:
            found = [(room.curve, room.best(_most_s(room.length_s, todo_s, tidy))) for room in left]
        if not found:
            return None
        curve, piece = max(found, key=lambda item: (_is_whole(item[1], todo_s), _value(item[1], todo_s)))
        pieces.append(piece)
        at_s += piece.duration_s
        left = take(left, curve, piece)
    return pieces


def _reaching(left: Sequence[Room], demand: Demand, at_s: float) -> list[Piece]:
    """A piece from each room that reaches a border or the end; at the beginning the strongest moment alone."""
    if at_s == 0 and demand.joins_s and (first := _beginnings(left, demand, demand.joins_s[0])[:1]):
        return first
    found: list[Piece] = []
    for shortest_s, joins_s in ((MIN_PIECE_S, demand.joins_s), (0.0, demand.borders_s)):
        ends_s = _ends_s(joins_s, demand, at_s, shortest_s) if joins_s else []
        reached = [(room, [end_s for end_s in ends_s if room.holds(end_s)]) for room in left]
        found = [(room.curve, room.best(max(inside))) for room, inside in reached if inside]
        if found:
            break
    return found


def _beginnings(left: Sequence[Room], demand: Demand, hook_s: float) -> list[Piece]:
    """First pieces around strong moments, the strongest first."""
    found = [(room.curve, hook) for room in left for _, hook in hooks([room], hook_s, demand.first_s)]
    return sorted(found, key=lambda item: -top(*item))


def _ends_s(joins_s: Sequence[float], demand: Demand, at_s: float, shortest_s: float) -> list[float]:
    """Lengths of pieces from `at_s` to each later join, and to the end."""
    return [
        end_s - at_s
        for end_s in (*joins_s, demand.duration_s)
        if end_s - at_s > max(shortest_s, EPSILON_S) - EPSILON_S / 2
    ]


def _value(piece: Segment, todo_s: float) -> float:
    return round(piece.score - CUT_COST * todo_s / piece.duration_s, 9)


def _is_whole(piece: Segment, todo_s: float) -> bool:
    """Whether neither the piece nor what it leaves to fill is a splinter."""
    rest_s = todo_s - piece.duration_s
    return piece.duration_s >= MIN_PIECE_S - EPSILON_S and not EPSILON_S < rest_s < MIN_PIECE_S - EPSILON_S


def _most_s(room_s: float, todo_s: float, tidy: bool) -> float:
    """As much as there is, but with `tidy` not so much that a splinter stays to be filled."""
    length_s = min(room_s, todo_s)
    missing_s = MIN_PIECE_S - (todo_s - length_s)
    if tidy and EPSILON_S < missing_s < MIN_PIECE_S - EPSILON_S and length_s - missing_s >= MIN_PIECE_S:
        return length_s - missing_s
    return length_s

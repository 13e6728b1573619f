"""Words into lines: shaped, ordered, broken and sized so that all of it fits. Lengths are in em until the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise

from nvpipe.captions.bidi import base_level, levels, visual_order
from nvpipe.captions.breaks import clusters, line_units
from nvpipe.captions.chain import FontChain
from nvpipe.captions.text import cased, clean, closing_lead, is_opening, needs_space
from nvpipe.captions.typeface import Shaped, Typeface

MAX_LINES = 3
_MIN_SHRINK = 0.6
"""Words are broken rather than made smaller than this."""
_MAX_CHARS = 400
_BREAK_AFTER = "/.-_?&=:,@#%+\\"
CAP_HEIGHT = 0.7
DESCENT = 0.12


@dataclass(frozen=True, slots=True)
class Room:
    """What a block of text has to fit into, and what is drawn around its ink, for a font of `size_px`."""

    size_px: float
    narrow_px: float
    """Width in which the block can be centred in the frame."""
    wide_px: float
    height_px: float
    margin_x_px: float
    margin_y_px: float
    line_height: float
    """In em."""
    line_gap: float
    """Least distance in em between the ink of two lines."""
    space: float
    """In em."""
    boxed: bool
    """Whether each line needs the height of a box around its tallest letters."""
    max_lines: int = MAX_LINES


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of a word in one font and direction."""

    word: int
    level: int
    face: Typeface
    shaped: Shaped


@dataclass(frozen=True, slots=True)
class PlacedSegment:
    """A segment with its origin in em, y downwards from the first baseline, x from the middle of the line."""

    segment: Segment
    x: float
    y: float
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A laid-out cue. Ink bounds in em, y downwards from the first baseline, x from the middle."""

    size_px: float
    placed: tuple[PlacedSegment, ...]
    left: float
    right: float
    top: float
    bottom: float
    middle: float
    """Between the top of the first line's capitals and the last baseline."""


@dataclass(frozen=True, slots=True)
class _Atom:
    """A word, or a part of one that had to be broken."""

    segments: tuple[Segment, ...]
    width: float
    space_before: bool
    space_level: int
    text: str
    word: int


def lay_out(words: tuple[str, ...], *, chain: FontChain, language: str, uppercase: bool, room: Room) -> Block | None:
    """The block of a cue's words, at most three lines, at the full size if that is possible.

    Too much text is first set in more lines, then smaller (to 60 %), then its words are broken. Beyond 400
    characters it ends in an ellipsis.

    Returns:
        None when no word has a visible glyph.
    """
    texts = _cut(tuple(cased(clean(word), "upper" if uppercase else "as written", language) for word in words))
    parts = [(index, text) for index, text in enumerate(texts) if text]
    atoms = _atoms(parts, chain, language)
    if not any(segment.shaped.extent for atom in atoms for segment in atom.segments):
        return None
    for width_px in (room.narrow_px, room.wide_px):
        for count in range(1, room.max_lines + 1):
            block = _block(_lines(atoms, count, room), room, width_px)
            if block.size_px == room.size_px:
                return block
    best = max(
        (_block(_lines(atoms, count, room), room, room.wide_px) for count in range(1, room.max_lines + 1)),
        key=lambda block: block.size_px,
    )
    if best.size_px >= _MIN_SHRINK * room.size_px:
        return best
    return max(_broken(parts, atoms, chain, language, room), best, key=lambda block: block.size_px)


def _broken(parts: list[tuple[int, str]], atoms: list[_Atom], chain: FontChain, language: str, room: Room) -> Block:
    """The largest of a falling series of sizes at which the text fits with its long words broken."""
    factor = 1.0
    while True:
        size_px = room.size_px * factor
        limit = (room.wide_px - 2 * room.margin_x_px * factor) / size_px
        pieces = [
            (index, piece)
            for (index, text), atom in zip(parts, atoms, strict=True)
            for piece in (_pieces(text, atom.width, limit, language) if atom.width > limit else [text])
        ]
        shaped = _atoms(pieces, chain, language)
        block = _block(_lines(shaped, room.max_lines, room), room, room.wide_px)
        if block.size_px >= size_px or factor < 0.03:
            return block
        factor *= 0.94


def _cut(words: tuple[str, ...]) -> tuple[str, ...]:
    room, kept = _MAX_CHARS, []
    for word in words:
        kept.append(word if len(word) <= room else word[:room] + "…" if room else "")
        room = max(0, room - len(word))
    return tuple(kept)


def _atoms(parts: list[tuple[int, str]], chain: FontChain, language: str) -> list[_Atom]:
    """Shape the parts with the levels that they have in the whole text."""
    text, starts, spaces = "", [], []
    for position, (word, part) in enumerate(parts):
        before = parts[position - 1] if position else None
        spaces.append(before is not None and before[0] != word and needs_space(before[1], part))
        text += " " if spaces[-1] else ""
        starts.append(len(text))
        text += part
    level = levels(text, base_level(text, language))
    atoms = []
    for (word, part), start, space in zip(parts, starts, spaces, strict=True):
        segments: list[Segment] = []
        for run, run_level in _level_runs(part, level[start : start + len(part)]):
            for piece, face in chain.runs(run):
                shaped = face.shape(piece, run_level % 2 == 1, language)
                segments.append(Segment(word, run_level, face, shaped))
        width = sum(segment.shaped.advance for segment in segments)
        space_level = level[start - 1] if space else 0
        atoms.append(_Atom(tuple(segments), width, space and bool(segments), space_level, part, word))
    return atoms


def _level_runs(text: str, level: list[int]) -> list[tuple[str, int]]:
    bounds = [0, *(i for i in range(1, len(text)) if level[i] != level[i - 1]), len(text)]
    return [(text[start:end], level[start]) for start, end in pairwise(bounds) if end > start]


def _pieces(text: str, width: float, limit: float, language: str) -> list[str]:
    """A long word in parts of about equal width below `limit`, after a separator where one is near."""
    parts = clusters(text)
    ends = set(accumulate(map(len, line_units(text, language))))
    sizes = list(accumulate(map(len, parts), initial=0))
    per_cluster = width / len(parts)
    count = max(1, math.ceil(width / limit))
    most = max(1, int(limit * 0.92 / per_cluster))
    target = min(most, math.ceil(len(parts) / count))
    pieces = []
    start = 0
    while start < len(parts):
        end = min(start + target, len(parts))
        if end < len(parts):
            farthest, nearest = min(start + most, len(parts) - 1), start + max(0, target - max(1, target // 3))
            near = [place for place in range(farthest, nearest, -1) if _may_end(parts, place)]
            good = (place for place in near if sizes[place] in ends or parts[place - 1][-1] in _BREAK_AFTER)
            end = next(good, end if end in near else max([place for place in near if place < end], default=end))
        pieces.append("".join(parts[start:end]))
        start = end
    return pieces


def _may_end(parts: list[str], place: int) -> bool:
    """Whether a piece that ends before `parts[place]` leaves no punctuation alone at the edge of a line."""
    return not closing_lead("".join(parts[place:])) and not is_opening(parts[place - 1])


def _lines(atoms: list[_Atom], count: int, room: Room) -> list[list[_Atom]]:
    """Atoms in at most `count` lines, the widest as narrow as possible, then as even as possible."""
    ends = [0.0]
    for atom in atoms:
        ends.append(ends[-1] + atom.width + (room.space if atom.space_before else 0.0))

    def width(start: int, end: int) -> float:
        return ends[end] - ends[start] - (room.space if atoms[start].space_before else 0.0)

    size = len(atoms)
    best: list[tuple[float, float, list[int]]] = [
        (width(0, end), width(0, end) ** 2, [end]) if end else (0.0, 0.0, []) for end in range(size + 1)
    ]
    for _ in range(1, min(count, size)):
        improved = list(best)
        for end in range(2, size + 1):
            for start in range(end - 1, 0, -1):
                last = width(start, end)
                if last > improved[end][0]:
                    break
                widest, squares, bounds = best[start]
                choice = (max(widest, last), squares + last * last, [*bounds, end])
                if choice[:2] < improved[end][:2]:
                    improved[end] = choice
        best = improved
    return [atoms[start:end] for start, end in pairwise([0, *best[size][2]])]


def _block(lines: list[list[_Atom]], room: Room, width_px: float) -> Block:
    placed: list[PlacedSegment] = []
    baseline, below = 0.0, 0.0
    for number, line in enumerate(lines):
        extents = [s.shaped.extent for atom in line for s in atom.segments if s.shaped.extent]
        rise = max([CAP_HEIGHT if room.boxed else 0.0, *(extent.top for extent in extents)])
        if number:
            baseline += max(room.line_height, below + rise + room.line_gap)
        below = max([DESCENT if room.boxed else 0.0, *(-extent.bottom for extent in extents)])
        placed += _place(line, baseline, number, room.space)
    bounds = [(item, item.segment.shaped.extent) for item in placed]
    inked = [(item, extent) for item, extent in bounds if extent]
    left = min(item.x + min(0.0, extent.left) for item, extent in inked)
    right = max(item.x + max(item.segment.shaped.advance, extent.right) for item, extent in inked)
    top = min(item.y - max(extent.top, CAP_HEIGHT if room.boxed else 0.0) for item, extent in inked)
    bottom = max(item.y - min(extent.bottom, -DESCENT if room.boxed else 0.0) for item, extent in inked)
    across = right - left + 2 * room.margin_x_px / room.size_px
    down = bottom - top + 2 * room.margin_y_px / room.size_px
    size_px = min(room.size_px, width_px / across, room.height_px / down)
    return Block(size_px, tuple(placed), left, right, top, bottom, (baseline - CAP_HEIGHT) / 2)


def _place(line: list[_Atom], baseline: float, number: int, space: float) -> list[PlacedSegment]:
    """Segments of a line from left to right, in the order in which they are read on the page."""
    items: list[tuple[Segment | None, int]] = []
    for index, atom in enumerate(line):
        if index and atom.space_before:
            items.append((None, atom.space_level))
        items += ((segment, segment.level) for segment in atom.segments)
    widths = [segment.shaped.advance if segment else space for segment, _ in items]
    x, placed = -sum(widths) / 2, []
    for index in visual_order([level for _, level in items]):
        segment = items[index][0]
        if segment:
            placed.append(PlacedSegment(segment, x, baseline, number))
        x += widths[index]
    return placed

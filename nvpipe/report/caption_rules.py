"""Captions: inside the safe area, as drawn and as seen; long enough; and at the time of their words."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from nvpipe.captions.box import Box, safe_area
from nvpipe.report.drift import heard
from nvpipe.report.rules import RuleResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.media.watch import PictureWatch, Rectangle, SoundWatch
    from nvpipe.report.claims import Claims
    from nvpipe.types import CaptionTrack, Cue

SHORTEST_CUE_S = 0.080
ROUNDING_S = 0.0011
MOST_DRIFT_S = 0.080
LEAST_CORRELATION = 0.1
LEAST_CHANGES = 8
"""Of the captions, before their place can be told from the picture."""
CHANGE_LUMA = 12.0
"""What a cell changes by, at least, where text comes and goes."""
DEVIATIONS = 3.0
"""And how far beyond what it changes by otherwise."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The rectangle of each cue, as its painter draws it; None where nothing is drawn."""

    track: CaptionTrack
    boxes: tuple[Box | None, ...]

    def at(self) -> Callable[[float], Rectangle | None]:
        """What captions cover at a time, for times that never go back."""
        cues, boxes = self.track.cues, self.boxes
        place = 0

        def covered(at_s: float) -> Rectangle | None:
            nonlocal place
            while place < len(cues) and cues[place].end_s <= at_s:
                place += 1
            if place == len(cues) or cues[place].start_s > at_s + ROUNDING_S:
                return None
            box = boxes[place]
            return (box.left_px, box.top_px, box.right_px, box.bottom_px) if box else None

        return covered

    def changes_s(self) -> list[float]:
        """When other words are shown than before, ascending."""
        first = [cue.start_s for cue in self.track.cues[:1]]
        return first + [after.start_s for before, after in pairwise(self.track.cues) if before.words != after.words]


def draw(track: CaptionTrack, size_px: tuple[int, int]) -> Drawn:
    """Draw every cue once more, to know its rectangle.

    Raises:
        NvpipeError: the style or its font is not here.
        ValueError: the size leaves no room for captions.
    """
    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.captions.styles import style

    look = track.look or style(track.style)
    font = track.font.path if track.font else None
    painter = CaptionPainter(look, *size_px, safe_area(*size_px), language=track.language, font_file=font)
    seen: dict[tuple[tuple[str, ...], int | None], Box | None] = {}

    def box(cue: Cue) -> Box | None:
        key = (cue.words, cue.active)
        if key not in seen:
            seen[key] = painter.rectangle(cue)
        return seen[key]

    return Drawn(track, tuple(box(cue) for cue in track.cues))


def area(drawn: Drawn, size_px: tuple[int, int], *, strict: bool) -> RuleResult:
    """Every rectangle that is drawn lies in the safe area."""
    safe = safe_area(*size_px, strict=strict)
    outside = [
        (cue, box) for cue, box in zip(drawn.track.cues, drawn.boxes, strict=True) if box and not safe.contains(box)
    ]
    boxes = [box for box in drawn.boxes if box]
    if not outside:
        measured = _shown(_around(boxes)) if boxes else "nothing is drawn"
        return RuleResult("caption area", True, measured, _shown(safe))
    cue, box = outside[0]
    measured = f"{_shown(box)} at {cue.start_s:.2f} s, {len(outside)} of {len(drawn.boxes)} outside"
    return RuleResult("caption area", False, measured, _shown(safe))


def place(pictures: PictureWatch, size_px: tuple[int, int], *, strict: bool) -> RuleResult:
    """Where the picture changes whenever the captions do, by cells of 40 pixels, lies in the safe area."""
    import numpy as np

    from nvpipe.media.watch import CELL, EVERY_PX

    safe = safe_area(*size_px, strict=strict)
    expected = _shown(safe)
    if len(pictures.changed) < LEAST_CHANGES or pictures.usual is None or pictures.squares is None:
        return RuleResult("caption place", True, f"{len(pictures.changed)} changes are too few to tell", expected)
    typical = np.median(pictures.changed, axis=0)
    mean = pictures.usual / pictures.others
    spread = np.sqrt(np.maximum(pictures.squares / pictures.others - mean**2, 0))
    rows, columns = np.nonzero(typical > np.maximum(CHANGE_LUMA, mean + DEVIATIONS * spread))
    if not rows.size:
        return RuleResult("caption place", True, "not told apart from the footage", expected)
    side = CELL * EVERY_PX
    corners = zip((columns * side).tolist(), (rows * side).tolist(), strict=True)
    cells = [Box(left_px, top_px, left_px + side, top_px + side) for left_px, top_px in corners]
    outside = [cell for cell in cells if not _touch(cell, safe)]
    around = _around(outside or cells)
    around = Box(around.left_px, around.top_px, min(around.right_px, size_px[0]), min(around.bottom_px, size_px[1]))
    return RuleResult("caption place", not outside, f"seen in {_shown(around)}", expected)


def times(claims: Claims, sound_end_s: float) -> RuleResult:
    """No cue shorter than 80 ms, none past the end of the sound, none before the one before."""
    expected = f"at least {SHORTEST_CUE_S * 1000:.0f} ms each, in order, within the sound"
    spans = claims.shown
    for number, (start_s, end_s) in enumerate(spans, 1):
        if end_s - start_s < SHORTEST_CUE_S - ROUNDING_S:
            return RuleResult(
                "caption times", False, f"cue {number} lasts {(end_s - start_s) * 1000:.0f} ms", expected
            )
        if start_s < 0 or end_s > sound_end_s + ROUNDING_S:
            measured = f"cue {number} ends at {end_s:.2f} s, the sound at {sound_end_s:.2f} s"
            return RuleResult("caption times", False, measured, expected)
        if number > 1 and start_s < spans[number - 2][1] - ROUNDING_S:
            return RuleResult("caption times", False, f"cue {number} starts before cue {number - 1} ends", expected)
    return RuleResult("caption times", True, f"{len(spans)} cues", expected)


def drift(claims: Claims, sounds: SoundWatch) -> RuleResult:
    """Caption words against the voice: their distance from the words' times, and of those from what is heard."""
    expected = f"within {MOST_DRIFT_S * 1000:.0f} ms of the voice"
    found = heard(claims.words, sounds)
    if found is None:
        return RuleResult("caption drift", True, "no pauses to tell it by", expected, advisory=True)
    if found.correlation < LEAST_CORRELATION:
        measured = f"the words are not heard (correlation {found.correlation:.2f})"
        return RuleResult("caption drift", False, measured, expected)
    behind_s = _behind_s(claims)
    early_s = found.late_s - behind_s
    which = "early" if early_s > 0 else "late"
    measured = f"captions {abs(early_s) * 1000:.0f} ms {which} (correlation {found.correlation:.2f})"
    # Where the voice tells its place only roughly, it has the benefit of the doubt.
    nearest_s = max(found.earliest_s - behind_s, behind_s - found.latest_s, 0.0)
    return RuleResult("caption drift", nearest_s <= MOST_DRIFT_S, measured, expected)


def _behind_s(claims: Claims) -> float:
    """How much later than the words' times the captions come, in the middle of all."""
    if not claims.captions:
        return 0.0
    starts = [start_s for start_s, _ in claims.words]
    behind = [min((start_s - at for at in starts), key=abs) for start_s, _ in claims.shown]
    return statistics.median(behind) if behind else 0.0


def _touch(cell: Box, safe: Box) -> bool:
    return (
        cell.left_px < safe.right_px
        and cell.right_px > safe.left_px
        and cell.top_px < safe.bottom_px
        and cell.bottom_px > safe.top_px
    )


def _around(boxes: list[Box]) -> Box:
    return Box(
        min(box.left_px for box in boxes),
        min(box.top_px for box in boxes),
        max(box.right_px for box in boxes),
        max(box.bottom_px for box in boxes),
    )


def _shown(box: Box) -> str:
    return f"x {box.left_px}-{box.right_px}, y {box.top_px}-{box.bottom_px}"

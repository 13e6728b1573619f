"""Stretches without light, movement or sound: how long each may last before it is a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.media.watch import Stretch
from nvpipe.report.rules import RuleResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nvpipe.media.watch import PictureWatch, SoundWatch
    from nvpipe.report.claims import Claims

LONGEST_BLACK_S = 1.0
LONGEST_STILL_S = 2.0
LONGEST_SILENCE_S = 3.0
SILENCE_DBFS = -50.0


def black(pictures: PictureWatch) -> RuleResult:
    """98 % of the pixels outside of the captions are black."""
    return _judged("black", pictures.black, LONGEST_BLACK_S, "black")


def frozen(pictures: PictureWatch) -> RuleResult:
    """Nothing moves outside of the captions; a small animation, as a menu has, is movement."""
    return _judged("frozen", pictures.still, LONGEST_STILL_S, "without movement")


def silent(sounds: SoundWatch, claims: Claims, has_sound: bool) -> RuleResult:
    """No sound between the first word and the last; in the whole file where the words are not known."""
    if not has_sound:
        return RuleResult("silence", False, "no audio", _expected(LONGEST_SILENCE_S, "of silence"))
    between = Stretch(0.0, float("inf"))
    if claims.words:
        between = Stretch(claims.words[0][0], max(end_s for _, end_s in claims.words))
    return _judged("silence", sounds.quiet(SILENCE_DBFS, between), LONGEST_SILENCE_S, "of silence")


def _judged(name: str, stretches: Sequence[Stretch], limit_s: float, what: str) -> RuleResult:
    expected = _expected(limit_s, what)
    # Times are rounded to a video's ticks and to hundredths of a second of sound.
    faults = [stretch for stretch in stretches if stretch.duration_s >= limit_s - 0.011]
    if not faults:
        longest_s = max((stretch.duration_s for stretch in stretches), default=0.0)
        return RuleResult(name, True, f"at most {longest_s:.2f} s" if longest_s else "none", expected)
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return RuleResult(name, False, f"{first.start_s:.2f} to {first.end_s:.2f} s{more}", expected)


def _expected(limit_s: float, what: str) -> str:
    return f"less than {limit_s:g} s {what}"

"""`nvpipe check`: does a finished file meet the rules of the platforms, and which does it break?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import NvpipeError
from nvpipe.report.rules import PROFILES, RuleResult, Wanted, presented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nvpipe.media.examine import Examination
    from nvpipe.media.watch import PictureWatch, SoundWatch
    from nvpipe.report.caption_rules import Drawn
    from nvpipe.report.claims import Claims

__all__ = ["CheckReport", "RuleResult", "check_file", "render_lines", "report_json", "unreadable_json"]


BAR_FOOT = 0.02
"""Of the height: a progress bar, which moves whatever the footage does, and what coding it spreads."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Every rule and what came of it, in the order in which they are shown."""

    path: Path
    rules: tuple[RuleResult, ...]
    source: str = ""
    """Name of the manifest or the subtitles beside the file that were believed; "" for none."""

    @property
    def passed(self) -> bool:
        """Whether every rule holds that is not advisory."""
        return all(rule.ok or rule.advisory for rule in self.rules)


def check_file(path: Path, *, strict: bool = False) -> CheckReport:
    """Hold a video file against the rules of a finished short; decodes it once.

    The manifest beside the file says which size, pace and loudness were asked for, which captions were drawn and
    when words are spoken; without one, subtitles beside it say when captions are shown.

    Args:
        path: the file.
        strict: judge captions by the safe area that clears every platform's guide.

    Raises:
        MediaError: the file cannot be read as a video.
    """
    from nvpipe.media.examine import examine
    from nvpipe.media.watch import PictureWatch, SoundWatch
    from nvpipe.report import stretch_rules
    from nvpipe.report.claims import claims_of
    from nvpipe.report.picture_rules import picture_rules
    from nvpipe.report.rules import sound_rules

    claims = claims_of(path)
    wanted = _wanted(claims)
    drawn, fault = _drawn(claims, wanted.size_px)
    pictures, sounds = PictureWatch(foot=BAR_FOOT if claims.progress_bar else 0.0), SoundWatch()
    if drawn:
        pictures.hidden, pictures.changes_s = drawn.at(), drawn.changes_s()
    seen = examine(path, picture=pictures, sound=sounds)
    rules = [rule(seen) for rule in (*picture_rules(wanted), *sound_rules(wanted))]
    rules += [stretch_rules.black(pictures), stretch_rules.frozen(pictures)]
    rules.append(stretch_rules.silent(sounds, claims, seen.audio is not None))
    rules += _caption_rules(claims, drawn, fault, pictures, sounds, seen, wanted.size_px, strict)
    return CheckReport(path, tuple(rules), claims.source)


def _wanted(claims: Claims) -> Wanted:
    usual = Wanted()
    return Wanted(
        claims.size_px or usual.size_px,
        (claims.fps,) if claims.fps else usual.rates,
        usual.lufs if claims.lufs is None else claims.lufs,
        claims.codec if claims.codec in PROFILES else usual.codec,
    )


def _drawn(claims: Claims, size_px: tuple[int, int]) -> tuple[Drawn | None, str]:
    """What the captions cover, or why that is not known."""
    from nvpipe.report.caption_rules import draw

    if claims.captions is None:
        return None, ""
    try:
        return draw(claims.captions, size_px), ""
    except (NvpipeError, ValueError) as error:
        return None, error.line() if isinstance(error, NvpipeError) else str(error)


def _caption_rules(
    claims: Claims,
    drawn: Drawn | None,
    fault: str,
    pictures: PictureWatch,
    sounds: SoundWatch,
    seen: Examination,
    size_px: tuple[int, int],
    strict: bool,
) -> Iterator[RuleResult]:
    from nvpipe.report import caption_rules

    if claims.fault:
        yield RuleResult("manifest", False, claims.fault, "readable")
    if fault:
        yield RuleResult("caption area", False, fault, "captions that can be drawn again", advisory=True)
    if drawn:
        yield caption_rules.area(drawn, size_px, strict=strict)
        yield caption_rules.place(pictures, size_px, strict=strict)
    if claims.shown:
        ends = [track[1] for track in presented(seen) if not math.isnan(track[1])]
        yield caption_rules.times(claims, max(ends))
    if claims.words and seen.audio:
        yield caption_rules.drift(claims, sounds)


def unreadable_json(path: Path, error: NvpipeError) -> dict[str, Any]:
    """What is said as JSON of a file that cannot be read."""
    return {"path": str(path), "passed": False, "rules": [], "error": error.line()}


def report_json(report: CheckReport) -> dict[str, Any]:
    """The report as JSON values."""
    rules = [
        {
            "name": rule.name,
            "ok": rule.ok,
            "measured": rule.measured,
            "expected": rule.expected,
            "advisory": rule.advisory,
        }
        for rule in report.rules
    ]
    return {
        "path": str(report.path),
        "passed": report.passed,
        "judged_by": report.source or None,
        "rules": rules,
        "error": None,
    }


def render_lines(report: CheckReport) -> list[str]:
    """The report for a terminal: a line a rule, aligned, and the verdict."""
    widths = [max(len(text) for text in column) for column in zip(*map(_cells, report.rules), strict=True)]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(_cells(rule), widths, strict=True)).rstrip()
        for rule in report.rules
    ]
    failed = [rule.name for rule in report.rules if not rule.ok and not rule.advisory]
    verdict = f"{len(failed)} of {len(report.rules)} rules fail: {', '.join(failed)}" if failed else "passed"
    return [*lines, verdict]


def _cells(rule: RuleResult) -> tuple[str, str, str, str]:
    mark = "ok" if rule.ok else "note" if rule.advisory else "FAIL"
    return mark, rule.name, rule.measured, f"expected: {rule.expected}"

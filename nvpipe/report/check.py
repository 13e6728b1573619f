"""`nvpipe check`: does a finished file meet the rules of the platforms, and which does it break?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nvpipe.report.rules import RuleResult

__all__ = ["CheckReport", "RuleResult", "check_file", "render_lines", "report_json"]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Every rule and what came of it, in the order in which they are shown."""

    path: Path
    rules: tuple[RuleResult, ...]

    @property
    def passed(self) -> bool:
        """Whether every rule holds that is not advisory."""
        return all(rule.ok or rule.advisory for rule in self.rules)


def check_file(path: Path) -> CheckReport:
    """Hold a video file against the rules of a finished short; decodes it once.

    Raises:
        MediaError: the file cannot be read as a video.
    """
    from nvpipe.media.examine import examine
    from nvpipe.report.picture_rules import PICTURE_RULES
    from nvpipe.report.rules import SOUND_RULES

    seen = examine(path)
    return CheckReport(path, tuple(rule(seen) for rule in (*PICTURE_RULES, *SOUND_RULES)))


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
    return {"path": str(report.path), "passed": report.passed, "rules": rules}


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

"""Tables of jobs for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nvpipe.pipeline.reporter import JobLine

WIDEST_NAME = 40


def clock(seconds: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def job_table(jobs: Sequence[JobLine], seconds: float) -> list[str]:
    """What became of the jobs of a batch, and how many of each."""
    rows = [(str(job.number), short(job.name), job.status, clock(job.seconds), job.text) for job in jobs]
    counts = Counter(job.status for job in jobs)
    whole = ", ".join(f"{count} {status}" for status, count in counts.items())
    return [*columns(("#", "job", "status", "time", "result"), rows), f"{len(jobs)} jobs: {whole}; {clock(seconds)}"]


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under a head, all but the last column as wide as their widest text."""
    everything = [head, *rows]
    widths = [max(width_of(row[column]) for row in everything) for column in range(len(head) - 1)]
    lines = []
    for row in everything:
        cells = [text + " " * (width - width_of(text)) for text, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return lines


def short(name: str) -> str:
    """A name that leaves room for the rest."""
    return name if len(name) <= WIDEST_NAME else name[: WIDEST_NAME - 1] + "…"


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes."""
    # Who prints no table does not pay for it.
    import unicodedata

    marks = sum(unicodedata.combining(char) > 0 for char in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(char) in "WF" for char in text)

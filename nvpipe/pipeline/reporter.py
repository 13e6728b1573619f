"""What a run tells of itself while it works; the command line decides how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nvpipe.types import Progress, StageResult


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in the table at the end of a batch."""

    number: int
    name: str
    status: str
    """`done`, `already done`, `failed` or `not begun`."""
    seconds: float
    text: str
    """Its file, or what went wrong."""


class Reporter(Protocol):
    """Listens to a run."""

    def job_started(self, label: str, number: int, total: int) -> None: ...

    def progress(self, moment: Progress) -> None: ...

    def stage_ended(self, label: str, result: StageResult) -> None: ...

    def notice(self, text: str) -> None:
        """Something worth knowing that is no fault."""
        ...

    def warning(self, text: str) -> None: ...

    def detail(self, text: str) -> None:
        """Something that only who asked for more wants to know."""
        ...

    def job_ended(self, label: str, status: str, text: str, seconds: float) -> None: ...

    def run_ended(self, jobs: Sequence[JobLine], seconds: float) -> None:
        """What became of the jobs of a batch."""
        ...


class Silent:
    """Hears nothing."""

    def job_started(self, label: str, number: int, total: int) -> None:
        return

    def progress(self, moment: Progress) -> None:
        return

    def stage_ended(self, label: str, result: StageResult) -> None:
        return

    def notice(self, text: str) -> None:
        return

    def warning(self, text: str) -> None:
        return

    def detail(self, text: str) -> None:
        return

    def job_ended(self, label: str, status: str, text: str, seconds: float) -> None:
        return

    def run_ended(self, jobs: Sequence[JobLine], seconds: float) -> None:
        return

"""What a run tells of itself while it works; the command line decides how it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nvpipe.types import Progress, StageResult


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

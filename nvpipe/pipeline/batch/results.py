"""What became of a run and its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.errors import InterruptedRunError

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.pipeline.feeds import Skipped


@dataclass(frozen=True, slots=True)
class JobReport:
    """What became of one job."""

    article: str
    status: str
    """`done` or `failed`."""
    output: Path | None
    manifest: Path | None
    seconds: float
    error: str | None = None
    exit_code: int = 0
    cached: bool = False
    """True when everything was there already."""
    attempts: int = 1
    """How often it was tried."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What became of a run."""

    jobs: tuple[JobReport, ...]
    seconds: float
    skipped: tuple[Skipped, ...] = ()
    """Entries of feeds that are not told."""
    not_begun: tuple[str, ...] = ()
    """Articles that were left since the run was asked to end."""

    @property
    def exit_code(self) -> int:
        """That of the job, or of several 1 if any failed; of a run that was asked to end before that of all."""
        if self.not_begun:
            return InterruptedRunError.exit_code
        if len(self.jobs) == 1:
            return self.jobs[0].exit_code
        return 1 if any(job.exit_code for job in self.jobs) else 0

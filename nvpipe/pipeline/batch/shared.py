"""What the jobs of a run have in common, and what each of them starts from."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nvpipe.errors import UsageError
from nvpipe.pipeline.batch.proofs import Proofs
from nvpipe.pipeline.beside import Second, second_of
from nvpipe.pipeline.keys import job_key

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.cache.journal import Journal
    from nvpipe.pipeline.batch.record import Recorder
    from nvpipe.pipeline.batch.stopping import Stop
    from nvpipe.pipeline.kept import Kept
    from nvpipe.pipeline.models import Models
    from nvpipe.pipeline.reading import Job
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.settings import Settings
    from nvpipe.types import Footage


@dataclass(slots=True)
class Shared:
    """What the jobs of a run have in common."""

    out: Path
    work: Path
    kept: Kept
    models: Models
    journal: Journal
    recorder: Recorder
    stop: Stop
    retries: int = 0
    heard: list[str] = field(default_factory=list)
    """Warnings that came from the storage folder."""
    said: dict[str, JobLog] = field(default_factory=dict)
    """Notices that are said once a run."""
    footage: dict[tuple[str, ...], tuple[list[Footage], list[str]]] = field(default_factory=dict)
    proofs: Proofs = field(default_factory=Proofs)
    looking: threading.RLock = field(default_factory=threading.RLock)
    """Held by whoever looks footage up or analyses it."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a job is made from."""

    footage: list[Footage]
    heard: list[str]
    """Warnings that came with it."""
    second: Second
    key: str


def inputs_of(job: Job, shared: Shared) -> Inputs:
    """The footage of a job and its key.

    Raises:
        NvpipeError: there is no footage, or it cannot be used.
    """
    assert job.article is not None
    settings = job.request.settings
    if settings.footage in shared.footage and settings.split_with is None:
        footage, heard = shared.footage[settings.footage]
        second = Second()
    else:
        with shared.looking:
            footage, heard = _footage(settings, shared)
            second = second_of(settings, shared.kept.library)
    return Inputs(footage, heard, second, job_key(job.article, settings, footage, second))


def _footage(settings: Settings, shared: Shared) -> tuple[list[Footage], list[str]]:
    if not settings.footage:
        raise UsageError("no footage is named", hint="give --footage PATH, or try nvpipe run --sample")
    if settings.footage not in shared.footage:
        before = len(shared.heard)
        found = shared.kept.library.resolve(settings.footage)
        shared.footage[settings.footage] = (found, shared.heard[before:])
    return shared.footage[settings.footage]

"""A run: articles and footage in, finished shorts out."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from nvpipe.cache.journal import Journal
from nvpipe.cache.ledger import Ledger
from nvpipe.cache.listing import sweep
from nvpipe.cache.stages import StageStore
from nvpipe.cache.store import once
from nvpipe.errors import InterruptedRunError, NvpipeError, OutputError
from nvpipe.footage.library import Library
from nvpipe.pipeline.batch.claims import names_in_use, naming
from nvpipe.pipeline.batch.events import open_events
from nvpipe.pipeline.batch.many import Jobs
from nvpipe.pipeline.batch.memory import MemoryWatch
from nvpipe.pipeline.batch.record import Recorder
from nvpipe.pipeline.batch.results import JobReport, RunReport
from nvpipe.pipeline.batch.shared import Shared
from nvpipe.pipeline.batch.space import hindered
from nvpipe.pipeline.batch.stopping import GRACE_S, Stop
from nvpipe.pipeline.batch.waves import waves_of
from nvpipe.pipeline.kept import Kept
from nvpipe.pipeline.keys import VERSION, job_key, ledger_key
from nvpipe.pipeline.models import Models
from nvpipe.pipeline.reading import from_the_web, named, read_articles
from nvpipe.pipeline.reporter import JobLine
from nvpipe.pipeline.workspace import workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from nvpipe.pipeline.batch.events import EventLog
    from nvpipe.pipeline.jobs import JobRequest
    from nvpipe.pipeline.reading import Job
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings

__all__ = ["VERSION", "JobReport", "RunManner", "RunReport", "job_key", "ledger_key", "run"]

JOB_CORES = 2
"""What the pictures of one job keep busy."""
JOB_BYTES = 1500 << 20
"""What one job may need at 1080p: libraries, pictures, sound."""
MOST_AT_ONCE = 8
LISTED = 100
"""Jobs in one event: a line has its limit."""


@dataclass(frozen=True, slots=True)
class RunManner:
    """How a run is done; its files don't follow from it."""

    retries: int = 0
    """How often a job is tried again where that may help."""
    log: Path | None = None
    """A file that takes the events too."""
    metrics: Path | None = None
    """A file that has the run's figures in Prometheus' text format."""
    grace_s: float = GRACE_S
    """How long running jobs may go on after SIGTERM."""


def run(
    requests: Sequence[JobRequest],
    out: Path,
    reporter: Reporter,
    stdin: BinaryIO | None = None,
    *,
    allow_private: bool = False,
    manner: RunManner | None = None,
) -> RunReport:
    """Do the jobs; one that fails does not stop the others.

    Args:
        requests: the jobs, all with the same storage folder.
        out: the output folder.
        reporter: told of everything that happens.
        stdin: where the article `-` is read from.
        allow_private: fetch articles and feeds from private and loopback hosts too.
        manner: how it is done.

    Raises:
        UsageError: the output folder, or a file that the user named for figures, cannot be written.
        InterruptedRunError: the user asked to stop at once; what is finished stays.
    """
    manner = manner or RunManner()
    start = time.perf_counter()
    with workspace(out) as work, open_events(out, reporter.warning, manner.log) as log:
        recorder = Recorder(reporter, log)
        stop = Stop(manner.grace_s, partial(_say_draining, recorder))
        try:
            log.write("run_started", pid=os.getpid(), out=str(out.absolute()))
            if manner.metrics is not None:
                _keep_metrics(manner.metrics, recorder)
            with stop.listening(), MemoryWatch(lambda size: log.write("memory", bytes=size)):
                report = _run(requests, out, work, recorder, stop, stdin, manner, start, allow_private=allow_private)
        except BaseException as error:
            known = NvpipeError.exit_code if isinstance(error, Exception) else InterruptedRunError.exit_code
            code = error.exit_code if isinstance(error, NvpipeError) else known
            was_asked = isinstance(error, InterruptedRunError | KeyboardInterrupt)
            _end(log, "interrupted" if was_asked else "failed", code, start)
            raise
        if len(report.jobs) + len(report.not_begun) > 1:
            recorder.run_ended(_table(report), report.seconds)
        _end(log, "interrupted" if report.not_begun else "finished", report.exit_code, start)
    return report


def _run(
    requests: Sequence[JobRequest],
    out: Path,
    work: Path,
    recorder: Recorder,
    stop: Stop,
    stdin: BinaryIO | None,
    manner: RunManner,
    start: float,
    *,
    allow_private: bool,
) -> RunReport:
    settings = requests[0].settings
    sweep(settings.storage)
    shared = _shared(settings, out, work, recorder, stop, manner.retries)
    with (
        closing(shared.models),
        from_the_web(requests, out, recorder, allow_private=allow_private) as (found, skipped),
    ):
        jobs = _jobs(found, stdin, shared)
        at_once = min(settings.jobs or default_at_once(), max(1, len(jobs)))
        waves, together = waves_of(jobs, shared.models, shared.kept.store)
        _write_jobs(recorder.log, jobs, at_once)
        stop.may_drain = len(jobs) > 1

        def check(wave: Sequence[Job]) -> Mapping[int, NvpipeError]:
            return hindered(wave, out, at_once, shared.journal.all_finished())

        reports, left = Jobs(jobs, waves, at_once, shared, check, story_together=together).run()
    seconds = round(time.perf_counter() - start, 3)
    return RunReport(tuple(reports), seconds, tuple(skipped), tuple(job.request.source for job in left))


def default_at_once() -> int:
    """How many jobs at once cores and free memory allow."""
    from nvpipe.scheduler.device import CpuDevice, cores

    by_memory = CpuDevice().memory().free_bytes // JOB_BYTES
    return max(1, min(MOST_AT_ONCE, cores() // JOB_CORES, by_memory))


def _shared(settings: Settings, out: Path, work: Path, recorder: Recorder, stop: Stop, retries: int) -> Shared:
    storage = settings.storage
    heard: list[str] = []

    def warn(text: str) -> None:
        heard.append(text)
        recorder.warning(text)

    said_once = once(warn)
    library = Library(storage, said_once, notice=recorder.notice)
    kept = Kept(library, StageStore(storage, said_once), Ledger(storage, said_once))
    models = Models(storage, said_once, settings.vram, card=settings.device != "cpu")
    return Shared(out, work, kept, models, Journal(out), recorder, stop, retries, heard)


def _jobs(requests: Sequence[JobRequest], stdin: BinaryIO | None, shared: Shared) -> list[Job]:
    """The jobs with their names, which other runs on the output folder see from then on."""
    found = read_articles(requests, stdin)
    try:
        with naming(shared.out):
            taken = names_in_use(shared.out, shared.recorder.log.run)
            jobs = named(found, shared.journal, taken)
            listed = [
                {"slug": job.slug, "digest": job.article.digest if job.article else ""} for job in jobs if job.slug
            ]
            for first in range(0, max(1, len(listed)), LISTED):
                shared.recorder.log.write("names", jobs=listed[first : first + LISTED])
    except OSError as error:
        raise OutputError(f"{shared.out} cannot be read: {error.strerror or error}") from error
    return jobs


def _write_jobs(log: EventLog, jobs: Sequence[Job], at_once: int) -> None:
    listed = [
        {"number": number, "job": job.slug or job.request.source, "article": job.request.source}
        for number, job in enumerate(jobs, 1)
    ]
    for first in range(0, max(1, len(listed)), LISTED):
        log.write("jobs", at_once=at_once, jobs=listed[first : first + LISTED])


def _keep_metrics(path: Path, recorder: Recorder) -> None:
    from nvpipe.pipeline.batch.metrics import MetricsFile
    from nvpipe.pipeline.batch.state import RunState

    state = RunState()
    metrics = MetricsFile(path, state, recorder.warning)
    recorder.log.listen(state.apply)
    recorder.log.listen(metrics.heard)
    metrics.prove()


def _say_draining(recorder: Recorder, signal: str) -> None:
    recorder.log.write("draining", signal=signal)
    way = "Ctrl-C again stops at once" if signal == "SIGINT" else "they are stopped when the grace period is over"
    recorder.warning(f"asked to end: the jobs at work are finished and no others begun; {way}")


def _table(report: RunReport) -> list[JobLine]:
    lines = []
    for number, job in enumerate(report.jobs, 1):
        status = "already done" if job.cached else job.status
        text = job.error or str(job.output)
        name = job.article if job.output is None else job.output.stem
        lines.append(JobLine(number, name, status, job.seconds, text))
    for number, article in enumerate(report.not_begun, len(lines) + 1):
        lines.append(JobLine(number, article, "not begun", 0.0, ""))
    return lines


def _end(log: EventLog, status: str, code: int, start: float) -> None:
    log.write("run_ended", status=status, exit_code=code, seconds=round(time.perf_counter() - start, 3))

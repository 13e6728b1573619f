"""One job of a run: found done, or done, again where that helps; whatever goes wrong becomes its report."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from nvpipe.cache.journal import PUBLISHING
from nvpipe.errors import InterruptedRunError, NvpipeError, OutputError
from nvpipe.media.encode import prove_parameters
from nvpipe.pipeline.batch.claims import JobLock
from nvpipe.pipeline.batch.failures import as_failure, pause_before
from nvpipe.pipeline.batch.record import model_event
from nvpipe.pipeline.batch.results import JobReport
from nvpipe.pipeline.batch.shared import inputs_of
from nvpipe.pipeline.batch.stopping import interrupted
from nvpipe.pipeline.extras import prove_logo
from nvpipe.pipeline.idle import idle_options
from nvpipe.pipeline.job import make
from nvpipe.pipeline.keys import ledger_key
from nvpipe.pipeline.music import prove_music
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tools import Toolbox
from nvpipe.pipeline.workspace import publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nvpipe.pipeline.batch.leases import JobModels
    from nvpipe.pipeline.batch.record import JobRecorder
    from nvpipe.pipeline.batch.shared import Inputs, Shared
    from nvpipe.pipeline.batch.turns import Turn
    from nvpipe.pipeline.job import Made
    from nvpipe.pipeline.models import Models
    from nvpipe.pipeline.reading import Job

_LOOK_S = 0.2


class Task:
    """One job.

    Args:
        job: what to do.
        number: its place among the run's, from 1 on.
        total: how many there are.
        shared: what it has in common with the others.
        models: the run's, or its own view of them where it has company.
        beside: whether other jobs are worked on at the same time.
    """

    def __init__(
        self, job: Job, number: int, total: int, shared: Shared, models: Models | JobModels, *, beside: bool
    ) -> None:
        self.job = job
        self.number = number
        self.name = job.slug or job.request.source
        self._total = total
        self._shared = shared
        self._models = models
        self._beside = beside
        self._start = time.perf_counter()
        self._log: JobLog | None = None
        self._known: Inputs | None = None
        self._lock = JobLock(shared.out, job.slug)
        self._attempts = 1
        self.recorder: JobRecorder = shared.recorder.of_job(number, self.name, shared.stop.go_on, named=beside)

    def begin(self, hindered: NvpipeError | None = None) -> JobReport | None:
        """See whether there is something to do, and take the right to do it; the report if there is not.

        Args:
            hindered: why nothing can be done now.

        Raises:
            InterruptedRunError: the run is stopped.
        """
        self._start = time.perf_counter()
        self.recorder.job_started(self.name, self.number, self._total)
        self.recorder.write("job_started", article=self.job.request.source, total=self._total)
        return self._guarded(partial(self._begin, hindered))

    def work(self, turn: Turn | None = None) -> JobReport:
        """Do it.

        Raises:
            InterruptedRunError: the run is stopped.
        """
        report = self._guarded(partial(self._tried, turn))
        assert report is not None
        return report

    def close(self) -> None:
        """Let go of the job."""
        self._lock.release()

    def _guarded(self, action: Callable[[], JobReport | None]) -> JobReport | None:
        """Whatever goes wrong becomes the job's report."""
        try:
            report = action()
        except InterruptedRunError:
            self._note_interruption()
            raise
        except KeyboardInterrupt:
            self._note_interruption()
            raise interrupted() from None
        except Exception as error:  # noqa: BLE001 - the job's boundary: a fault in one job must not end the others
            report = self._failed(as_failure(error, self._shared.out, self.recorder.detail))
        return report and self._ended(report)

    def _begin(self, hindered: NvpipeError | None) -> JobReport | None:
        if self.job.error is not None:
            raise self.job.error
        self._known = inputs_of(self.job, self._shared)
        key = self._known.key
        if self._is_done(key):
            return self._found_done()
        if hindered is not None:
            raise hindered
        told = False
        while not self._lock.take():
            if not told:
                told = True
                self.recorder.notice(f"another run is at work on {self.name}; waiting for it")
            self._shared.stop.go_on()
            if self._shared.stop.draining:
                raise interrupted()
            time.sleep(_LOOK_S)
        # Who had it may have done it.
        return self._found_done() if self._is_done(key) else None

    def _is_done(self, key: str) -> bool:
        record = self._shared.journal.finished(self.job.slug)
        if record is None or record.key != key or record.fallback:
            # What was missing may be there now; where it is not, the stages are found in the cache.
            return False
        return self._shared.journal.verify_outputs(record)

    @property
    def _target(self) -> Path:
        return self._shared.out / f"{self.job.slug}.mp4"

    def _found_done(self) -> JobReport:
        return JobReport(
            self.job.request.source,
            "done",
            self._target,
            self._target.with_suffix(".json"),
            self._seconds,
            cached=True,
        )

    def _tried(self, turn: Turn | None) -> JobReport:
        """The job done, tried again while that may help."""
        while True:
            try:
                return self._done(turn)
            except (NvpipeError, OSError) as error:
                failure = as_failure(error, self._shared.out, self.recorder.detail)
                no_more = self._attempts > self._shared.retries or self._shared.stop.draining
                if isinstance(error, InterruptedRunError) or not failure.retry_helps or no_more:
                    raise
            self.recorder.write("job_retried", attempt=self._attempts, error=failure.line())
            self.recorder.warning(f"{failure.line()}; trying again ({self._attempts} of {self._shared.retries})")
            self._attempts += 1
            self.recorder.attempt = self._attempts
            pause_before(self._attempts, self._shared.stop)

    def _done(self, turn: Turn | None) -> JobReport:
        assert self.job.article is not None
        assert self._known is not None
        shared, settings, article = self._shared, self.job.request.settings, self.job.article
        known, key = self._known, self._known.key
        log = self._log = JobLog(self.job.slug, self.recorder, shared.said, lambda: self._models.stats)
        log.warnings.extend(text for text in known.heard if text not in log.warnings)
        for idle in idle_options(settings):
            log.notice(idle, once_a_run=True)
        if settings.x264_params or settings.bitrate or settings.codec != "h264":
            # Wrong parameters end the job before any work is done.
            prove_parameters(settings.encoder, settings.x264_params, settings.bitrate, settings.codec)
        prove_logo(settings)
        prove_music(settings)
        shared.journal.append("started", slug=self.job.slug, key=key, source=self.job.request.source)
        folder = shared.work / self.job.slug
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        tools = self._tools(log)
        share = ledger_key(article, settings, known.footage)
        made = make(
            article, known.footage, known.second, settings, share, self._target, tools, shared.kept, log, folder, turn
        )
        self._publish(made, key, article.digest, fallback=log.fallback)
        for stage, choice in log.backends.items():
            self.recorder.backend(stage, choice)
        shutil.rmtree(folder, ignore_errors=True)
        manifest = self._target.with_suffix(".json")
        return JobReport(
            self.job.request.source, "done", self._target, manifest, self._seconds, attempts=self._attempts
        )

    def _tools(self, log: JobLog) -> Toolbox:
        say = partial(log.notice, once_a_run=True)
        proofs = self._shared.proofs
        proven: Any = proofs.of_job() if self._beside else proofs.known
        models: Any = self._models
        return Toolbox(self.job.request.settings, proven, say, models, self.recorder.progress, proving=proofs.proving)

    def _publish(self, made: Made, key: str, article: str, *, fallback: bool) -> None:
        shared, target = self._shared, self._target
        finals = [target.with_name(path.name) for path in made.files]
        mark = {"entry": self.job.request.mark} if self.job.request.mark else {}
        if mark:
            # An entry is told once: a run with another folder must see it even if we are killed right after this.
            shared.journal.append_done(self.job.slug, key, made.files, event=PUBLISHING, entry=mark["entry"])
        publish(list(zip(made.files, finals, strict=True)))
        shared.journal.append_done(self.job.slug, key, finals, fallback=fallback, article=article, **mark)
        for name, render_key in made.render_keys.items():
            shared.kept.store.save_render(render_key, target.with_name(name))

    @property
    def _seconds(self) -> float:
        return round(time.perf_counter() - self._start, 3)

    def _failed(self, failure: NvpipeError) -> JobReport:
        if self.job.slug:
            try:
                self._shared.journal.append("failed", slug=self.job.slug, error=failure.line())
            except OutputError as error:
                self.recorder.warning(error.line())
        self._tell(failure)
        return JobReport(
            self.job.request.source,
            "failed",
            None,
            None,
            self._seconds,
            failure.line(),
            failure.exit_code,
            attempts=self._attempts,
        )

    def _ended(self, report: JobReport) -> JobReport:
        if report.status == "done":
            self._tell(None)
        text = report.error or ("already done" if report.cached else str(report.output))
        self.recorder.job_ended(self.name, report.status, text, report.seconds)
        loads = {key: stats.loads for key, stats in self._shared.models.stats.items()}
        used = {} if self._log is None else self._models.stats
        self.recorder.write(
            "job_ended",
            status=report.status,
            cached=report.cached,
            seconds=report.seconds,
            output=None if report.output is None else str(report.output.absolute()),
            manifest=None if report.manifest is None else str(report.manifest.absolute()),
            bytes=_size(report),
            error=report.error,
            exit_code=report.exit_code,
            attempts=report.attempts,
            models=[model_event(stats, loads.get(key, 0)) for key, stats in used.items()],
        )
        return report

    def _tell(self, failure: NvpipeError | None) -> None:
        if self.job.request.ended is not None:
            with self._shared.recorder.log.lock:
                self.job.request.ended(failure)

    def _note_interruption(self) -> None:
        if self.job.slug:
            with suppress(OutputError):
                self._shared.journal.append("interrupted", slug=self.job.slug)


def _size(report: JobReport) -> int:
    """Of the video that is the job's result."""
    with suppress(OSError):
        return 0 if report.output is None else report.output.stat().st_size
    return 0

"""Passes on what a run tells of itself, one thing at a time, and writes it down."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nvpipe.types import Progress, StageResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nvpipe.pipeline.batch.events import EventLog
    from nvpipe.pipeline.reporter import JobLine, Reporter
    from nvpipe.scheduler import ModelStats
    from nvpipe.types import BackendChoice

PROGRESS_EVERY_S = 2.0
"""Of every stage; what is shown is told as it comes."""


class Recorder:
    """The reporter of a whole run.

    Args:
        shown: who shows it.
        log: where it is written.
    """

    def __init__(self, shown: Reporter, log: EventLog) -> None:
        self.shown = shown
        self.log = log

    def of_job(self, number: int, name: str, go_on: Callable[[], None], *, named: bool) -> JobRecorder:
        """The reporter of one job.

        Args:
            number: its place, from 1 on.
            name: what it is called.
            go_on: asked at every moment that is told whether to go on; what it raises ends the job.
            named: say whose notices they are, since several jobs are at work.
        """
        return JobRecorder(self, number, name, go_on, named=named)

    def job_started(self, label: str, number: int, total: int) -> None:
        with self.log.lock:
            self.shown.job_started(label, number, total)

    def progress(self, moment: Progress) -> None:
        with self.log.lock:
            self.shown.progress(moment)

    def stage_ended(self, label: str, result: StageResult) -> None:
        with self.log.lock:
            self.shown.stage_ended(label, result)

    def notice(self, text: str) -> None:
        with self.log.lock:
            self.shown.notice(text)
            self.log.write("notice", text=text)

    def warning(self, text: str) -> None:
        with self.log.lock:
            self.shown.warning(text)
            self.log.write("warning", text=text)

    def detail(self, text: str) -> None:
        with self.log.lock:
            self.shown.detail(text)

    def job_ended(self, label: str, status: str, text: str, seconds: float) -> None:
        with self.log.lock:
            self.shown.job_ended(label, status, text, seconds)

    def run_ended(self, jobs: Sequence[JobLine], seconds: float) -> None:
        with self.log.lock:
            self.shown.run_ended(jobs, seconds)


class JobRecorder:
    """The reporter of one job, told as `JobLog` tells."""

    def __init__(self, run: Recorder, number: int, name: str, go_on: Callable[[], None], *, named: bool) -> None:
        self._run = run
        self._who: dict[str, Any] = {"number": number, "job": name}
        self._go_on = go_on
        self._prefix = f"{name}: " if named else ""
        self._written_s: dict[tuple[str, str], float] = {}
        self.attempt = 1

    def write(self, event: str, **fields: Any) -> None:
        """An event of this job."""
        self._run.log.write(event, **self._who, **fields)

    def job_started(self, label: str, number: int, total: int) -> None:
        self._run.job_started(label, number, total)

    def progress(self, moment: Progress) -> None:
        self._go_on()
        with self._run.log.lock:
            # Several jobs are at their stages at once.
            whose = bool(self._prefix) and not moment.part
            self._run.shown.progress(replace(moment, part=self._who["job"]) if whose else moment)
            begins = moment.total is None and not moment.done and not moment.part
            place, now_s = (moment.stage, moment.part), time.monotonic()
            if begins:
                self._written_s[place] = now_s
                self.write("stage_started", stage=moment.stage, attempt=self.attempt)
            elif now_s - self._written_s.setdefault(place, now_s) >= PROGRESS_EVERY_S:
                self._written_s[place] = now_s
                part = {"part": moment.label} if moment.part else {}
                done = round(moment.done, 3)
                self.write("progress", stage=moment.stage, done=done, total=moment.total, unit=moment.unit, **part)

    def stage_ended(self, label: str, result: StageResult) -> None:
        with self._run.log.lock:
            self._run.shown.stage_ended(label, replace(result, stage=self._prefix + result.stage))
            end_s = time.time()
            self.write(
                "stage",
                stage=result.stage,
                key=result.key,
                backend=result.backend,
                outcome=result.outcome,
                start_s=round(end_s - result.seconds, 3),
                end_s=round(end_s, 3),
                seconds=result.seconds,
                bytes=result.made_bytes,
                memory_bytes=result.peak_memory_bytes,
                memory_predicted_bytes=result.predicted_memory_bytes,
                attempt=self.attempt,
                **({"error": result.error} if result.error else {}),
            )

    def notice(self, text: str) -> None:
        with self._run.log.lock:
            self._run.shown.notice(self._prefix + text)
            self.write("notice", text=text)

    def warning(self, text: str) -> None:
        with self._run.log.lock:
            self._run.shown.warning(self._prefix + text)
            self.write("warning", text=text)

    def detail(self, text: str) -> None:
        self._run.detail(self._prefix + text)

    def job_ended(self, label: str, status: str, text: str, seconds: float) -> None:
        self._run.job_ended(label, status, self._prefix + text, seconds)

    def run_ended(self, jobs: Sequence[JobLine], seconds: float) -> None:
        self._run.run_ended(jobs, seconds)

    def backend(self, stage: str, choice: BackendChoice) -> None:
        """What a stage's work was done with, and why not by the one that is better."""
        if choice.reason:
            self.write("fallback", stage=stage, used=choice.used, wanted=choice.wanted, reason=choice.reason)


def model_event(used: ModelStats, loads_in_run: int) -> dict[str, Any]:
    """What a model cost a job, predicted and measured."""
    return {
        "model": used.name,
        "memory_predicted_bytes": used.estimate.bytes,
        "predicted_from": used.estimate.source,
        "memory_bytes": used.peak_memory_bytes,
        "loads": used.loads,
        "loads_in_run": loads_in_run,
        "evictions": used.evictions,
        "failures": used.failures,
        "load_s": round(used.load_s, 3),
        "leases": used.leases,
    }

"""The jobs of a run: one after the other, or side by side, each of them whatever becomes of the others."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from nvpipe.errors import InterruptedRunError
from nvpipe.pipeline.batch.leases import JobModels
from nvpipe.pipeline.batch.stopping import interrupted
from nvpipe.pipeline.batch.task import Task
from nvpipe.pipeline.batch.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nvpipe.errors import NvpipeError
    from nvpipe.pipeline.batch.results import JobReport
    from nvpipe.pipeline.batch.shared import Shared
    from nvpipe.pipeline.reading import Job

END_S, LAST_S = 3.0, 10.0
"""So long is waited for jobs that were told to stop, and for those whose models were taken from them."""
_LOOK_S = 0.3


class Jobs:
    """Does the jobs of a run.

    Args:
        jobs: in their order.
        waves: how many jobs each wave has; together all.
        at_once: how many make pictures at the same time.
        story_together: whether the jobs of a wave are written and spoken together, so that models stay.
        shared: what they have in common.
        check: looks before each wave what is in the way of which of its jobs, by their place in it.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        waves: Sequence[int],
        at_once: int,
        shared: Shared,
        check: Callable[[Sequence[Job]], Mapping[int, NvpipeError]],
        *,
        story_together: bool,
    ) -> None:
        self.jobs = jobs
        self.waves = waves
        self.at_once = at_once
        self.shared = shared
        self.check = check
        self.together = story_together
        self.reports: dict[int, JobReport] = {}

    def run(self) -> tuple[list[JobReport], list[Job]]:
        """What became of those that were begun, in their order, and those that were not.

        Raises:
            InterruptedRunError: the run was stopped at once.
        """
        if len(self.jobs) > 1 and (self.at_once > 1 or self.together):
            _SideBySide(self).run()
        else:
            self._one_by_one()
        begun = [self.reports[place] for place in sorted(self.reports)]
        return begun, [job for place, job in enumerate(self.jobs) if place not in self.reports]

    def _one_by_one(self) -> None:
        for first, size in self.stretches():
            hindered = self.check(self.jobs[first : first + size])
            for place in range(first, first + size):
                if self.shared.stop.draining:
                    return
                task = self.task(place, beside=False)
                try:
                    self.reports[place] = task.begin(hindered.get(place - first)) or task.work()
                except InterruptedRunError:
                    if not self.shared.stop.only_drains:
                        raise
                    # It had not begun: another run has it.
                    return
                finally:
                    task.close()

    def stretches(self) -> list[tuple[int, int]]:
        """First place and size of every wave."""
        found, first = [], 0
        for size in self.waves:
            found.append((first, size))
            first += size
        return found

    def task(self, place: int, *, beside: bool) -> Task:
        models = JobModels(self.shared.models, lambda: self.shared.stop.stopped) if beside else self.shared.models
        return Task(self.jobs[place], place + 1, len(self.jobs), self.shared, models, beside=beside)


class _SideBySide:
    """Jobs in threads; the main thread begins them in their order, hears the signals, and waits."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._shared = jobs.shared
        self._turns = Turns(jobs.at_once, self._shared.stop.go_on, self._shared.looking)
        self._changed = threading.Condition()
        self._active: dict[int, threading.Thread] = {}
        self._cut_off = False

    def run(self) -> None:
        try:
            for first, size in self._jobs.stretches():
                self._until(lambda: not (self._jobs.together and self._turns.telling))
                if self._shared.stop.draining or not self._wave(first, size):
                    break
            self._until(lambda: not self._active)
        except (KeyboardInterrupt, InterruptedRunError):
            self._end()
            raise interrupted() from None
        if self._cut_off:
            raise interrupted()

    def _wave(self, first: int, size: int) -> bool:
        """Begin the jobs of a wave; False when the run is asked to end meanwhile."""
        hindered = self._jobs.check(self._jobs.jobs[first : first + size])
        for place in range(first, first + size):
            if not self._jobs.together:
                self._until(lambda: len(self._active) < self._jobs.at_once)
            if self._shared.stop.draining:
                return False
            task = self._jobs.task(place, beside=True)
            report = None
            try:
                report = task.begin(hindered.get(place - first))
            except InterruptedRunError:
                task.close()
                if not self._shared.stop.only_drains:
                    raise
                return False
            if report is not None:
                self._over(place, task, report)
                continue
            self._turns.story_begins(place)
            thread = threading.Thread(
                target=self._work, args=(place, task), name=f"nvpipe-job-{place + 1}", daemon=True
            )
            self._active[place] = thread
            thread.start()
        return True

    def _work(self, place: int, task: Task) -> None:
        report = None
        try:
            report = task.work(self._turns.of(place))
        except InterruptedRunError:
            self._cut_off = True
        finally:
            self._over(place, task, report)

    def _over(self, place: int, task: Task, report: JobReport | None) -> None:
        task.close()
        self._turns.story_over(place)
        self._turns.passed(place)
        with self._changed:
            if report is not None:
                self._jobs.reports[place] = report
            self._active.pop(place, None)
            self._changed.notify_all()

    def _until(self, is_so: Callable[[], bool]) -> None:
        with self._changed:
            while not is_so():
                self._shared.stop.go_on()
                if self._cut_off:
                    raise interrupted()
                self._changed.wait(_LOOK_S)

    def _end(self) -> None:
        """Stop everybody; who still waits for a model's answer then loses the model."""
        self._shared.stop.stopped = True
        if not self._ended(END_S):
            self._shared.models.close()
            self._ended(LAST_S)

    def _ended(self, limit_s: float) -> bool:
        """Wait for the jobs at work; whether all of them have ended."""
        until_s = time.monotonic() + limit_s
        for thread in list(self._active.values()):
            thread.join(max(0.0, until_s - time.monotonic()))
        return not self._active

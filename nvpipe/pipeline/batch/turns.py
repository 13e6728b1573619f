"""Jobs at once, one after the other where their order matters.

Footage is shared out in the order of the jobs, so that the same jobs give the same files however many are worked on
at once; scripts, narrations and pictures follow from their inputs alone and are made in any order.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

_LOOK_S = 0.3
"""How often one who waits asks whether the run goes on."""


class Turn(Protocol):
    """When a job may do what."""

    def story(self) -> AbstractContextManager[None]:
        """While the script is written and spoken."""
        ...

    def footage(self) -> AbstractContextManager[None]:
        """While footage is analysed and shared out: one job at a time, in their order."""
        ...

    def vision(self) -> AbstractContextManager[None]:
        """While pictures are made."""
        ...

    def workers(self, wanted: int | None) -> int | None:
        """How many processes may share a render, where the user has not said; None is as the machine allows."""
        ...


class Alone:
    """The turn of a job that nobody works beside."""

    @contextmanager
    def story(self) -> Iterator[None]:
        yield

    @contextmanager
    def footage(self) -> Iterator[None]:
        yield

    @contextmanager
    def vision(self) -> Iterator[None]:
        yield

    def workers(self, wanted: int | None) -> int | None:
        return wanted


class Turns:
    """The turns of a run's jobs.

    Args:
        at_once: how many may make pictures at the same time.
        go_on: called while somebody waits; what it raises ends the waiting.
        looking: held by whoever has the footage.
    """

    def __init__(
        self, at_once: int, go_on: Callable[[], None], looking: AbstractContextManager[object] | None = None
    ) -> None:
        self._looking = looking or nullcontext()
        self._at_once = at_once
        self._go_on = go_on
        self._changed = threading.Condition()
        self._next = 0
        """The first job that still has to share in the footage."""
        self._passed: set[int] = set()
        self._telling: set[int] = set()
        self._footage_taken = False
        self._at_pictures = 0
        self._for_pictures: list[int] = []

    def of(self, place: int) -> JobTurn:
        """The turn of the job with this place in the order, counted from 0."""
        return JobTurn(self, place)

    def passed(self, place: int) -> None:
        """The job has its footage, or will never want any; call it at the end of every job."""
        with self._changed:
            self._passed.add(place)
            while self._next in self._passed:
                self._passed.remove(self._next)
                self._next += 1
            self._changed.notify_all()

    def story_begins(self, place: int) -> None:
        """The job is to be told."""
        with self._changed:
            self._telling.add(place)

    def story_over(self, place: int) -> None:
        """The job has its narration, or will never have one."""
        with self._changed:
            self._telling.discard(place)
            self._changed.notify_all()

    @property
    def telling(self) -> int:
        """How many jobs are still without their narration."""
        with self._changed:
            return len(self._telling)

    def workers(self, wanted: int | None) -> int | None:
        if wanted is not None or self._at_once == 1:
            return wanted
        from nvpipe.pipeline.render_crew import worker_count

        whole = worker_count(1 << 16, None)
        return max(1, whole // self._at_once)

    @contextmanager
    def footage(self, place: int) -> Iterator[None]:
        with self._changed:
            self._until(lambda: (self._next >= place or place in self._passed) and not self._footage_taken)
            self._footage_taken = True
        try:
            with self._looking:
                yield
        finally:
            with self._changed:
                self._footage_taken = False
                self._changed.notify_all()
        self.passed(place)

    @contextmanager
    def vision(self, place: int) -> Iterator[None]:
        with self._changed:
            self._for_pictures.append(place)
            try:
                self._until(lambda: self._at_pictures < self._at_once and min(self._for_pictures) == place)
                self._at_pictures += 1
            finally:
                self._for_pictures.remove(place)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._at_pictures -= 1
                self._changed.notify_all()

    def _until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            self._go_on()
            self._changed.wait(_LOOK_S)


class JobTurn:
    """The turn of one job among others."""

    def __init__(self, turns: Turns, place: int) -> None:
        self._turns = turns
        self._place = place

    @contextmanager
    def story(self) -> Iterator[None]:
        yield
        # One that failed may be tried again; that a job is over is said by who knows.
        self._turns.story_over(self._place)

    def footage(self) -> AbstractContextManager[None]:
        return self._turns.footage(self._place)

    def vision(self) -> AbstractContextManager[None]:
        return self._turns.vision(self._place)

    def workers(self, wanted: int | None) -> int | None:
        return self._turns.workers(wanted)

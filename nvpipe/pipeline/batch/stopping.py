"""When a run is to end before it is done: the first Ctrl-C drains a batch, the second stops it at once.

SIGTERM, as a container's end sends it, drains for a grace period and stops then.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from nvpipe.errors import InterruptedRunError

GRACE_S = 8.0
"""Below the ten seconds after which `docker stop` kills."""
_LOOK_S = 0.2


def interrupted() -> InterruptedRunError:
    return InterruptedRunError("interrupted", hint="the same command goes on where it stopped")


class Stop:
    """Whether a run goes on.

    Args:
        grace_s: how long SIGTERM lets running jobs go on.
        on_drain: told once, by a thread of its own, which signal asked for the end.
    """

    def __init__(self, grace_s: float = GRACE_S, on_drain: Callable[[str], None] = lambda _: None) -> None:
        self._grace_s = grace_s
        self._on_drain = on_drain
        self._deadline_s: float | None = None
        self.may_drain = False
        """Whether there is more than one job; a single one is stopped at once."""
        self.asked = ""
        """Name of the signal that asked for the end; no new job is begun from then on."""
        self.stopped = False
        """Nothing goes on."""

    @property
    def draining(self) -> bool:
        return bool(self.asked) or self.stopped

    @property
    def only_drains(self) -> bool:
        """No new job is begun, and what is at work goes on."""
        return bool(self.asked) and not self.stopped

    def go_on(self) -> None:
        """Called now and then by whoever works.

        Raises:
            InterruptedRunError: the run is stopped.
        """
        if self.stopped:
            raise interrupted()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals in place of who had them; only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        # What is ignored, as in a job of a shell's background, stays so.
        before = {
            number: handler
            for number in (signal.SIGINT, signal.SIGTERM)
            if (handler := signal.getsignal(number)) not in (signal.SIG_IGN, None)
        }
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), name="nvpipe-stop", daemon=True)
        try:
            for number in before:
                signal.signal(number, self._heard)
            watcher.start()
            yield
        finally:
            over.set()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        """A handler may come between any two steps of the main thread: it takes no lock and writes nothing."""
        if self.stopped:
            return
        if not self.may_drain or self.asked:
            self.stopped = True
            raise KeyboardInterrupt
        if number == signal.SIGTERM:
            self._deadline_s = time.monotonic() + self._grace_s
        self.asked = signal.Signals(number).name

    def _watch(self, over: threading.Event) -> None:
        told = False
        while not over.wait(_LOOK_S):
            if self.asked and not self.stopped and not told:
                told = True
                self._on_drain(self.asked)
            if self._deadline_s is not None and time.monotonic() >= self._deadline_s and not self.stopped:
                self._deadline_s = None
                # The main thread may wait for a process: a real signal wakes it.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

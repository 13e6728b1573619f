"""What a lease hands out: calls of the model's methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nvpipe.scheduler.process import ModelProcess


class Worker:
    """A leased model. Use it within its `with` block; calls from several threads take turns."""

    def __init__(self, process: ModelProcess) -> None:
        self._process = process
        self._lease_ended = False

    def call(
        self,
        method: str,
        /,
        *args: Any,
        limit_s: float | None = None,
        on_message: Callable[[Any], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run a method of the model in its process and wait for what it returns.

        A method with a parameter `tell` gets a function there; what it tells goes to `on_message`. Where a method
        tells something is where it can be cancelled without the loss of the model.

        Args:
            method: its name.
            args, kwargs: what it gets; they are pickled.
            limit_s: the process of a call that takes longer is ended.
            on_message: hears what the method tells, in this thread.
            cancelled: asked several times a second whether the result is no longer wanted.

        Raises:
            NvpipeError: the same that the method raised.
            BackendFailedError: it raised anything else, or the process died or was too slow. After the last two the
                model is gone; the next lease loads it again.
            InterruptedRunError: it was cancelled.
        """
        if self._lease_ended:
            raise RuntimeError("the lease of this worker has ended")
        return self._process.call(method, args, kwargs, limit_s=limit_s, on_message=on_message, cancelled=cancelled)

    @property
    def load_s(self) -> float:
        """How long the model took to load; after the lease too."""
        return self._process.load_s

    @property
    def peak_memory_bytes(self) -> int:
        """The most of the device's memory that the process has held so far; after the lease too."""
        return self._process.peak_bytes

    @property
    def output(self) -> str:
        """The end of what the process has printed, for who asked for more; after the lease too."""
        return self._process.output

    @property
    def pid(self) -> int:
        """The process; after the lease it may be gone."""
        return self._process.pid

    def end_of_lease(self) -> None:
        """Calls are errors from now on."""
        self._lease_ended = True

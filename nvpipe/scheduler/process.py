"""A model's process, seen from the parent: start it, ask it, watch it, end it."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nvpipe.errors import BackendFailedError, InterruptedRunError, NvpipeError
from nvpipe.scheduler import child
from nvpipe.scheduler.ending import ending, fit_for_a_message
from nvpipe.scheduler.patience import Patience
from nvpipe.scheduler.spec import ModelSpec

_OUTPUT_BYTES = 64 << 10
_END_S = 2.0
_KILLED = "the system ends the largest process when memory runs out: close other programs or use a smaller model"


class ModelProcess:
    """One process with one model in it.

    Args:
        spec: what it opens.
        ask_peak: the most memory that the process with this id has held, as the device knows it.

    Raises:
        BackendFailedError: the process cannot be started.
    """

    def __init__(self, spec: ModelSpec, ask_peak: Callable[[int], int]) -> None:
        self._name = spec.name
        self._ask_peak = ask_peak
        self._calls = 0
        self._taking_turns = threading.Lock()
        self._ending = threading.Lock()
        self._gone = False
        self._output = bytearray()
        self.load_s = 0.0
        self.peak_bytes = 0
        self.has_worked = False
        """A call has come to its end."""
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._popen = self._start(theirs)
            except OSError as error:
                self._socket.close()
                reason = error.strerror or error
                raise BackendFailedError(f"the process of {spec.name} cannot be started: {reason}") from error
        self._connection = Connection(os.dup(self._socket.fileno()))
        self._reader = threading.Thread(target=self._listen, daemon=True, name=f"nvpipe-{spec.name}")
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def output(self) -> str:
        """The end of what the process has printed."""
        return bytes(self._output).decode("utf-8", "replace")

    def open(self, spec: ModelSpec, cancelled: Callable[[], bool] | None = None) -> None:
        """Load the model.

        Raises:
            NvpipeError: what its opener raised; BackendFailedError for everything else.
            InterruptedRunError: cancelled.
        """
        start_s = time.perf_counter()
        order = (list(sys.path), spec.opener, pickle.dumps(dict(spec.arguments), pickle.HIGHEST_PROTOCOL))
        with self._taking_turns:
            self._ask(child.OPEN, "load", order, Patience(spec.load_limit_s, cancelled), None)
        self.load_s = time.perf_counter() - start_s

    def call(
        self,
        method: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        limit_s: float | None = None,
        on_message: Callable[[Any], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Any:
        """See `Worker.call`."""
        with self._taking_turns:
            result = self._ask(child.CALL, method, (method, args, kwargs), Patience(limit_s, cancelled), on_message)
            self.has_worked = True
            return result

    def end(self) -> None:
        """Let the process go, and see to it that it does; a call at work in another thread hears of its death."""
        self.sample_peak()
        # Not closed: another thread may be waiting on the number, which the next open file would get.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(_END_S)
        self.kill()

    def kill(self) -> None:
        """End the process and all that it has started, and wait until it is gone."""
        with self._ending:
            # Once only: later the number may be another's.
            if self._gone:
                return
            self.sample_peak()
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()
            self._gone = True
            self._socket.close()
            if self._popen.stdin is not None:
                self._popen.stdin.close()

    def sample_peak(self) -> None:
        """Look how much memory the process has held; nobody can tell once it is gone."""
        self.peak_bytes = max(self.peak_bytes, self._ask_peak(self.pid))

    def _start(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        """A new interpreter with one end of the line; its own session, since Ctrl-C is the parent's affair."""
        script = Path(child.__file__)
        return subprocess.Popen(
            [sys.executable, "-P", "-u", str(script), str(theirs.fileno()), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )

    def _ask(
        self, kind: str, what: str, payload: Any, patience: Patience, on_message: Callable[[Any], None] | None
    ) -> Any:
        # What cannot be pickled is the caller's mistake, and is raised before anything is sent.
        raw = pickle.dumps(payload, pickle.HIGHEST_PROTOCOL)
        self._calls += 1
        settled = False
        try:
            self._send(kind, self._calls, raw)
            answer, value = self._answer(self._calls, what, patience, on_message)
            settled = True
        finally:
            # A call that was left in the middle (Ctrl-C, a limit, a fault of the caller's) has no other end.
            if not settled:
                self.kill()
        return self._outcome(answer, value, what)

    def _send(self, kind: str, number: int, raw: bytes) -> None:
        # A process that is dead already is noticed when its answer is awaited.
        with suppress(OSError):
            self._connection.send_bytes(pickle.dumps((kind, number, raw), pickle.HIGHEST_PROTOCOL))

    def _answer(
        self, number: int, what: str, patience: Patience, on_message: Callable[[Any], None] | None
    ) -> tuple[str, Any]:
        """Messages until the one that ends the call."""
        while True:
            is_there = self._has_message(patience.look_s())
            self.sample_peak()
            if is_there:
                kind, answered, value = self._receive()
                if answered == number and kind != child.TELL:
                    return kind, value
                if answered == number and on_message is not None:
                    on_message(value)
            if patience.asks_to_cancel():
                self._send(child.CANCEL, number, b"")
            if patience.is_over():
                if patience.cancelled:
                    raise self._stopped(what)
                raise BackendFailedError(
                    f"{self._name} did not finish {what} within {patience.limit_s:g} s and was ended",
                    hint="try again when the machine is less busy, or use a smaller model",
                )

    def _has_message(self, seconds: float) -> bool:
        try:
            return self._connection.poll(seconds)
        except OSError:
            return True

    def _receive(self) -> tuple[str, int, Any]:
        try:
            kind, number, raw = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - from our own process
        except (EOFError, OSError) as error:
            raise self._death() from error
        try:
            return kind, number, pickle.loads(raw)  # noqa: S301 - from our own process
        except Exception as error:  # noqa: BLE001 - the class's own methods run here
            return child.FAULT, number, (type(error).__name__, f"its answer cannot be read: {error}")

    def _outcome(self, answer: str, value: Any, what: str) -> Any:
        if answer == child.DONE:
            return value
        if answer == child.FAILED and isinstance(value, NvpipeError):
            raise value
        if answer == child.CANCELLED:
            raise self._stopped(what)
        name, text = value[0], fit_for_a_message(value[1])
        if name == "MemoryError":
            raise BackendFailedError(f"{self._name} ran out of memory at {what}", hint="use a smaller model")
        raise BackendFailedError(f"{self._name} failed at {what}: {name}{': ' if text else ''}{text}")

    def _stopped(self, what: str) -> InterruptedRunError:
        return InterruptedRunError(f"{self._name} was stopped while at work on {what}")

    def _death(self) -> BackendFailedError:
        """The error for a process that is gone, or that has closed its line and will be."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(_END_S)
        self.kill()
        self._reader.join(_END_S)
        status = self._popen.returncode
        hint = _KILLED if status == -signal.SIGKILL else ""
        return BackendFailedError(f"the process of {self._name} {ending(status, bytes(self._output))}", hint=hint)

    def _listen(self) -> None:
        """Keep the end of what the process prints, until it is gone."""
        pipe = self._popen.stdout
        if pipe is None:
            return
        with pipe:
            while some := os.read(pipe.fileno(), 1 << 16):
                self._output += some
                del self._output[:-_OUTPUT_BYTES]

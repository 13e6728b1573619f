"""The process in which a model lives; run as a file, so that nothing of the user's folder is imported by accident.

The parent's messages come through one socket: first what to open, then calls. Whatever libraries print goes where the
parent has pointed stdout and stderr. The process ends when the parent does: standard input is a pipe that nobody
writes to, and its end is the parent's end.

A message is a pickled (kind, number of the call, pickled payload), so that a payload that cannot be unpickled spoils
nothing but its own call.
"""

from __future__ import annotations

import fcntl
import importlib
import inspect
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NoReturn

OPEN, CALL, CANCEL = "open", "call", "cancel"
TELL, DONE, FAILED, FAULT, CANCELLED = "tell", "done", "failed", "fault", "cancelled"


class CallCancelledError(BaseException):
    """Raised out of `tell` in a method that is no longer wanted; an `except Exception` does not catch it."""


class Line:
    """The socket to the parent: calls wait in a queue, a cancellation is noticed while a call is at work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._calls: queue.SimpleQueue[tuple[str, int, bytes]] = queue.SimpleQueue()
        self._cancelled = -1
        self._sending = threading.Lock()
        threading.Thread(target=self._listen, daemon=True, name="nvpipe-listen").start()

    def next_call(self) -> tuple[str, int, bytes]:
        """The parent's next order; waits for it."""
        return self._calls.get()

    def tell(self, number: int) -> Callable[[Any], None]:
        """What a method's parameter `tell` gets: it sends a message, and is where the method can be cancelled."""

        def tell(message: Any) -> None:
            if self._cancelled == number:
                raise CallCancelledError
            self.send(TELL, number, message)

        return tell

    def send(self, kind: str, number: int, payload: Any) -> None:
        """Send to the parent; ends the process when it is gone.

        Raises:
            Exception: the payload cannot be pickled; its own methods say how.
        """
        raw = pickle.dumps((kind, number, pickle.dumps(payload, pickle.HIGHEST_PROTOCOL)), pickle.HIGHEST_PROTOCOL)
        with self._sending:
            try:
                self._connection.send_bytes(raw)
            except OSError:
                end()

    def _listen(self) -> None:
        while True:
            try:
                kind, number, payload = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - from the parent
            except (EOFError, OSError):
                end()
            if kind == CANCEL:
                self._cancelled = number
            else:
                self._calls.put((kind, number, payload))


def end() -> NoReturn:
    """Leave at once: nothing here is worth saving, and libraries' clean-up may hang or crash."""
    os._exit(0)


def end_with_parent(parent_pid: int) -> None:
    """Have the kernel end this process when the parent ends, however that happens, even in native code.

    Not by PR_SET_PDEATHSIG, which means the parent's *thread*: a model outlives the thread that loaded it. The end of
    the pipe raises SIGIO instead (fcntl(2), O_ASYNC), the default of which is death.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError, AttributeError):
        lifeline = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if os.getppid() != parent_pid:
        end()


def found(opener: str) -> Callable[..., Any]:
    """The function behind "package.module:function"."""
    module, _, name = opener.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def run(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], tell: Callable[[Any], None]
) -> Any:
    """Call a function, with `tell` where it has a parameter of that name."""
    try:
        wants_tell = "tell" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        wants_tell = False
    return function(*args, **kwargs, tell=tell) if wants_tell else function(*args, **kwargs)


def answer(line: Line, number: int, work: Callable[[], Any]) -> None:
    """Do the work and send what came of it."""
    from nvpipe.errors import NvpipeError

    try:
        line.send(DONE, number, work())
    except CallCancelledError:
        line.send(CANCELLED, number, None)
    except NvpipeError as error:
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
            line.send(FAILED, number, error)
        except Exception:  # noqa: BLE001 - an error whose pickling fails is told in words
            line.send(FAULT, number, (type(error).__name__, error.line()))
    except BaseException as error:  # noqa: BLE001 - the process's boundary
        traceback.print_exc()
        line.send(FAULT, number, (type(error).__name__, str(error)))


def main() -> None:
    """Open the model, then serve calls one after the other until the parent is gone."""
    number_of_socket, parent_pid = map(int, sys.argv[1:])
    end_with_parent(parent_pid)
    os.set_inheritable(number_of_socket, False)
    line = Line(Connection(number_of_socket))
    _, number, payload = line.next_call()
    # Arguments may be of classes that only the parent's path leads to.
    path, opener, raw_arguments = pickle.loads(payload)  # noqa: S301 - from the parent
    sys.path[:] = path
    opened: list[Any] = []

    def open_model(number: int = number) -> None:
        opened.append(run(found(opener), (), pickle.loads(raw_arguments), line.tell(number)))  # noqa: S301

    answer(line, number, open_model)
    while True:
        _, number, payload = line.next_call()

        def call(number: int = number, payload: bytes = payload) -> Any:
            method, args, kwargs = pickle.loads(payload)  # noqa: S301 - from the parent
            return run(getattr(opened[0], method), args, kwargs, line.tell(number))

        answer(line, number, call)


if __name__ == "__main__":
    main()

"""Small models for a process of their own: they take memory, answer, crash, hang, print and raise."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nvpipe.errors import ArticleError, NvpipeError


class WouldNotPickleError(NvpipeError):
    """An error with a constructor that pickling cannot repeat."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


class Model:
    """A model of so many MiB."""

    def __init__(self, size_mib: int = 1, label: str = "") -> None:
        self.weights = b"\1" * (size_mib << 20)
        self.label = label
        self.steps = 0

    def add(self, first: int, second: int = 0) -> int:
        return first + second

    def whoami(self) -> int:
        return os.getpid()

    def paths(self) -> tuple[list[str], str, str]:
        return sys.path, str(Path.cwd()), sys.stdin.read()

    def take(self, size_mib: int) -> None:
        """Memory that is wanted for the work alone."""
        import numpy as np

        np.ones(size_mib << 17)

    def echo(self, value: Any) -> Any:
        return value

    def count(self, upto: int, tell: Callable[[Any], None], pause_s: float = 0.0) -> str:
        for number in range(upto):
            self.steps = number
            time.sleep(pause_s)
            tell(number)
        return "counted"

    def print_much(self, lines: int) -> None:
        for number in range(lines):
            sys.stdout.write(f"line {number} of Python\n")
        sys.stdout.flush()
        os.write(1, b"to stdout\n")
        os.write(2, b"to stderr\n")

    def crash(self) -> None:
        os.write(2, b"ggml_abort: tensor has no data\n\n")
        ctypes.string_at(0)

    def end_by(self, signal_number: int) -> None:
        os.kill(os.getpid(), signal_number)
        time.sleep(60)

    def exit(self, code: int) -> None:
        os._exit(code)

    def hang(self, note: str = "") -> None:
        if note:
            Path(note).write_text(str(os.getpid()), "utf-8")
        time.sleep(600)

    def hang_natively(self, note: str) -> None:
        """In native code that never lets go of the interpreter."""
        Path(note).write_text(str(os.getpid()), "utf-8")
        ctypes.PyDLL(None).sleep(600)

    def start_another(self) -> int:
        return subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL).pid

    def refuse(self) -> None:
        raise ArticleError("the article is empty", hint="write something")

    def refuse_oddly(self) -> None:
        raise WouldNotPickleError(1, 2)

    def fail(self) -> None:
        raise KeyError("n_ctx")

    def fail_at_length(self) -> None:
        raise ValueError("\x1b[31m\n" + "x" * 1_000_000)

    def run_out(self) -> None:
        raise MemoryError

    def leave(self) -> None:
        sys.exit(3)

    def unpicklable(self) -> Any:
        return lambda: None


def open_slowly(pause_s: float) -> Model:
    time.sleep(pause_s)
    return Model()


def open_badly(how: str) -> Model:
    if how == "refuse":
        raise ArticleError("this is no model")
    if how == "crash":
        os.write(2, b"error loading model: bad magic\n")
        os.abort()
    raise OSError("cannot read it")

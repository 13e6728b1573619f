"""How a process ended, in words."""

from __future__ import annotations

import signal

_LENGTH = 200


def ending(status: int, output: bytes = b"") -> str:
    """Words for an exit status, negative for a signal as `subprocess` has it, and the last line that was printed."""
    if status < 0:
        known = {number.value: number.name for number in signal.Signals}
        name = known.get(-status, f"signal {-status}")
        text = f"was killed by {name}" if -status == signal.SIGKILL else f"crashed with {name}"
    else:
        text = f"ended with code {status}"
    line = last_line(output)
    return f"{text}: {line}" if line else text


def last_line(output: bytes) -> str:
    """The last printed line that is not empty, fit to stand in a message."""
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return fit_for_a_message(lines[-1]) if lines else ""


def fit_for_a_message(text: str) -> str:
    """One line of it, without control characters, cut where it gets long."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:_LENGTH]

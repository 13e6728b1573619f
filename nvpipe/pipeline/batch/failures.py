"""What went wrong in a job, as an error that a user can act on, and when it is worth another try."""

from __future__ import annotations

import errno
import time
import traceback
from typing import TYPE_CHECKING

from nvpipe.errors import NvpipeError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nvpipe.pipeline.batch.stopping import Stop

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Before a job is tried again; each time twice as long."""
_LOOK_S = 0.2


def as_failure(error: Exception, out: Path, detail: Callable[[str], None]) -> NvpipeError:
    """An exception as an error of nvpipe's.

    Args:
        error: whatever ended a job.
        out: the output folder, where files that cannot be written are.
        detail: given the traceback of a fault of nvpipe.
    """
    if isinstance(error, NvpipeError):
        return error
    if isinstance(error, OSError):
        hint = "free some space" if error.errno == errno.ENOSPC else "check its permissions"
        return OutputError(f"a file in {out} cannot be written: {error.strerror or error}", hint=hint)
    detail("".join(traceback.format_exception(error)))
    return NvpipeError(
        f"unexpected {type(error).__name__}: {error}", hint="this is a fault of nvpipe, please report it"
    )


def pause_before(attempt: int, stop: Stop) -> None:
    """Wait before a job is tried for the second time or more, unless the run is asked to end.

    Raises:
        InterruptedRunError: the run is stopped.
    """
    until_s = time.monotonic() + min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 2))
    while time.monotonic() < until_s and not stop.draining:
        stop.go_on()
        time.sleep(_LOOK_S)

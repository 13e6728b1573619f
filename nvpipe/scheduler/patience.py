"""How long a call is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

_LOOK_S = 0.1
"""How often a waiting call asks whether it is still wanted, and how much memory is in use."""
_CANCEL_S = 2.0
"""What a method has to notice that it is cancelled, before its process is ended."""


class Patience:
    """The limits of one call.

    Args:
        limit_s: from now on; None waits as long as the process lives.
        cancelled: whether the result is no longer wanted.
    """

    def __init__(self, limit_s: float | None, cancelled: Callable[[], bool] | None) -> None:
        self.limit_s = limit_s or 0.0
        self.cancelled = False
        self._ask = cancelled
        self._until_s = None if limit_s is None else time.monotonic() + limit_s

    def look_s(self) -> float:
        """How long to wait for the next message before looking around."""
        return _LOOK_S if self._until_s is None else min(_LOOK_S, max(0.0, self._until_s - time.monotonic()))

    def asks_to_cancel(self) -> bool:
        """True once, at the moment at which the result is no longer wanted."""
        if self.cancelled or self._ask is None or not self._ask():
            return False
        self.cancelled = True
        until_s = time.monotonic() + _CANCEL_S
        self._until_s = until_s if self._until_s is None else min(self._until_s, until_s)
        return True

    def is_over(self) -> bool:
        """Nobody waits any more."""
        return self._until_s is not None and time.monotonic() >= self._until_s

"""Which backend did the work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackendChoice:
    """Which backend a stage uses, which was wanted, and why a better one was not taken."""

    used: str
    wanted: str
    reason: str = ""

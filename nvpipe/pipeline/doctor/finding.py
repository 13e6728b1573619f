"""One thing that the doctor has examined."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined."""

    kind: str
    name: str
    usable: bool
    reason: str
    fix: str
    chosen: bool
    """Whether `auto` takes it."""
    summary: str
    """What it is."""
    named: bool = False
    """Whether the settings ask for it."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

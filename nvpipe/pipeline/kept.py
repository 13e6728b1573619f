"""What outlives a job, in the storage folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nvpipe.cache.ledger import Ledger
    from nvpipe.cache.stages import StageStore
    from nvpipe.footage.library import Library


@dataclass(frozen=True, slots=True)
class Kept:
    """What earlier jobs and runs left, and this one adds to."""

    library: Library
    """The footage, its tracks and segments."""
    store: StageStore
    """Scripts, narrations, and where finished videos lie."""
    ledger: Ledger
    """Which short shows what."""

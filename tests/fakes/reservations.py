"""Footage reserved for jobs without choosing any."""

from __future__ import annotations

from nvpipe.cache.ledger import Ledger, Reservation
from nvpipe.types import Segment


def reserve(ledger: Ledger, key: str, *segments: Segment) -> Reservation:
    """What the ledger gives to a job that would show these segments, all of one content."""
    contents = ("d" * 32,) * len(segments)
    return ledger.reserve(key, "demand", lambda _: Reservation(key, "demand", segments, contents))[0]

"""Footage reserved for jobs without choosing any."""

from __future__ import annotations

from pathlib import Path

from nvpipe.cache.ledger import Choose, Ledger, Reservation
from nvpipe.types import Segment


def reserve(ledger: Ledger, key: str, *segments: Segment) -> Reservation:
    """What the ledger gives to a job that would show these segments, all of one content."""
    contents = ("d" * 32,) * len(segments)
    return ledger.reserve(key, "demand", lambda _: Reservation(key, "demand", segments, contents))[0]


def span(start_s: float, video_id: str = "v") -> Segment:
    """Ten seconds of a video."""
    return Segment(video_id, start_s, start_s + 10.0, 1.0, start_s + 5.0)


def next_free(key: str) -> Choose:
    """The ten seconds after those that others have."""
    return lambda others: Reservation(key, "d", (span(10.0 * len(others)),), ("content",))


def reserve_many(storage: Path, name: str) -> None:
    """Six jobs, one after the other."""
    ledger = Ledger(storage, print)
    for index in range(6):
        ledger.reserve(f"{name}-{index}", "d", next_free(f"{name}-{index}"))

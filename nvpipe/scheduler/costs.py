"""What models and own work cost in a run, and the peaks that are kept for the next."""

from __future__ import annotations

import threading
from dataclasses import replace

from nvpipe.scheduler.spec import Estimate, ModelSpec, ModelStats, Peaks


class Costs:
    """Counts for each key; safe to use from several threads.

    Args:
        peaks: measured peaks of earlier runs.
    """

    def __init__(self, peaks: Peaks | None) -> None:
        self._peaks = peaks
        self._changing = threading.Lock()
        self._stats: dict[str, ModelStats] = {}
        self._stored: dict[str, int] = {}
        """The peaks that were given to `peaks`, by key."""

    def estimate(self, spec: ModelSpec, label: str) -> Estimate:
        """What is known of a spec on a device with this label."""
        known = self._peaks.get(_peak_key(spec, label)) if self._peaks is not None else None
        return spec.estimate if known is None else Estimate(known, "measured")

    def begin(self, spec: ModelSpec, label: str) -> int:
        """The bytes that a spec must be admitted with."""
        with self._changing:
            known = self._stats.get(spec.key)
        if known is None:
            known = ModelStats(spec.name, self.estimate(spec, label))
            with self._changing:
                known = self._stats.setdefault(spec.key, known)
        return max(known.estimate.bytes, known.peak_memory_bytes)

    def count(self, key: str, **more: float) -> None:
        """Add to counts."""
        with self._changing:
            stats = self._stats[key]
            self._stats[key] = replace(stats, **{name: getattr(stats, name) + value for name, value in more.items()})

    def saw_peak(self, key: str, peak_bytes: int) -> None:
        with self._changing:
            stats = self._stats[key]
            self._stats[key] = replace(stats, peak_memory_bytes=max(stats.peak_memory_bytes, peak_bytes))

    def keep_peak(self, spec: ModelSpec, label: str, peak_bytes: int) -> None:
        """Keep a peak of work for later runs."""
        with self._changing:
            is_more = peak_bytes > self._stored.get(spec.key, 0)
            if is_more:
                self._stored[spec.key] = peak_bytes
        if is_more and self._peaks is not None:
            self._peaks.put(_peak_key(spec, label), peak_bytes)

    def all(self) -> dict[str, ModelStats]:
        with self._changing:
            return dict(self._stats)


def _peak_key(spec: ModelSpec, label: str) -> str:
    return f"{spec.key}@{label}" if label else spec.key

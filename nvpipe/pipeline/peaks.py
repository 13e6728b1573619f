"""Measured peaks of models' memory, kept in the storage folder from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from nvpipe.cache.stages import StageStore

STAGE = "memory-peak"


class StoredPeaks:
    """The scheduler's `Peaks` in a storage folder; what cannot be read or written there is forgotten with a warning.

    Args:
        store: the stages of the storage folder.
    """

    def __init__(self, store: StageStore) -> None:
        self._store = store

    def get(self, key: str) -> int | None:
        """The largest peak in bytes of the model with this key, if one is known."""
        data = self._store.load(STAGE, digest_of(key))
        peak_bytes = data.get("peak_bytes") if isinstance(data, dict) else None
        if not isinstance(peak_bytes, int) or isinstance(peak_bytes, bool) or peak_bytes <= 0:
            return None
        return peak_bytes

    def put(self, key: str, peak_bytes: int) -> None:
        """Remember a peak, unless a larger one is known."""
        if peak_bytes > (self.get(key) or 0):
            self._store.save(STAGE, digest_of(key), {"model": key, "peak_bytes": peak_bytes})

"""Backends for jobs side by side: proven once for all of them, and each job with its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nvpipe.types import BackendChoice

Key = tuple[str, str, object]
Proven = tuple[Any, "BackendChoice"]


class Proofs:
    """What the jobs of a run have proven."""

    def __init__(self) -> None:
        self.proving = threading.RLock()
        """Held while a backend is proven, so that the others wait for the verdict."""
        self.known: dict[Key, Proven] = {}

    def of_job(self) -> OwnBackends:
        """For one of several jobs at work."""
        return OwnBackends(self)


class OwnBackends(MutableMapping[Key, Proven]):
    """The backends of one job: writers and speakers keep what belongs to the job at hand."""

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs
        self._own: dict[Key, Proven] = {}

    def __getitem__(self, key: Key) -> Proven:
        if key not in self._own:
            _, choice = self._proofs.known[key]
            from nvpipe.pipeline.tools import REGISTRIES

            self._own[key] = (REGISTRIES[key[0]].load(choice.used), choice)
        return self._own[key]

    def __setitem__(self, key: Key, proven: Proven) -> None:
        self._own[key] = self._proofs.known[key] = proven

    def __delitem__(self, key: Key) -> None:
        del self._own[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._proofs.known)

    def __len__(self) -> int:
        return len(self._proofs.known)

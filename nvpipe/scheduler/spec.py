"""What is leased: a model, what it needs, and what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

LOAD_LIMIT_S = 900.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Memory that a model takes at its peak, loading and working together.

    Attributes:
        bytes: of the device's memory.
        source: "declared" by who wrote the model's stage, or "measured" in an earlier run.
    """

    bytes: int
    source: Literal["declared", "measured"] = "declared"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model that can be loaded in a process of its own.

    Attributes:
        name: what messages and manifests call it.
        opener: "package.module:function", called in the process with `arguments`; what it returns is the model.
        arguments: values that can be pickled and whose `repr` is the same in every run (texts, numbers, paths).
        estimate: what it will need; a measured peak of the same key takes its place.
        load_limit_s: a model that is not open after this time is given up.
        content: a digest of what is in the model's files, since `arguments` say only where they lie.
        device: the name of the device whose memory it takes; "" is the scheduler's first.
    """

    name: str
    opener: str
    arguments: Mapping[str, Any]
    estimate: Estimate
    load_limit_s: float = LOAD_LIMIT_S
    content: str = ""
    device: str = ""

    @property
    def key(self) -> str:
        """Same model, same arguments, same content: the same process serves it, and the same measured peak holds."""
        where = (self.device,) if self.device else ()
        text = repr((self.opener, sorted(self.arguments.items(), key=lambda item: item[0]), self.content, *where))
        return f"{self.name}-{hashlib.blake2b(text.encode('utf-8', 'backslashreplace'), digest_size=8).hexdigest()}"


class Peaks(Protocol):
    """Measured peaks of earlier runs. A store that cannot be read or written warns and forgets; it never fails."""

    def get(self, key: str) -> int | None:
        """The peak in bytes of the model with this key, if one is known."""
        ...

    def put(self, key: str, peak_bytes: int) -> None:
        """Remember a peak."""
        ...


@dataclass(frozen=True, slots=True)
class ModelStats:
    """What a model cost in this run, for the manifest.

    Attributes:
        estimate: what it was admitted with.
        loads: how often it was loaded; failed loads count.
        evictions: how often it had to leave for another.
        failures: how often its process died, hung or could not load.
        peak_memory_bytes: the largest use of the device's memory that was seen.
        load_s: seconds that the loads took together.
        release_s: seconds from the decision to end a process until its memory was back, together.
        leases: how often it was given to someone.
    """

    name: str
    estimate: Estimate
    loads: int = 0
    evictions: int = 0
    failures: int = 0
    peak_memory_bytes: int = 0
    load_s: float = 0.0
    release_s: float = 0.0
    leases: int = 0

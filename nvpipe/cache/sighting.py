"""A footage file as it was met: which one it is, and what was found out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nvpipe.cache.about import About
from nvpipe.cache.disk import digest_file
from nvpipe.cache.identity import FileIdentity, Sidecars
from nvpipe.types import Footage

_TICK_S = 0.02


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file that was read: where, which one, and what is known of it; its id is settled by the index."""

    identity: FileIdentity
    footage: Footage
    sidecars: Sidecars = ()
    """Name, size and time of the files beside it that were read."""
    tags: About = field(default_factory=About)
    """What the container says."""
    about: About | None = None
    """What is to be kept: the sidecars' word over the tags'; None leaves what is known of the content as it is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a file cannot be used."""

    message: str
    hint: str
    kind: str
    made_by: str


def digest_settled(path: Path, clock: Callable[[], float] = time.time) -> tuple[str, FileIdentity]:
    """Digest of a file and the identity it had all the while.

    Raises:
        OSError: it cannot be read, or it is being written.
    """
    before = FileIdentity.of(path.stat())
    # Two changes within one tick of the file system's clock give the same times: let the tick pass first.
    if 0 <= (age_s := clock() - before.ctime_ns / 1e9) < _TICK_S:
        time.sleep(_TICK_S - age_s)
    digest = digest_file(path)
    if FileIdentity.of(path.stat()) != before:
        raise OSError("it is being written at this moment")
    return digest, before

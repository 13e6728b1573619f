"""Files into footage: what the index knows, or what has to be read from them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.cache.identity import FileIdentity
from nvpipe.cache.index import FootageIndex
from nvpipe.errors import MediaError
from nvpipe.footage.sidecar import find_sidecars
from nvpipe.types import Footage

if TYPE_CHECKING:
    from nvpipe.cache.sighting import Sighting
    from nvpipe.footage.newcomers import Newcomers
    from nvpipe.types import MediaInfo

Probe = Callable[[Path], "MediaInfo"]

_BATCH_BYTES = 256 << 20


class Recogniser:
    """Looks at files once: those that did not change since are known by path, size, times and inode.

    Args:
        index: what is known.
        warn: told of sidecars that cannot be read.
        probe: opens a video that is not known yet; `nvpipe.media.probe.probe` unless given.
    """

    def __init__(self, index: FootageIndex, warn: Callable[[str], None], probe: Probe | None) -> None:
        self._index = index
        self._warn = warn
        self._probe = probe
        self._folders: dict[str, frozenset[str] | None] = {}

    def recognise(self, candidates: Iterable[Path], failures: list[MediaError]) -> dict[Path, Footage]:
        """The footage behind files, in their order; what is wrong with the others is added to `failures`."""
        found: dict[Path, Footage | None] = {}
        waiting: list[Sighting] = []
        waiting_bytes = 0
        newcomers: Newcomers | None = None
        for path in candidates:
            if (known := self.known(path)) is not None:
                found[path] = known
                continue
            newcomers = newcomers or self._newcomers()
            try:
                sighting = newcomers.meet(path, self._names_in(path.parent))
            except MediaError as error:
                failures.append(error)
                continue
            found[path] = None
            waiting.append(sighting)
            waiting_bytes += sighting.identity.size_bytes
            # Written now and then, so that a run that is killed does not read an hour of video again.
            if waiting_bytes >= _BATCH_BYTES:
                found.update((footage.path, footage) for footage in self._index.add(waiting))
                waiting, waiting_bytes = [], 0
        found.update((footage.path, footage) for footage in self._index.add(waiting))
        if newcomers is not None:
            self._index.note_unusable(newcomers.unusable)
        return {path: footage for path, footage in found.items() if footage is not None}

    def known(self, path: Path) -> Footage | None:
        """What the index knows of a file; None where the file has to be looked into."""
        try:
            facts = path.stat()
        except OSError:
            return None
        if not stat.S_ISREG(facts.st_mode):
            return None
        marks = tuple(sidecar.identity() for sidecar in find_sidecars(path, self._names_in(path.parent)))
        return self._index.by_file(path, FileIdentity.of(facts), marks)

    def _newcomers(self) -> Newcomers:
        from nvpipe.footage.newcomers import Newcomers

        return Newcomers(self._index, self._warn, self._probe)

    def _names_in(self, folder: Path) -> frozenset[str] | None:
        """The names in a folder, None where they cannot be listed."""
        key = str(folder)
        if key not in self._folders:
            try:
                self._folders[key] = frozenset(os.listdir(folder))  # noqa: PTH208 - names, not paths
            except OSError:
                self._folders[key] = None
        return self._folders[key]

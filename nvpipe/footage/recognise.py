"""Files into footage: what the index knows, or what has to be read from them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from nvpipe import __version__
from nvpipe.cache.index import FileIdentity, FootageIndex, Sighting, Verdict, digest_settled
from nvpipe.cache.index_entry import About
from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.footage.sidecar import Sidecar, find_sidecars, read_sidecars
from nvpipe.media.safety import name_of
from nvpipe.types import Footage, MediaInfo

Probe = Callable[[Path], MediaInfo]

_BATCH_BYTES = 256 << 20
_KINDS = {kind.__name__: kind for kind in (MediaError, UnsupportedMediaError)}


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
        self._made_by = ""

    def recognise(self, candidates: Iterable[Path], failures: list[MediaError]) -> dict[Path, Footage]:
        """The footage behind files, in their order; what is wrong with the others is added to `failures`."""
        found: dict[Path, Footage | None] = {}
        waiting: list[Sighting] = []
        unusable: list[tuple[Path, FileIdentity, Verdict]] = []
        waiting_bytes = 0
        for path in candidates:
            try:
                known = self._known(path, unusable)
            except MediaError as error:
                failures.append(error)
                continue
            if isinstance(known, Footage):
                found[path] = known
                continue
            found[path] = None
            waiting.append(known)
            waiting_bytes += known.identity.size_bytes
            # Written now and then, so that a run that is killed does not read an hour of video again.
            if waiting_bytes >= _BATCH_BYTES:
                found.update((footage.path, footage) for footage in self._index.add(waiting))
                waiting, waiting_bytes = [], 0
        found.update((footage.path, footage) for footage in self._index.add(waiting))
        self._index.note_unusable(unusable)
        return {path: footage for path, footage in found.items() if footage is not None}

    def _known(self, path: Path, unusable: list[tuple[Path, FileIdentity, Verdict]]) -> Footage | Sighting:
        """What the index knows of a file, or else what it has to learn.

        Raises:
            MediaError: the file cannot be used.
        """
        try:
            facts = path.stat()
            if not stat.S_ISREG(facts.st_mode):
                raise MediaError(f"{name_of(path)} is not a regular file", hint="save the video as a file first")
            if facts.st_size == 0:
                raise MediaError(f"{name_of(path)} is empty")
            sidecars = find_sidecars(path, self._names_in(path.parent))
            identity = FileIdentity.of(facts)
            marks = tuple(sidecar.identity() for sidecar in sidecars)
            if known := self._index.by_file(path, identity, marks):
                return known
            if self._index.is_unusable(path) and (verdict := self._index.verdict(path, identity, self._maker())):
                raise _KINDS.get(verdict.kind, MediaError)(verdict.message, hint=verdict.hint)
            digest = self._index.digest_by_file(path, identity)
            if digest is None:
                digest, identity = digest_settled(path)
            return self._sighting(path, identity, digest, sidecars, unusable)
        except OSError as error:
            raise MediaError(f"{name_of(path)} cannot be read: {error.strerror or error}") from error

    def _sighting(
        self,
        path: Path,
        identity: FileIdentity,
        digest: str,
        sidecars: tuple[Sidecar, ...],
        unusable: list[tuple[Path, FileIdentity, Verdict]],
    ) -> Sighting:
        footage, tags = self._index.by_digest(digest, path), self._index.tags_of(digest)
        is_new = footage is None or tags is None
        if footage is None or tags is None:
            try:
                footage, tags = self._probed(path, digest)
            except MediaError as error:
                kind = type(error).__name__
                if kind in _KINDS:
                    unusable.append((path, identity, Verdict(error.message, error.hint, kind, self._maker())))
                raise
            if FileIdentity.of(path.stat()) != identity:
                raise OSError("it is being written at this moment")
        about: About | None = None
        if sidecars:
            about = read_sidecars(sidecars, self._warn).over(tags)
        elif is_new or self._index.had_sidecars(path):
            about = tags
        return Sighting(identity, footage, tuple(sidecar.identity() for sidecar in sidecars), tags, about)

    def _names_in(self, folder: Path) -> frozenset[str] | None:
        """The names in a folder, None where they cannot be listed."""
        key = str(folder)
        if key not in self._folders:
            try:
                self._folders[key] = frozenset(os.listdir(folder))  # noqa: PTH208 - names, not paths
            except OSError:
                self._folders[key] = None
        return self._folders[key]

    def _maker(self) -> str:
        """What a verdict depends on besides the file: another libav may be able to decode it."""
        if not self._made_by:
            from importlib.metadata import PackageNotFoundError, version

            try:
                libav = version("av")
            except PackageNotFoundError:
                libav = "unknown"
            self._made_by = f"nvpipe {__version__}, av {libav}"
        return self._made_by

    def _probed(self, path: Path, digest: str) -> tuple[Footage, About]:
        if self._probe is None:
            # Opening libav costs a tenth of a second, which a known file does not pay.
            from nvpipe.media.probe import probe

            self._probe = probe
        info = self._probe(path)
        tags = About(licence=info.licence, channel=info.credit, title=info.title, source_url=info.source_url)
        footage = Footage(
            video_id="",
            path=path,
            digest=digest,
            width_px=info.width_px,
            height_px=info.height_px,
            fps=info.fps,
            duration_s=info.duration_s,
            codec=info.codec,
            rotation_deg=info.rotation_deg,
            has_audio=info.has_audio,
            colour_matrix=info.colour_matrix,
            colour_assumed=info.colour_assumed,
            licence=tags.licence,
            credit=tags.credit_line,
        )
        return footage, tags

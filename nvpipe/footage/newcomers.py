"""Files that the index does not know: looked into once, for good or ill."""

from __future__ import annotations

import stat
from collections.abc import Callable, Container
from pathlib import Path

from nvpipe import __version__
from nvpipe.cache.about import About
from nvpipe.cache.identity import FileIdentity
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.sighting import Sighting, Verdict, digest_settled
from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.footage.sidecar import Sidecar, find_sidecars
from nvpipe.footage.sidecar_text import read_sidecars
from nvpipe.media.safety import name_of
from nvpipe.types import Footage, MediaInfo

_KINDS = {kind.__name__: kind for kind in (MediaError, UnsupportedMediaError)}


class Newcomers:
    """Finds out what the index has to learn of a file.

    Args:
        index: what is known of contents and of unusable files.
        warn: told of sidecars that cannot be read.
        probe: opens a video whose content is not known yet; `nvpipe.media.probe.probe` unless given.
    """

    def __init__(
        self, index: FootageIndex, warn: Callable[[str], None], probe: Callable[[Path], MediaInfo] | None
    ) -> None:
        self._index = index
        self._warn = warn
        self._probe = probe
        self._made_by = ""
        self.unusable: list[tuple[Path, FileIdentity, Verdict]] = []
        """Files that turned out to be of no use."""

    def meet(self, path: Path, beside: Container[str] | None) -> Sighting:
        """What is to be learnt of a file.

        Args:
            beside: names of what lies in its folder, if they are known.

        Raises:
            MediaError: the file cannot be used.
        """
        try:
            facts = path.stat()
            if not stat.S_ISREG(facts.st_mode):
                raise MediaError(f"{name_of(path)} is not a regular file", hint="save the video as a file first")
            if facts.st_size == 0:
                raise MediaError(f"{name_of(path)} is empty")
            sidecars = find_sidecars(path, beside)
            identity = FileIdentity.of(facts)
            if self._index.is_unusable(path) and (verdict := self._index.verdict(path, identity, self._maker())):
                raise _KINDS.get(verdict.kind, MediaError)(verdict.message, hint=verdict.hint)
            digest = self._index.digest_by_file(path, identity)
            if digest is None:
                digest, identity = digest_settled(path)
            return self._sighting(path, identity, digest, sidecars)
        except OSError as error:
            raise MediaError(f"{name_of(path)} cannot be read: {error.strerror or error}") from error

    def _sighting(self, path: Path, identity: FileIdentity, digest: str, sidecars: tuple[Sidecar, ...]) -> Sighting:
        footage, tags = self._index.by_digest(digest, path), self._index.tags_of(digest)
        is_new = footage is None or tags is None
        if footage is None or tags is None:
            try:
                footage, tags = self._probed(path, digest)
            except MediaError as error:
                kind = type(error).__name__
                if kind in _KINDS:
                    self.unusable.append((path, identity, Verdict(error.message, error.hint, kind, self._maker())))
                raise
            if FileIdentity.of(path.stat()) != identity:
                raise OSError("it is being written at this moment")
        about: About | None = None
        if sidecars:
            about = read_sidecars(sidecars, self._warn).over(tags)
        elif is_new or self._index.had_sidecars(path):
            about = tags
        return Sighting(identity, footage, tuple(sidecar.identity() for sidecar in sidecars), tags, about)

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

"""The footage at hand: found, known by content, with its tracks and segments kept."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from nvpipe.cache import action
from nvpipe.cache.index import FileIdentity, FootageIndex, Sighting, digest_settled
from nvpipe.cache.store import Warn, complain, once
from nvpipe.errors import MediaError, OutputError
from nvpipe.footage.discover import find_footage
from nvpipe.footage.sidecar import find_sidecar, read_sidecar
from nvpipe.types import Footage, MediaInfo, MotionTrack, Segment

__all__ = ["Library", "find_footage"]

_BATCH_BYTES = 256 << 20


class Library:
    """Footage files and what is known of them, remembered in a storage folder.

    Args:
        storage: the cache folder; made when first written, and never needed.
        warn: told of damaged cache files, unusable videos and a cache that cannot be written, each once.
        probe: opens a video that is not known yet; `nvpipe.media.probe.probe` unless given.
    """

    def __init__(self, storage: Path, warn: Warn, *, probe: Callable[[Path], MediaInfo] | None = None) -> None:
        self._storage = storage
        self._warn = once(warn)
        self._probe = probe
        self._index_or_none: FootageIndex | None = None
        self._tracks: dict[str, tuple[MotionTrack, str | None]] = {}

    def resolve(self, paths: Sequence[str], *, failures: list[MediaError] | None = None) -> list[Footage]:
        """The videos that files, folders and patterns name, each content once.

        One that cannot be used costs a warning while others are left.

        Args:
            failures: takes what is wrong with each unusable video in place of warnings and of an error; the
                caller reports it.

        Raises:
            MediaError: a path does not exist, or nothing in them can be used and `failures` is not given.
        """
        candidates = find_footage(paths, self._warn)
        found: dict[str, Footage] = {}
        unusable: list[MediaError] = []
        for footage in self._recognise(candidates, unusable):
            found.setdefault(footage.digest, footage)
        if failures is not None:
            failures += unusable
            return list(found.values())
        if not found and len(unusable) == 1:
            raise unusable[0]
        for failure in unusable:
            self._warn(f"{failure.line()}; left out")
        if not found:
            raise MediaError(
                f"none of the {len(candidates)} videos in {', '.join(paths)} can be used",
                hint="the warnings say why for each",
            )
        return list(found.values())

    def kept_track(self, footage: Footage, scorer_version: str) -> MotionTrack | None:
        """The motion track of a video if it was kept from earlier; nothing is computed."""
        key = action.track_key(footage.digest, scorer_version, None)
        kept = action.load_track(self._storage, footage.video_id, key, self._warn)
        if kept is None:
            return None
        self._tracks[footage.video_id] = kept
        return kept[0]

    def track(
        self, footage: Footage, scorer_version: str, compute: Callable[[], MotionTrack]
    ) -> tuple[MotionTrack, bool]:
        """The motion track of a video, and whether it was kept from earlier.

        Args:
            compute: makes it when it was not; what it raises is passed on.
        """
        kept = self.kept_track(footage, scorer_version)
        if kept is not None:
            return kept, True
        track = compute()
        checksum: str | None = None
        try:
            checksum = action.save_track(self._storage, action.track_key(footage.digest, scorer_version, None), track)
        except OutputError as error:
            complain(self._warn, self._storage, error)
        self._tracks[footage.video_id] = (track, checksum)
        return track, False

    def segments(
        self, footage: Footage, track: MotionTrack, duration_s: float, compute: Callable[[], Sequence[Segment]]
    ) -> tuple[Segment, ...]:
        """The segments chosen from a track for a duration, kept as long as the track's file is.

        Args:
            compute: chooses them, best first.
        """
        checksum = self._checksum(footage, track)
        if checksum is None:
            return tuple(compute())
        key = action.segments_key(checksum, duration_s, None)
        kept = action.load_segments(self._storage, footage.video_id, duration_s, key, self._warn)
        if kept is not None:
            return kept
        chosen = tuple(compute())
        try:
            action.save_segments(self._storage, footage.video_id, duration_s, key, chosen)
        except OutputError as error:
            complain(self._warn, self._storage, error)
        return chosen

    def _checksum(self, footage: Footage, track: MotionTrack) -> str | None:
        """The checksum of the action cache, if that still holds this track."""
        known, checksum = self._tracks.get(footage.video_id, (None, None))
        if known is not track:
            checksum = action.is_current(self._storage, track)
            self._tracks[footage.video_id] = (track, checksum)
        header = action.action_header(self._storage, footage.video_id)
        return checksum if header is not None and header[1] == checksum else None

    @property
    def _index(self) -> FootageIndex:
        if self._index_or_none is None:
            self._index_or_none = FootageIndex(self._storage, self._warn)
        return self._index_or_none

    def _recognise(self, candidates: Sequence[Path], failures: list[MediaError]) -> list[Footage]:
        found: dict[Path, Footage] = {}
        waiting: list[Sighting] = []
        waiting_bytes = 0
        for path in candidates:
            try:
                known = self._known(path)
                if isinstance(known, Footage):
                    found[path] = known
                    continue
            except MediaError as error:
                failures.append(error)
                continue
            waiting.append(known)
            waiting_bytes += known.identity.size_bytes
            # Written now and then, so that a run that is killed does not read an hour of video again.
            if waiting_bytes >= _BATCH_BYTES:
                found.update((footage.path, footage) for footage in self._index.add(waiting))
                waiting, waiting_bytes = [], 0
        found.update((footage.path, footage) for footage in self._index.add(waiting))
        return [found[path] for path in candidates if path in found]

    def _known(self, path: Path) -> Footage | Sighting:
        """What the index knows of a file, or else what it has to learn.

        Raises:
            MediaError: the file cannot be used.
        """
        try:
            facts = path.stat()
            if not stat.S_ISREG(facts.st_mode):
                raise MediaError(f"{path} is not a regular file", hint="save the video as a file first")
            if facts.st_size == 0:
                raise MediaError(f"{path} is empty")
            sidecar = find_sidecar(path)
            mark = None if sidecar is None else sidecar.identity()
            identity = FileIdentity.of(facts)
            if known := self._index.by_file(path, identity, mark):
                return known
            digest = self._index.digest_by_file(path, identity)
            if digest is None:
                digest, identity = digest_settled(path)
        except OSError as error:
            raise MediaError(f"{path} cannot be read: {error.strerror or error}") from error
        footage = self._index.by_digest(digest, path) or self._probed(path, digest)
        if sidecar is not None:
            licence, credit = read_sidecar(sidecar, self._warn)
            footage = _credited(footage, licence, credit)
        return Sighting(identity, footage, mark)

    def _probed(self, path: Path, digest: str) -> Footage:
        if self._probe is None:
            # Opening libav costs a tenth of a second, which a known file does not pay.
            from nvpipe.media.probe import probe

            self._probe = probe
        info = self._probe(path)
        return Footage(
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
            licence=info.licence,
            credit=info.credit,
        )


def _credited(footage: Footage, licence: str | None, credit: str | None) -> Footage:
    return replace(footage, licence=licence or footage.licence, credit=credit or footage.credit)

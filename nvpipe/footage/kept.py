"""Motion tracks and segments, kept under what they were made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.cache import action
from nvpipe.cache.action import KeptSegments, KeptTrack
from nvpipe.cache.store import Warn, complain, once
from nvpipe.errors import OutputError
from nvpipe.registry import AUTO

if TYPE_CHECKING:
    from nvpipe.types import Footage, MotionTrack, Segment

_FAST = {"fast": True}


class Tracks:
    """The motion tracks and segments of one storage folder.

    Nothing here fails because the cache is damaged or cannot be written: that is a warning, said once.
    """

    def __init__(self, storage: Path, warn: Warn) -> None:
        self._storage = storage
        self._warn = once(warn)
        self._held: dict[str, KeptTrack] = {}

    def kept_track(self, footage: Footage, scorer_version: str, fast: bool = False) -> MotionTrack | None:
        """The motion track of a video if it was kept from earlier; nothing is computed.

        Args:
            fast: a coarse track will do, where there is no full one.
        """
        keys = _keys(footage, scorer_version, fast)
        held = self._held.get(footage.video_id)
        # Each job of a batch asks for every video: the file is parsed once as long as it stays the same.
        if held is not None and held.key in keys and self._is_current(footage, held):
            return held.track
        kept = action.load_track(self._storage, footage.video_id, keys, self._warn)
        if kept is None:
            return None
        self._held[footage.video_id] = kept
        return kept.track

    def track(
        self, footage: Footage, scorer_version: str, compute: Callable[[], MotionTrack], fast: bool = False
    ) -> tuple[MotionTrack, bool]:
        """The motion track of a video, and whether it was kept from earlier.

        Args:
            compute: makes it when it was not; what it raises is passed on.
            fast: a coarse track will do.
        """
        kept = self.kept_track(footage, scorer_version, fast)
        if kept is not None:
            return kept, True
        track = compute()
        # By what the track is, not by what was asked for: a coarse one must never pass for a full one.
        key = _key(footage, scorer_version, coarse=track.coarse)
        checksum = None
        try:
            checksum = action.save_track(self._storage, footage.digest, key, track, self._warn)
        except OutputError as error:
            complain(self._warn, self._storage, error)
        self._held[footage.video_id] = KeptTrack(track, key, checksum)
        return track, False

    def kept_segments(
        self, footage: Footage, scorer_versions: Iterable[str], duration_s: float, rules: object, fast: bool = False
    ) -> KeptSegments | None:
        """The segments of a video if they were kept from earlier, without looking into its track.

        Args:
            rules: version or parameters of the choice, as given to `segments`.
        """
        keys = [key for version in scorer_versions for key in _keys(footage, version, fast)]
        return action.load_segments(
            self._storage, footage.video_id, footage.digest, keys, duration_s, rules, self._warn
        )

    def segments(
        self,
        footage: Footage,
        track: MotionTrack,
        duration_s: float,
        compute: Callable[[], Sequence[Segment]],
        rules: object = None,
    ) -> tuple[Segment, ...]:
        """The segments chosen from a track for a duration, kept as long as the track's file is.

        Args:
            compute: chooses them, best first.
            rules: version or parameters of the choice.
        """
        held = self._in_file(footage, track)
        if held is None:
            return tuple(compute())
        kept = action.load_segments(
            self._storage, footage.video_id, footage.digest, [held.key], duration_s, rules, self._warn
        )
        if kept is not None:
            return kept.segments
        chosen = tuple(compute())
        try:
            action.save_segments(self._storage, held, duration_s, rules, chosen)
        except OutputError as error:
            complain(self._warn, self._storage, error)
        return chosen

    def _is_current(self, footage: Footage, held: KeptTrack) -> bool:
        """Whether the action cache is still the one that the track was read from or written to."""
        claimed = action.claimed_checksum(self._storage, footage.video_id)
        return claimed is not None and claimed == held.checksum

    def _in_file(self, footage: Footage, track: MotionTrack) -> KeptTrack | None:
        """The track as the action cache holds it at this moment; None when it does not."""
        held = self._held.get(footage.video_id)
        if held is not None and held.track is track:
            if held.checksum is None:
                return None
            if self._is_current(footage, held):
                return held
        found = action.find_track(self._storage, footage.digest, track)
        if found is not None:
            self._held[footage.video_id] = found
        return found


def scorer_versions(*decoders: str) -> list[str]:
    """Every scorer's version, best first, as on what decoders' pictures give; nothing is opened for it.

    Args:
        decoders: names of decoders; without any, those that give the pictures that are coded.
    """
    from nvpipe.footage.motion import SCORERS
    from nvpipe.media.decode import marked

    versions = [SCORERS.load(name).version for name in SCORERS.names()]
    return list(dict.fromkeys(marked(version, name) for name in decoders or (AUTO,) for version in versions))


def _keys(footage: Footage, scorer_version: str, fast: bool) -> list[str]:
    """The keys that serve a request, best first."""
    full = _key(footage, scorer_version, coarse=False)
    return [full, _key(footage, scorer_version, coarse=True)] if fast else [full]


def _key(footage: Footage, scorer_version: str, *, coarse: bool) -> str:
    return action.track_key(footage.digest, scorer_version, _FAST if coarse else None)

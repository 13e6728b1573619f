"""The footage at hand: found, known by content, with its tracks and segments kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.cache.index import FootageIndex
from nvpipe.cache.store import Warn, once
from nvpipe.errors import MediaError
from nvpipe.footage.changes import Watch
from nvpipe.footage.discover import find_footage, find_places
from nvpipe.footage.kept import Tracks
from nvpipe.footage.recognise import Probe, Recogniser

if TYPE_CHECKING:
    from nvpipe.types import Footage, MotionTrack

__all__ = ["Library", "find_footage"]


class Library:
    """Footage files and what is known of them, remembered in a storage folder.

    Args:
        storage: the cache folder; made when first written, and never needed.
        warn: told of damaged cache files, unusable videos and a cache that cannot be written, each once.
        probe: opens a video that is not known yet; `nvpipe.media.probe.probe` unless given.
        notice: told of videos that came, changed or went since their place was last looked at.
    """

    def __init__(
        self, storage: Path, warn: Warn, *, probe: Probe | None = None, notice: Callable[[str], None] | None = None
    ) -> None:
        self._storage = storage
        self._warn = once(warn)
        self._probe = probe
        self._notice = notice or _unheard
        self._index_or_none: FootageIndex | None = None
        self.tracks = Tracks(storage, self._warn)
        """Motion tracks and segments of this footage."""

    def resolve(self, paths: Sequence[str], *, failures: list[MediaError] | None = None) -> list[Footage]:
        """The videos that files, folders and patterns name, each content once.

        One that cannot be used costs a warning while others are left.

        Args:
            failures: takes what is wrong with each unusable video in place of warnings and of an error; the
                caller reports it.

        Raises:
            MediaError: a path does not exist, or nothing in them can be used and `failures` is not given.
        """
        places = find_places(paths, self._warn)
        candidates = list(dict.fromkeys(video for place in places for video in place.videos))
        watch = Watch(self._index, places)
        unusable: list[MediaError] = []
        recogniser = Recogniser(self._index, self._warn, self._probe)
        recognised = recogniser.recognise(candidates, unusable)
        found: dict[str, Footage] = {}
        for footage in recognised.values():
            found.setdefault(footage.digest, footage)
        for line in watch.settle(recognised):
            self._notice(line)
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

    def known(self, paths: Sequence[str]) -> tuple[list[Footage], list[Path]]:
        """The videos that files, folders and patterns name, and the files that would have to be looked into.

        Nothing is opened, noted or reported.

        Raises:
            MediaError: a path does not exist.
        """
        recogniser = Recogniser(self._index, self._warn, self._probe)
        found: dict[str, Footage] = {}
        unknown = []
        for path in dict.fromkeys(video for place in find_places(paths, self._warn) for video in place.videos):
            if (footage := recogniser.known(path)) is None:
                unknown.append(path)
            else:
                found.setdefault(footage.digest, footage)
        return list(found.values()), unknown

    def note_analysis(self, footage: Footage, track: MotionTrack) -> None:
        """Keep what a track says of a video in a few numbers; one that is known already costs nothing.

        A storage folder that cannot be written is one warning, nothing is raised.
        """
        known = self._index.analysis_of(footage)
        # A coarse analysis adds nothing to a full one.
        if known.get("scorer") != track.scorer or known.get("coarse") not in (False, track.coarse):
            from nvpipe.footage.summary import summary

            self._index.note_analysis(footage, summary(track))

    def note_uses(self, times: Mapping[str, int]) -> None:
        """Count how often videos were used since the last call, by id; see `note_analysis` for failures."""
        self._index.note_uses(times)

    @property
    def _index(self) -> FootageIndex:
        if self._index_or_none is None:
            self._index_or_none = FootageIndex(self._storage, self._warn)
        return self._index_or_none


def _unheard(_text: str) -> None:
    return

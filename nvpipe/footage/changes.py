"""What changed in a folder, or behind a pattern, since it was last looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from nvpipe.cache.index import FootageIndex
    from nvpipe.footage.discover import Place
    from nvpipe.types import Footage

MAX_NAMES = 3


class Changes(NamedTuple):
    """Paths by what happened to them; a moved one stands under its new path."""

    new: Sequence[str] = ()
    changed: Sequence[str] = ()
    moved: Sequence[str] = ()
    vanished: Sequence[str] = ()

    def line(self, place: str) -> str | None:
        """One line that says it, None when nothing happened."""
        videos = "new video" if len(self.new) == 1 else "new videos"
        named = ((videos, self.new), ("changed", self.changed), ("moved", self.moved), ("vanished", self.vanished))
        counts = [f"{len(paths)} {word}" for word, paths in named if paths]
        paths = [path for _, group in named for path in group]
        if not paths:
            return None
        from nvpipe.media.safety import name_of

        names = ", ".join(name_of(Path(Path(path).name)) for path in paths[:MAX_NAMES])
        more = f" and {len(paths) - MAX_NAMES} more" if len(paths) > MAX_NAMES else ""
        return f"{', '.join(counts)} in {name_of(Path(place))}: {names}{more}"


class Watch:
    """Compares what places hold with what the index remembers of them.

    Made before the files are recognised, since the index then learns their new contents.
    """

    def __init__(self, index: FootageIndex, places: Sequence[Place]) -> None:
        self._index = index
        self._places = list(dict.fromkeys(places))
        self._held = {place.name: index.place(place.name) for place in self._places if place.is_collection}
        paths = {str(path) for place in self._places for path in place.videos}
        paths.update(path for held in self._held.values() for path in held or ())
        self._digests = {path: index.digest_at(path) for path in paths}

    def settle(self, found: Mapping[Path, Footage]) -> list[str]:
        """Remember what the places hold now; returns a line for each that was known and has changed."""
        now = {str(path): footage.digest for path, footage in found.items()}
        lost = {name: self._lost(name) for name in self._held}
        known = {name: set(held) for name, held in self._held.items() if held is not None}
        arrived = {
            place.name: [path for path in map(str, place.videos) if path in now and path not in known[place.name]]
            for place in self._places
            if place.name in known
        }
        moves = _Moves(
            {self._digests[path] for paths in lost.values() for path in paths},
            {now[path] for paths in arrived.values() for path in paths},
        )
        lines = [self._compare(place, now, lost, arrived, moves).line(place.name) for place in self._places]
        self._remember(now, lost)
        return [line for line in lines if line is not None]

    def _lost(self, name: str) -> list[str]:
        """The files of a place that are no longer anywhere under their path."""
        held = self._held[name] or ()
        there = {str(path) for place in self._places if place.name == name for path in place.videos}
        return [path for path in held if path not in there and _is_gone(path)]

    def _compare(
        self,
        place: Place,
        now: Mapping[str, str],
        lost: Mapping[str, list[str]],
        arrived: Mapping[str, list[str]],
        moves: _Moves,
    ) -> Changes:
        held = self._held.get(place.name)
        if place.is_collection and held is None:
            return Changes()
        here = [path for path in map(str, place.videos) if path in now]
        changed = [path for path in here if self._digests[path] not in (None, now[path])]
        kept = {now[path] for path in here}
        known = {self._digests[path] for path in held or ()}
        coming = arrived.get(place.name, [])
        going = [path for path in lost.get(place.name, []) if self._digests[path] not in kept | moves.arrived]
        elsewhere = self._elsewhere(going, set(now.values()))
        return Changes(
            new=[path for path in coming if now[path] not in known | moves.gone],
            changed=changed,
            moved=[*(path for path in coming if now[path] in moves.gone), *elsewhere],
            vanished=[path for path in going if path not in elsewhere],
        )

    def _elsewhere(self, going: Sequence[str], digests: set[str]) -> list[str]:
        """Those whose content still lies somewhere."""
        wanted = {digest: path for path in going if (digest := self._digests[path]) is not None}
        found = {wanted[digest] for digest in wanted.keys() & digests}
        if len(found) < len(wanted):
            for path, digest in self._index.paths():
                if digest in wanted and path not in going and not _is_gone(path):
                    found.add(wanted[digest])
        return [path for path in going if path in found]

    def _remember(self, now: Mapping[str, str], lost: Mapping[str, list[str]]) -> None:
        held: dict[str, set[str]] = {}
        for place in self._places:
            if place.is_collection:
                before = self._held[place.name]
                # What is there but cannot be used today is not new when it can be again.
                after = {path for path in map(str, place.videos) if path in now}
                after.update(set(before or ()) - set(lost[place.name]))
                if before is None or after != set(before):
                    held[place.name] = after
        if held:
            self._index.note_places(held, [path for paths in lost.values() for path in paths])


class _Moves(NamedTuple):
    """Digests of all files that are gone, and of all that came."""

    gone: set[str | None]
    arrived: set[str]


def _is_gone(path: str) -> bool:
    """Whether nothing lies there any more; a place that cannot be looked into may still hold it."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False

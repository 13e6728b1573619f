"""The footage of a plan: what is known of it without opening a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError
from nvpipe.footage.library import Library

if TYPE_CHECKING:
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings
    from nvpipe.types import Footage


@dataclass(frozen=True, slots=True)
class PlannedFootage:
    """What `--footage` names.

    Attributes:
        videos: those that the storage folder knows.
        untracked: those of them that have no motion track yet.
        unknown: files that were never looked into.
    """

    library: Library
    videos: tuple[Footage, ...]
    untracked: tuple[Footage, ...]
    unknown: tuple[Path, ...]
    error: MediaError | None = None


def known_footage(options: Iterable[Settings], reporter: Reporter) -> dict[tuple[str, ...], PlannedFootage]:
    """What is known of the footage of every job, by what its option names."""
    found: dict[tuple[str, ...], PlannedFootage] = {}
    for settings in options:
        if settings.footage in found:
            continue
        library = Library(settings.storage, reporter.warning)
        try:
            videos, unknown = library.known(settings.footage) if settings.footage else ([], [])
        except MediaError as error:
            found[settings.footage] = PlannedFootage(library, (), (), (), error)
            continue
        untracked = tuple(video for video in videos if not _is_tracked(video, library, settings))
        found[settings.footage] = PlannedFootage(library, tuple(videos), untracked, tuple(unknown))
    return found


def _is_tracked(video: Footage, library: Library, settings: Settings) -> bool:
    from nvpipe.pipeline.analyse import kept
    from nvpipe.pipeline.tools import Toolbox

    return kept(video, library, Toolbox(settings, {}, lambda _: None)) is not None

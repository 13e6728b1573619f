"""The cover image beside a short: kept with the render that it was taken from, and taken from the cache with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nvpipe.cache.disk import SourceError, copy_file, digest_file
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.cache.stages import StageStore
    from nvpipe.pipeline.extras import Drawn
    from nvpipe.types import Timeline

STAGE = "cover"
SUFFIX = ".jpg"


@dataclass(frozen=True, slots=True)
class Cover:
    """A cover image on the disk."""

    path: Path
    at_s: float
    """When its picture is shown, in seconds of the output."""


def restore_cover(timeline: Timeline, render_key: str, video: Path, store: StageStore) -> Cover | None:
    """The kept cover of a render, copied beside a video; None when there is none that is whole.

    Raises:
        OutputError: it cannot be written.
    """
    found = store.load_file(STAGE, _key(timeline, render_key))
    if found is None:
        return None
    source, data = found
    at_s: Any = data.get("at_s") if isinstance(data, dict) else None
    if not isinstance(at_s, (int, float)):
        return None
    target = video.with_suffix(SUFFIX)
    try:
        copy_file(source, target, digest_file(source))
    except (OSError, SourceError):
        return None
    return Cover(target, float(at_s))


def write_cover(drawn: Drawn, timeline: Timeline, render_key: str, video: Path, store: StageStore) -> Cover | None:
    """Write the cover that a render's picker chose beside its video, and keep it; None when none is wanted.

    Raises:
        OutputError: it cannot be written.
    """
    if drawn.picker is None or drawn.picker.best is None:
        return None
    cover = Cover(video.with_suffix(SUFFIX), drawn.picker.best.at_s)
    drawn.picker.write(cover.path, drawn.title)
    store.save_file(STAGE, _key(timeline, render_key), cover.path, {"at_s": cover.at_s})
    return cover


def _key(timeline: Timeline, render_key: str) -> str:
    from nvpipe.compose.cover import VERSION

    return digest_of([VERSION, render_key, timeline.cover])

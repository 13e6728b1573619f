"""Several videos analysed side by side, each in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nvpipe.pipeline import workers as processes
from nvpipe.pipeline.workers import MAX_WORKERS, WORKER_BYTES, worker_count
from nvpipe.types import BackendChoice, Footage, MotionTrack

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from nvpipe.errors import NvpipeError
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings

__all__ = ["MAX_WORKERS", "WORKER_BYTES", "Finished", "side_by_side", "worker_count"]


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of one video."""

    index: int
    track: MotionTrack | None
    error: NvpipeError | None
    seconds: float
    peak_memory_bytes: int = 0
    choices: dict[str, BackendChoice] = field(default_factory=dict)


class _Scoring:
    """One video after another into tracks, with one decoder and one scorer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tools: Toolbox | None = None

    def __call__(
        self, piece: Footage, on_progress: Callable[[float], None]
    ) -> tuple[MotionTrack, dict[str, BackendChoice]]:
        from nvpipe.pipeline.analyse import score
        from nvpipe.pipeline.tools import Toolbox

        if self._tools is None:
            self._tools = Toolbox(self._settings, {}, lambda _: None)
        return score(piece, self._tools, on_progress), self._tools.choices


def side_by_side(
    videos: Sequence[Footage], settings: Settings, workers: int, on_progress: Callable[[int, float], None]
) -> Generator[Finished, None, None]:
    """Analyse videos; each result comes as soon as it is there.

    Args:
        videos: what to analyse; each is named by its index.
        settings: with the decoder to use, and whether coarse tracks will do.
        workers: how many at once.
        on_progress: told of a video's index how many of its seconds are done.
    """
    # The longest first: a long one begun last would be at work alone.
    order = sorted(range(len(videos)), key=lambda index: -videos[index].duration_s)
    finishing = processes.side_by_side(
        videos,
        _Scoring(settings),
        workers,
        on_progress,
        order=order,
        died=lambda video: f"{video.path.name} is not analysed",
    )
    try:
        for done in finishing:
            track, choices = done.result or (None, {})
            yield Finished(done.index, track, done.error, done.seconds, done.peak_memory_bytes, choices)
    finally:
        finishing.close()

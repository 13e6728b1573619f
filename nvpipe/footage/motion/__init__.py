"""Scorers of action, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from nvpipe.registry import Entry, Probe, Registry

if TYPE_CHECKING:
    from nvpipe.media.decode import Decoder
    from nvpipe.types import Footage, MotionTrack


class Scorer(Protocol):
    """Turns a video into a track of action scores."""

    def prepare(self, *, on_card: bool) -> None:
        """Told, before it is proven, whether pictures are decoded to a card's memory."""
        ...

    def probe(self) -> Probe: ...

    @property
    def version(self) -> str:
        """Name and version, part of every cache key: a change of results changes it."""
        ...

    def score(
        self,
        footage: Footage,
        decoder: Decoder,
        *,
        fast: bool = False,
        on_progress: Callable[[float], None] | None = None,
    ) -> MotionTrack:
        """Decode the whole video once and score it; `on_progress` is told how many seconds are done.

        With `fast` only sound, packet sizes, keyframes and a few doubtful stretches are read: a coarse track.

        Raises:
            MediaError: nothing of it can be decoded.
        """
        ...


SCORERS: Registry[Scorer] = Registry(
    "scorer",
    (
        Entry(
            "triton-diff",
            "nvpipe.footage.motion.triton_diff:TritonDiffScorer",
            "torch-diff for pictures on a card, gathered by a Triton kernel",
        ),
        Entry("torch-diff", "nvpipe.footage.motion.torch_diff:TorchDiffScorer", "sudden change and sound"),
    ),
)

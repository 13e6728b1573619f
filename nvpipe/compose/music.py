"""Music as long as it is needed: repeated without a click, and faded out at the end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

import numpy as np

from nvpipe.compose.part import Part, closed_on_error
from nvpipe.errors import MediaError
from nvpipe.media.audio import audio_blocks
from nvpipe.media.mux import AUDIO_RATE_HZ
from nvpipe.media.safety import name_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from nvpipe.types import Music

    Samples = NDArray[np.float32]

DUCKED_DB = -8.0
"""Under the voice, relative to where nobody speaks."""
CROSSFADE_S = 1.0
"""Between the end of the music and its next beginning."""
END_FADE_S = 2.0
SHORTEST_S = 1.0
_SILENT = 10 ** (-60 / 20)
"""What is below this at the end of the file is no part of the loop."""


class Loop:
    """The music of a timeline.

    Args:
        music: the file, and how loud it is wanted.
        length: samples that are needed, at 48 kHz.
        folder: where it is kept; no more of it than is needed.
        on_block: called now and then; what it raises ends the work.

    Raises:
        MediaError: the file cannot be read, is silent, or is too short to be repeated.
        OutputError: it cannot be kept.
    """

    def __init__(self, music: Music, length: int, folder: Path, *, on_block: Callable[[], None]) -> None:
        self._length = length
        self._part = Part(folder, 2, on_block)
        with closed_on_error(self._part):
            self._count = self._keep(music.path, length)
        self._crossfade = min(round(CROSSFADE_S * AUDIO_RATE_HZ), self._count // 4)

    def _keep(self, path: Path, length: int) -> int:
        """Read what is needed; returns the samples up to the last that can be heard."""
        heard = 0
        end_s = length / AUDIO_RATE_HZ
        for block in audio_blocks(path, rate_hz=AUDIO_RATE_HZ, channels=2, end_s=end_s):
            loud = np.flatnonzero(np.abs(block).max(axis=0) > _SILENT)
            if loud.size:
                heard = self._part.count + int(loud[-1]) + 1
            self._part.add(block)
        if not heard:
            raise MediaError(f"the music {name_of(path)} is silent or has no sound", hint="name another file")
        if self._part.count >= length:
            return length
        if heard < SHORTEST_S * AUDIO_RATE_HZ:
            raise MediaError(
                f"the music {name_of(path)} has {heard / AUDIO_RATE_HZ:.2f} s of sound, too little to be repeated",
                hint=f"name a file with at least {SHORTEST_S:g} s",
            )
        return heard

    def gain_to(self, lufs: float) -> float:
        """Factor that brings the music to a loudness."""
        return self._part.gain_to(lufs)

    def read(self, start: int, end: int) -> Samples:
        """Samples `[start, end)` of the endless music as `[2, end - start]`, faded out towards the length."""
        block = np.empty((2, end - start), np.float32)
        at = start
        while at < end:
            at += self._piece(at, block[:, at - start :])
        fade = min(round(END_FADE_S * AUDIO_RATE_HZ), self._length // 2)
        left = self._length - np.arange(max(start, self._length - fade), end)
        if left.size:
            block[:, -left.size :] *= (left / fade).astype(np.float32)
        return block

    def _piece(self, at: int, out: Samples) -> int:
        """Fill the front of `out` with what is heard from `at` on, up to a border; returns how much that is.

        The end of one turn and the start of the next sound at once, at equal power.
        """
        if self._count >= self._length:
            out[:] = self._part.spool.read(at, at + out.shape[1])
            return int(out.shape[1])
        period = self._count - self._crossfade
        turn, place = divmod(at, period)
        crossing = turn > 0 and place < self._crossfade
        size = min(int(out.shape[1]), (self._crossfade if crossing else period) - place)
        piece = self._part.spool.read(place, place + size)
        if crossing:
            angle = (np.arange(place, place + size) + 0.5) / self._crossfade * (math.pi / 2)
            piece *= np.sin(angle).astype(np.float32)
            piece += self._part.spool.read(place + period, place + period + size) * np.cos(angle).astype(np.float32)
        out[:, :size] = piece
        return size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._part.close()

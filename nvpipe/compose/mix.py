"""The sound of a timeline: the voice, and the game's own sound and music ducked under it.

Each is brought to a loudness of its own first, so that the balance does not depend on how loud any was
recorded. Everything is read and written block by block, so that memory does not grow with the length.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nvpipe.compose.duck import Ducking
from nvpipe.compose.music import DUCKED_DB as MUSIC_DUCKED_DB
from nvpipe.compose.music import Loop
from nvpipe.compose.part import Part, closed_on_error
from nvpipe.errors import MediaError
from nvpipe.media.audio import audio_blocks
from nvpipe.media.mux import AUDIO_RATE_HZ
from nvpipe.media.spool import BLOCK_SAMPLES, Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from nvpipe.types import Cut, Timeline

    Samples = NDArray[np.float32]

VOICE_LUFS = -16.0
GAME_LUFS = -23.0
"""Of the game's sound where nobody speaks."""
DUCKED_DB = -11.0
"""Under the voice, relative to that."""
GAME_GAIN_DB = (-40.0, 12.0)
"""Limits of the game's gain: near-silent footage is not blown up into noise."""
JOIN_FADE_S = 0.03
START_FADE_S = 0.01
END_FADE_S = 0.35


def balance(
    timeline: Timeline,
    folder: Path,
    *,
    warn: Callable[[str], None] | None = None,
    on_block: Callable[[], None] | None = None,
) -> Spool:
    """Voice, ducked game sound and music of a timeline, before its loudness is set.

    Args:
        timeline: what is said and shown.
        folder: where sound is kept that memory should not hold; 0.8 MB a second while this works.
        warn: told of footage whose sound cannot be read and is left out; without it that is an error.
        on_block: called now and then; what it raises ends the work.

    Returns:
        Two channels at 48 kHz, exactly as long as the timeline; the caller closes it.

    Raises:
        MediaError: the narration or the music cannot be read, or footage cannot and nobody listens to warnings.
        OutputError: the folder has no room.
    """
    length = round(timeline.duration_s * AUDIO_RATE_HZ)
    pulse = on_block or (lambda: None)
    with ExitStack() as kept:
        voice = kept.enter_context(_voice(timeline, length, folder, pulse))
        voice_gain = voice.gain_to(VOICE_LUFS)
        layers = []
        if any(cut.footage.has_audio for cut in timeline.cuts):
            game = kept.enter_context(_game(timeline, length, folder, warn, pulse))
            layers.append(_Layer(game.spool.read, game.gain_to(GAME_LUFS, GAME_GAIN_DB), DUCKED_DB))
        if timeline.music is not None:
            music = kept.enter_context(Loop(timeline.music, length, folder, on_block=pulse))
            layers.append(_Layer(music.read, music.gain_to(VOICE_LUFS + timeline.music.volume_db), MUSIC_DUCKED_DB))
        ducking = Ducking(voice.spool, voice_gain, length)
        mixed = Spool(folder, 2)
        with closed_on_error(mixed):
            for start in range(0, length, BLOCK_SAMPLES):
                pulse()
                end = min(start + BLOCK_SAMPLES, length)
                block = np.repeat(voice.spool.read(start, end) * np.float32(voice_gain), 2, axis=0)
                for layer in layers:
                    block += layer.part(start, end, ducking)
                fade_ends(block, start, length, START_FADE_S, END_FADE_S)
                mixed.append(block)
        return mixed


class _Layer(NamedTuple):
    """Something under the voice."""

    read: Callable[[int, int], Samples]
    gain: float
    ducked_db: float

    def part(self, start: int, end: int, ducking: Ducking) -> Samples | np.float32:
        if not self.gain:
            return np.float32(0)
        return self.read(start, end) * (np.float32(self.gain) * ducking.gains(start, end, self.ducked_db))


def _voice(timeline: Timeline, length: int, folder: Path, pulse: Callable[[], None]) -> Part:
    voice = Part(folder, 1, pulse)
    with closed_on_error(voice):
        voice.pad(min(round(timeline.narration_at_s * AUDIO_RATE_HZ), length))
        for block in audio_blocks(timeline.narration.audio_path, rate_hz=AUDIO_RATE_HZ, channels=1):
            voice.add(block[:, : length - voice.count])
        voice.pad(length)
    return voice


def _game(
    timeline: Timeline, length: int, folder: Path, warn: Callable[[str], None] | None, pulse: Callable[[], None]
) -> Part:
    """The footage's own sound, cut as its pictures are."""
    game = Part(folder, 2, pulse)
    with closed_on_error(game):
        for cut in timeline.cuts:
            if not cut.footage.has_audio:
                continue
            start = min(round(cut.at_s * AUDIO_RATE_HZ), length)
            game.pad(start)
            # Rounding can make a cut a sample longer than the room before the next one.
            late = game.count - start
            for block in faded(_sound_of(cut, warn), JOIN_FADE_S):
                game.add(block[:, late : late + length - game.count])
                late = max(late - block.shape[1], 0)
        game.pad(length)
    return game


def _sound_of(cut: Cut, warn: Callable[[str], None] | None) -> Iterator[Samples]:
    path = cut.footage.path
    heard = 0
    try:
        for block in audio_blocks(
            path, rate_hz=AUDIO_RATE_HZ, channels=2, start_s=cut.source_start_s, end_s=cut.source_end_s
        ):
            heard += block.shape[1]
            yield block
    except MediaError as error:
        if warn is None:
            raise
        since = f" from {cut.source_start_s + heard / AUDIO_RATE_HZ:.1f} s on" if heard else ""
        warn(f"{path.name} is shown without its sound{since}: {error.message}")


def faded(blocks: Iterator[Samples], fade_s: float) -> Iterator[Samples]:
    """Sound of unknown length with both ends faded; what is shorter than both fades gets shorter ones."""
    width = round(fade_s * AUDIO_RATE_HZ)
    held = next(blocks, None)
    if held is None:
        return
    for block in blocks:
        held = np.concatenate([held, block], axis=1)
        if held.shape[1] >= 2 * width:
            break
    head = min(width, held.shape[1] // 2)
    held[:, :head] *= np.linspace(0, 1, head, dtype=np.float32)
    for block in blocks:
        held = np.concatenate([held, block], axis=1)
        yield held[:, :-width]
        held = held[:, -width:]
    if head:
        held[:, -head:] *= np.linspace(1, 0, head, dtype=np.float32)
    yield held


def fade_ends(block: Samples, start: int, length: int, in_s: float, out_s: float) -> None:
    """Fade what a block has of the first and the last seconds of a whole of `length` samples, in place."""
    end = start + block.shape[1]
    head = min(length // 2, round(in_s * AUDIO_RATE_HZ))
    tail = min(length // 2, round(out_s * AUDIO_RATE_HZ))
    if start < head:
        block[:, : head - start] *= np.linspace(0, 1, head, dtype=np.float32)[start:end]
    first = max(length - tail, start)
    if first < end:
        fall = np.linspace(1, 0, tail, dtype=np.float32)
        block[:, first - start :] *= fall[first - (length - tail) : end - (length - tail)]

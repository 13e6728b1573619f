"""The sound of a timeline: the voice, and the game's own sound ducked under it.

Both are brought to a loudness of their own first, so that the balance does not depend on how loud either was
recorded; the sum is then brought to the output's loudness.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nvpipe.errors import MediaError
from nvpipe.media import loudness
from nvpipe.media.audio import read_audio
from nvpipe.media.mux import AUDIO_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from nvpipe.types import Timeline

    Samples = NDArray[np.float32]

VOICE_LUFS = -16.0
GAME_LUFS = -23.0
"""Of the game's sound where nobody speaks."""
DUCKED_DB = -11.0
"""Under the voice, relative to that."""
GAME_GAIN_DB = (-40.0, 12.0)
"""Limits of the game's gain: near-silent footage is not blown up into noise."""
ATTACK_S = 0.08
RELEASE_S = 0.45
HOLD_S = 0.25
VOICE_GATE_DB = -45.0
JOIN_FADE_S = 0.03
END_FADE_S = 0.35
CEILING_DBTP = -1.5
"""Before encoding; AAC adds a little."""
_BLOCK = 480
"""10 ms, the step of the envelope."""


def mix(timeline: Timeline) -> Samples:
    """The whole sound of a timeline at the output's loudness; see `balance` for its parts."""
    return loudness.level(balance(timeline), AUDIO_RATE_HZ, lufs=timeline.output.lufs, ceiling_dbtp=CEILING_DBTP)


def balance(timeline: Timeline, *, warn: Callable[[str], None] | None = None) -> Samples:
    """Voice and ducked game sound of a timeline, before its loudness is set.

    Args:
        timeline: what is said and shown.
        warn: told of footage whose sound cannot be read and is left out; without it that is an error.

    Returns:
        float32 `[2, n]` at 48 kHz, exactly as long as the timeline.

    Raises:
        MediaError: the narration cannot be read, or footage cannot and nobody listens to warnings.
    """
    length = round(timeline.duration_s * AUDIO_RATE_HZ)
    voice = _voice(timeline, length)
    game = _game(timeline, length, warn)
    if game is not None:
        game *= _envelope(voice)
        voice += game
    _fade(voice, 0.01, END_FADE_S)
    return voice


def _voice(timeline: Timeline, length: int) -> Samples:
    spoken = read_audio(timeline.narration.audio_path, rate_hz=AUDIO_RATE_HZ, channels=1)
    voice = np.zeros((2, length), np.float32)
    start = round(timeline.narration_at_s * AUDIO_RATE_HZ)
    part = spoken[0, : max(0, length - start)]
    voice[:, start : start + part.size] = part
    voice *= _gain(voice, VOICE_LUFS, (-math.inf, math.inf))
    return voice


def _game(timeline: Timeline, length: int, warn: Callable[[str], None] | None) -> Samples | None:
    """The footage's own sound, cut as its pictures are; None when there is none or it is silent."""
    game = np.zeros((2, length), np.float32)
    for cut in timeline.cuts:
        if not cut.footage.has_audio:
            continue
        try:
            part = _part(cut.footage.path, cut.source_start_s, cut.source_end_s)
        except MediaError as error:
            if warn is None:
                raise
            warn(f"{cut.footage.path.name} is shown without its sound: {error.message}")
            continue
        start = round(cut.at_s * AUDIO_RATE_HZ)
        part = part[:, : max(0, length - start)]
        _fade(part, JOIN_FADE_S, JOIN_FADE_S)
        game[:, start : start + part.shape[1]] = part
    gain = _gain(game, GAME_LUFS, GAME_GAIN_DB)
    if gain == 0:
        return None
    game *= gain
    return game


def _part(path: Path, start_s: float, end_s: float) -> Samples:
    return read_audio(path, rate_hz=AUDIO_RATE_HZ, channels=2, start_s=start_s, end_s=end_s)


def _gain(samples: Samples, lufs: float, limits_db: tuple[float, float]) -> float:
    """Factor that brings the samples to a loudness; 0 for silence."""
    now = loudness.integrated_lufs(samples, AUDIO_RATE_HZ)
    if not math.isfinite(now):
        return 0.0
    return float(10 ** (min(max(lufs - now, limits_db[0]), limits_db[1]) / 20))


def _envelope(voice: Samples) -> Samples:
    """Gain of the game's sound for each sample: down before a word starts, up again after a pause.

    Returns:
        float32 `[n]`.
    """
    length = voice.shape[1]
    blocks = -(-length // _BLOCK)
    padded = np.zeros(blocks * _BLOCK, np.float32)
    padded[:length] = voice[0]
    level_db = 10 * np.log10(np.mean(padded.reshape(blocks, _BLOCK) ** 2, axis=1) + 1e-12)
    speaking = level_db > VOICE_GATE_DB
    reach = round(HOLD_S * AUDIO_RATE_HZ / _BLOCK)
    ahead = round(ATTACK_S * AUDIO_RATE_HZ / _BLOCK)
    wide = np.convolve(speaking, np.ones(reach + ahead + 1), mode="full")[ahead : ahead + blocks] > 0.5
    steps = np.empty(blocks)
    gain_db = 0.0
    fall = -DUCKED_DB / (ATTACK_S * AUDIO_RATE_HZ / _BLOCK)
    rise = -DUCKED_DB / (RELEASE_S * AUDIO_RATE_HZ / _BLOCK)
    for index, ducked in enumerate(wide):
        gain_db = max(DUCKED_DB, gain_db - fall) if ducked else min(0.0, gain_db + rise)
        steps[index] = gain_db
    centres = (np.arange(blocks) + 0.5) * _BLOCK
    smooth_db = np.interp(np.arange(length), centres, steps)
    gain: Samples = np.power(10, smooth_db / 20).astype(np.float32)
    return gain


def _fade(samples: Samples, in_s: float, out_s: float) -> None:
    """Fade both ends, in place."""
    length = samples.shape[1]
    head = min(length // 2, round(in_s * AUDIO_RATE_HZ))
    tail = min(length // 2, round(out_s * AUDIO_RATE_HZ))
    if head:
        samples[:, :head] *= np.linspace(0, 1, head, dtype=np.float32)
    if tail:
        samples[:, -tail:] *= np.linspace(1, 0, tail, dtype=np.float32)

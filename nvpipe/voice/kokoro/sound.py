"""Chunks of speech into one narration: trimmed, evened, joined with pauses and without clicks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from nvpipe.errors import BackendFailedError
from nvpipe.voice.kokoro.chunks import End, Said, is_sounding
from nvpipe.voice.saying.rewriting import NOBODY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

RATE_HZ = 24_000
FRAME_SAMPLES = 600
PAUSE_S: dict[End, float] = {"line": 0.36, "sentence": 0.24, "clause": 0.1}
"""After what ends with a chunk, at the natural rate: lines of a script are thoughts, sentences within one go on, and
a sentence is only cut at a clause when it is too long for the model."""
HEAD_S, TAIL_S = 0.05, 0.2
"""Silence before and after everything, as the other speaker leaves it."""
FADE_IN_S, FADE_OUT_S = 0.003, 0.01
_QUIET = 0.01
"""Of a chunk's peak (-40 dB): what stays below at its ends is silence or breath."""
_LOOK_S = 0.005
_TARGET_RMS, _PEAK = 0.1, 0.891
"""-20 dBFS over what is heard, -1 dBFS."""
_MOST_GAIN = 2.0
"""6 dB: chunks are made as loud as the middle one of them, but a model's whisper is not made a shout."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A narration."""

    samples: NDArray[np.int16]
    spans: dict[int, tuple[int, int]]
    """By atom its first sample and the one after its last, exactly where the model's durations put them."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """The part of a chunk that is kept."""

    samples: Floats
    start: int


def join(said: Sequence[Said], rate: float) -> Joined:
    """Chunks in order as one narration at the common level.

    Args:
        said: at 24 kHz.
        rate: pauses are shorter where speech is faster.

    Raises:
        BackendFailedError: nothing can be heard in it.
    """
    import numpy as np

    cuts = [_trimmed(one) for one in said]
    gains = _gains([cut.samples for cut in cuts])
    at = round(HEAD_S * RATE_HZ)
    pieces: list[Floats] = [np.zeros(at, np.float32)]
    spans: dict[int, tuple[int, int]] = {}
    for number, (one, cut, gain) in enumerate(zip(said, cuts, gains, strict=True)):
        pieces.append(_faded(cut.samples * np.float32(gain)))
        for owner, start, end in word_spans(one):
            first, _ = spans.get(owner, (at + start - cut.start, 0))
            spans[owner] = (first, at + end - cut.start)
        last = number == len(said) - 1
        pause = round((TAIL_S if last else PAUSE_S[one.chunk.end] / rate) * RATE_HZ)
        pieces.append(np.zeros(pause, np.float32))
        at += len(cut.samples) + pause
    return Joined(_as_int16(np.concatenate(pieces), pieces[1::2]), spans)


def word_spans(said: Said) -> list[tuple[int, int, int]]:
    """(atom, first sample, sample after its last) in a chunk: the sums of the model's durations up to there.

    A word begins with its first phoneme and ends with its last that is no punctuation. Where phonemes stand in
    another order than what is shown for them ("48 dollars" for "$ 48"), they count for the later atom.
    """
    borders = [frames * FRAME_SAMPLES for frames in accumulate(said.frames)]
    spans: list[tuple[int, int, int]] = []
    latest = NOBODY
    for at, (character, owner) in enumerate(zip(said.chunk.phonemes, said.chunk.owners, strict=True)):
        latest = max(latest, owner)
        if owner == NOBODY or not is_sounding(character):
            continue
        # The first duration is that of the silence before.
        start, end = borders[at], borders[at + 1]
        if spans and spans[-1][0] == latest:
            spans[-1] = (latest, spans[-1][1], end)
        else:
            spans.append((latest, start, end))
    return spans


def _trimmed(said: Said) -> _Cut:
    """A chunk without the silence at its ends; never into a word, whatever is heard of it."""
    import numpy as np

    samples, words = said.samples, word_spans(said)
    loud = np.flatnonzero(np.abs(samples) >= _QUIET * float(np.abs(samples).max(initial=0.0)))
    look = round(_LOOK_S * RATE_HZ)
    first, last = (int(loud[0]) - look, int(loud[-1]) + 1 + look) if len(loud) else (0, len(samples))
    if words:
        first, last = min(first, words[0][1]), max(last, words[-1][2])
    first = max(0, first)
    return _Cut(samples[first : min(last, len(samples))], first)


def _heard(samples: Floats) -> Floats:
    """The samples of the 5 ms frames that are not silent."""
    import numpy as np

    size = round(_LOOK_S * RATE_HZ)
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    if not len(whole):
        return samples
    peaks = np.abs(whole).max(axis=1)
    heard: Floats = whole[peaks >= _QUIET * float(peaks.max(initial=0.0))].reshape(-1)
    return heard


def _rms(samples: Floats) -> float:
    import numpy as np

    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def _gains(chunks: Sequence[Floats]) -> list[float]:
    """Factors that bring chunks to the level of the middle one."""
    levels = [_rms(_heard(chunk)) for chunk in chunks]
    known = sorted(level for level in levels if level > 0)
    if not known:
        raise BackendFailedError("Kokoro gave silence", hint="try another voice, or download the model again")
    middle = known[len(known) // 2]
    return [min(max(middle / level, 1 / _MOST_GAIN), _MOST_GAIN) if level > 0 else 1.0 for level in levels]


def _faded(samples: Floats) -> Floats:
    """Rising from zero and falling to it, as half a cosine."""
    import numpy as np

    faded = samples.copy()
    rise, fall = (min(round(time_s * RATE_HZ), len(samples) // 2) for time_s in (FADE_IN_S, FADE_OUT_S))
    if rise:
        faded[:rise] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)).astype(np.float32)
    if fall:
        faded[-fall:] *= (0.5 + 0.5 * np.cos(np.pi * np.arange(1, fall + 1) / fall)).astype(np.float32)
    return faded


def _as_int16(samples: Floats, speech: Sequence[Floats]) -> NDArray[np.int16]:
    """At the common level, as far as the peak allows."""
    import numpy as np

    level = _rms(np.concatenate([_heard(piece) for piece in speech]))
    peak = float(np.abs(samples).max(initial=0.0))
    gain = min(_TARGET_RMS / max(level, 1e-9), _PEAK / max(peak, 1e-9))
    whole: NDArray[np.int16] = np.round(samples * np.float32(gain * 32767)).astype(np.int16)
    return whole

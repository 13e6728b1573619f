"""When each word of a text is said in a recording, found by warping the recording onto a reading by eSpeak NG."""

from __future__ import annotations

import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import ArticleError
from nvpipe.types import Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nvpipe.types import Script
    from nvpipe.voice.alignment.features import Features
    from nvpipe.voice.alignment.warping import Reading, Warped

    Floats = NDArray[np.float32]

VERSION = 1
"""Part of the cache key; a change of what times come out changes it."""
LONGEST_S = 3600.0
LEAST_SHARE, MOST_SHARE = 0.35, 3.0
"""Speech that takes less or more than these shares of the reading's time is not of this text."""
UNLIKE = 0.94
"""Recordings of another text come out above it."""
_READ_SLOWEST, _READ_FASTEST = 0.6, 1.7
_READ_AGAIN = 0.1
"""The reading is made again at the recording's pace when they differ by more."""
_SPEECH, _AUDIBLE = 0.35, 0.2
"""Of a recording's range from its noise to its loudest speech."""
_SILENCE = 1e-3
"""-60 dBFS."""
_SHORTEST_WORD_S = 0.03
_PAUSE_S = 0.08
_ONSET_S = 0.06
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Alignment:
    """The words of a script in a recording."""

    words: tuple[Word, ...]
    unlike: float
    """Cost of the path by that of a path through the text backwards: above `UNLIKE` it is hardly this text."""

    @property
    def doubt(self) -> str:
        """What speaks against the text being what is said, "" for nothing."""
        if self.unlike <= UNLIKE:
            return ""
        return (
            f"the text fits the sound hardly better than itself backwards ({self.unlike:.2f} of the cost, "
            f"usual is under {UNLIKE:g}); the times of the words may be wrong"
        )


def align(samples: Floats, rate_hz: int, script: Script, language: str) -> Alignment:
    """Times of a script's words in a recording of it; speech without music is assumed.

    Args:
        samples: mono, full scale is 1.0.
        rate_hz: their rate.
        script: what is said, word for word.
        language: ISO 639-1 code of the voice that reads it for comparison.

    Raises:
        ArticleError: the recording is silent, too long, or so short or long that it cannot be of this text.
        BackendFailedError: eSpeak NG failed.
    """
    import numpy as np

    from nvpipe.voice.alignment.features import speech_features
    from nvpipe.voice.alignment.warping import on_another, warp, warp_roughly

    seconds = len(samples) / rate_hz
    if seconds > LONGEST_S:
        raise ArticleError(
            f"the sound is {seconds / 60:.0f} minutes long, at most {LONGEST_S / 60:.0f} can be aligned with a text",
            hint="cut it into parts",
        )
    if float(np.abs(samples).max(initial=0.0)) < _SILENCE:
        raise ArticleError("the sound is silent, so that no text can be aligned with it")
    words, reading = _read(script, language, 1.0)
    read_s = _speech_s(reading.features)
    share = _speech_s(speech_features(samples, rate_hz)) / max(read_s, 0.01)
    if not LEAST_SHARE <= share <= MOST_SHARE:
        raise ArticleError(
            f"the sound has {share * read_s:.1f} s of speech where its text takes about "
            f"{read_s:.1f} s, so it is of another text",
            hint="give the text that is spoken, word for word",
        )
    rough = warp_roughly(samples, rate_hz, reading)
    if abs(rough.pace - 1) > _READ_AGAIN:
        words, reading = _read(script, language, min(max(1 / rough.pace, _READ_SLOWEST), _READ_FASTEST))
        rough = on_another(rough, reading)
    warped = warp(rough)
    return Alignment(_timed(words, warped, seconds), warped.unlike)


def _read(script: Script, language: str, rate: float) -> tuple[tuple[Word, ...], Reading]:
    """The words of a script, and how eSpeak NG says them."""
    import numpy as np

    from nvpipe.voice.alignment.features import speech_features
    from nvpipe.voice.alignment.warping import Reading
    from nvpipe.voice.espeak import EspeakSpeaker

    speaker = EspeakSpeaker()
    voice = speaker.resolve_voice(language, None)
    with tempfile.TemporaryDirectory(prefix="nvpipe-") as folder:
        narration = speaker.speak(script, voice=voice, rate=rate, output=Path(folder) / "reading.wav")
        with wave.open(str(narration.audio_path), "rb") as file:
            data = file.readframes(file.getnframes())
    samples = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
    features = speech_features(samples, narration.sample_rate_hz)
    return narration.words, Reading(features, tuple(_frames(word) for word in narration.words))


def speech_bounds(samples: Floats, rate_hz: int) -> tuple[float, float]:
    """Where the first sound begins that stands out of the recording's noise, and the last one ends, in seconds."""
    import numpy as np

    from nvpipe.voice.alignment.features import HOP_S, speech_features

    seconds = len(samples) / rate_hz
    heard = np.flatnonzero(speech_features(samples, rate_hz).activity >= _AUDIBLE)
    if not len(heard):
        return 0.0, seconds
    return max(0.0, (int(heard[0]) - 0.5) * HOP_S), min(seconds, (int(heard[-1]) + 0.5) * HOP_S)


def _speech_s(features: Features) -> float:
    import numpy as np

    from nvpipe.voice.alignment.features import HOP_S

    return float(np.count_nonzero(features.activity >= _SPEECH)) * HOP_S


def _frames(word: Word) -> tuple[int, int]:
    """The frames whose centres lie in a word."""
    import math

    from nvpipe.voice.alignment.features import HOP_S

    return math.ceil(word.start_s / HOP_S - 0.5), math.ceil(word.end_s / HOP_S - 0.5)


def _timed(words: tuple[Word, ...], warped: Warped, seconds: float) -> tuple[Word, ...]:
    """The words at the times of their states, each a little long, none overlapping."""
    import numpy as np

    from nvpipe.voice.alignment.features import HOP_S

    states, firsts = warped.path.states, warped.chain.firsts
    begun = np.searchsorted(states, firsts)
    # The pause after a word is the state before the next word's first.
    ended = np.searchsorted(states, np.append(firsts[1:], len(warped.chain.vectors)) - 1)
    spans: list[tuple[float, float]] = []
    for number in range(len(words)):
        first, last = int(begun[number]), int(ended[number])
        before = int(ended[number - 1]) if number else 0
        start = _onset(warped.recording.activity, before, first, max(last, first + 1))
        start_s, end_s = (start - 0.5) * HOP_S, (last - 0.5) * HOP_S
        next_s = (int(begun[number + 1]) - 0.5) * HOP_S if number + 1 < len(words) else seconds
        # What is no longer than the closure of a plosive is no pause.
        spans.append((start_s, next_s if next_s - end_s < _PAUSE_S else end_s))
    return _in_order(words, spans, seconds)


def _onset(activity: Floats, pause: int, first: int, last: int) -> int:
    """The frame in which a word that follows a pause can first be heard, near the one that the path has."""
    from nvpipe.voice.alignment.features import HOP_S

    if first - pause < _PAUSE_S / HOP_S:
        return first
    reach = round(_ONSET_S / HOP_S)
    if activity[first] >= _SPEECH:
        start = first
        while start > max(pause, first - reach) and activity[start - 1] >= _SPEECH:
            start -= 1
        return start
    later = (frame for frame in range(first, min(first + reach, last, len(activity))) if activity[frame] >= _SPEECH)
    return next(later, first)


def _in_order(words: tuple[Word, ...], spans: list[tuple[float, float]], seconds: float) -> tuple[Word, ...]:
    """Starts rising, every word of some length, all inside the recording, in whole microseconds."""
    total = int(seconds * _MICROSECONDS)
    least = min(int(_SHORTEST_WORD_S * _MICROSECONDS), total // (len(words) + 1))
    starts: list[int] = []
    for number, (start_s, _) in enumerate(spans):
        latest = total - least * (len(words) - number)
        earliest = starts[-1] + least if starts else 0
        starts.append(max(earliest, min(round(start_s * _MICROSECONDS), latest)))
    timed = []
    for word, start, next_start, (_, end_s) in zip(words, starts, [*starts[1:], total], spans, strict=True):
        end = max(start + least, min(round(end_s * _MICROSECONDS), next_start))
        timed.append(Word(word.text, start / _MICROSECONDS, end / _MICROSECONDS, word.line))
    return tuple(timed)

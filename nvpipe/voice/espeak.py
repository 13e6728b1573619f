"""The embedded speaker: eSpeak NG."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import ArticleError, BackendFailedError, BackendUnavailableError, UsageError
from nvpipe.registry import Probe
from nvpipe.types import Narration, Script
from nvpipe.types.codec import digest_of
from nvpipe.voice.catalogue import EspeakVoice, default_voice, find_voice, read_voices, speaking
from nvpipe.voice.process import ask, installation
from nvpipe.voice.readable import check_script
from nvpipe.voice.spoken import spoken_text
from nvpipe.voice.tokens import atoms_of

if TYPE_CHECKING:
    from nvpipe.voice import Booth, Manner

_WORDS_PER_MINUTE = 170
_PITCH = 42
"""Of 100; eSpeak's own is 50. Chosen by one passage's DNSMOS score (Reddy et al., 2022), not by listeners."""
_PITCH_RANGE = 50
_SLOWEST, _FASTEST = 0.4, 2.5
"""What --speed allows, bent to meet a length; eSpeak itself goes on from 80 to 450 words."""
_HAN_READERS = frozenset({"cmn", "yue", "hak"})


class EspeakSpeaker:
    """Speaks any of a hundred languages on any machine, with exact word times, and sounds like a robot."""

    def __init__(self) -> None:
        self._lexicon: tuple[tuple[str, str, str], ...] = ()
        self._booth: Booth | None = None

    @property
    def version(self) -> str:
        """The library's own version and that of the words and pauses made around it."""
        lexicon = f"/{digest_of(self._lexicon)[:16]}" if self._lexicon else ""
        return f"espeak/{importlib.metadata.version('espeakng-loader')}/3{lexicon}"

    def prepare(self, manner: Manner, booth: Booth) -> None:
        """It needs no model, only the user's pronunciations."""
        self._lexicon, self._booth = manner.lexicon, booth

    def probe(self) -> Probe:
        """Speak a word."""
        try:
            answer, samples = ask({"do": "speak", "text": "one.\n", "voice": "en-us"}, limit_s=30)
        except (BackendFailedError, BackendUnavailableError) as error:
            return Probe(False, error.message, error.hint)
        if not any(samples):
            return Probe(False, "eSpeak NG loads but gives no sound", "install espeakng-loader again")
        return Probe(True, f"spoke a word at {answer['sample_rate_hz']} Hz")

    def voices(self, language: str | None = None) -> tuple[str, ...]:
        """Names of the voices that speak a language, best first, or of all."""
        everything = self._voices()
        if language is None:
            return tuple(sorted(voice.name for voice in everything))
        return speaking(everything, language)

    def list_voices(self, language: str | None = None) -> tuple[tuple[str, str], ...]:
        """(language tag, name) of every voice by language, or of those that speak a language, best first.

        Raises:
            BackendFailedError: eSpeak NG failed.
        """
        everything = self._voices()
        tags = {voice.name: min(voice.languages)[1] if voice.languages else "" for voice in everything}
        if language is None:
            return tuple(sorted((tag, name) for name, tag in tags.items()))
        return tuple((tags[name], name) for name in speaking(everything, language))

    def resolve_voice(self, language: str, voice: str | None) -> str:
        """The full name of the voice that will speak.

        Args:
            language: ISO 639-1 code, perhaps with a region (`en-gb`).
            voice: eSpeak's name, tag or identifier, perhaps with a variant (`en-us+f3`); None for the best.

        Raises:
            UsageError: there is no voice of that name.
            ArticleError: no voice speaks that language.
            BackendFailedError: eSpeak NG failed.
        """
        everything = self._voices()
        if voice is None:
            return default_voice(everything, language)
        name = find_voice(everything, installation()[1], voice)
        if self._booth is not None and name.partition("+")[0] not in speaking(everything, language):
            self._booth.say(f"the voice {name} is of another language than the text, which is in {language!r}")
        return name

    def _voices(self) -> tuple[EspeakVoice, ...]:
        answer, _ = ask({"do": "voices"}, limit_s=60)
        return read_voices(answer["voices"], installation()[1])

    def speak(self, script: Script, *, voice: str, rate: float, output: Path) -> Narration:
        """Speak the script in one go into a WAV file, written whole or not at all.

        Args:
            voice: a name from `resolve_voice`.
            rate: 1.0 is 170 words per minute; 0.4 to 2.5.

        Raises:
            UsageError: the rate is out of range.
            ArticleError: nothing in the script can be spoken, or it is too long.
            BackendFailedError: eSpeak NG crashed, hung or refused.
            OutputError: the file cannot be written.
        """
        import numpy as np

        from nvpipe.voice import sound
        from nvpipe.voice.timing import timed_words

        if not _SLOWEST <= rate <= _FASTEST:
            raise UsageError(f"a speaking rate of {rate} is outside of {_SLOWEST} to {_FASTEST}")
        atoms = atoms_of(script)
        base = voice.partition("+")[0]
        readable = base.partition("-")[0] in _HAN_READERS
        check_script(script, atoms, voice, reads_han=readable)
        spoken = spoken_text(atoms, base, say_han=readable, lexicon=self._lexicon)
        if not spoken.sounded():
            raise ArticleError("the script has nothing in it that can be spoken")
        answer, data = ask(
            {
                "do": "speak",
                "text": spoken.text,
                "voice": voice,
                "rate_wpm": round(_WORDS_PER_MINUTE * rate),
                "pitch": _PITCH,
                "pitch_range": _PITCH_RANGE,
            },
            limit_s=30 + 0.05 * len(spoken.text),
        )
        rate_hz = answer["sample_rate_hz"]
        samples = np.frombuffer(data, np.int16)
        loud = sound.loud_frames(samples, rate_hz)
        start, end = sound.speech_bounds(loud, rate_hz, len(samples))
        if end <= start:
            raise ArticleError(f"the voice {voice} pronounces nothing of the script")
        narration = sound.cut(sound.levelled(samples, loud, rate_hz), start, end)
        duration_s = len(narration) / rate_hz
        marks = [(position, sample / rate_hz) for kind, position, sample in answer["events"] if kind == "word"]
        words = timed_words(
            atoms,
            spoken,
            marks,
            loud,
            frame_s=sound.frame_samples(rate_hz) / rate_hz,
            offset_s=start / rate_hz,
            duration_s=duration_s,
        )
        sound.write_wav(narration, rate_hz, output)
        return Narration(output, rate_hz, duration_s, "espeak", voice, words)

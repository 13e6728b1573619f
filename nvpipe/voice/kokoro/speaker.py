"""The speaker with a human voice: Kokoro 82M, in a process of the scheduler's."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import ArticleError, BackendUnavailableError, InterruptedRunError, NvpipeError, UsageError
from nvpipe.registry import Probe
from nvpipe.types import Narration, Script
from nvpipe.types.codec import digest_of
from nvpipe.voice.kokoro.files import KokoroFiles, find_files, read_config
from nvpipe.voice.kokoro.voices import (
    LANGUAGES,
    Blend,
    default_voice,
    mismatch,
    parse_blend,
    require_code,
    spoken_code,
)
from nvpipe.voice.readable import check_script
from nvpipe.voice.spoken import SpokenText, spoken_text
from nvpipe.voice.tokens import atoms_of

if TYPE_CHECKING:
    from nvpipe.cache.stages import StageStore
    from nvpipe.scheduler import ModelSpec
    from nvpipe.voice import Booth, Manner
    from nvpipe.voice.kokoro.chunks import Said

VERSION = 2
"""Part of the cache key; a change of the pauses, levels and times made around the model changes it."""
SLOWEST, FASTEST = 0.4, 2.5
THREADS = 4
"""Sums depend on how many there are, so that their number is not that of the cores."""
MEMORY_BYTES = 1_300_000_000
_LIBRARIES = ("kokoro", "misaki", "spacy")
_INSTALL = "python -m pip install 'nvpipe[models]'"
_BASE_LIMIT_S, _LIMIT_S = 180.0, 0.75
"""A call may take so long, and so much more for each character: many times what a slow machine needs."""
_PROOF = "kokoro-proof"


class KokoroSpeaker:
    """Speaks nine languages with the voices of a model that the user names."""

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = threads
        self._manner: Manner | None = None
        self._booth: Booth | None = None
        self._files: KokoroFiles | None = None

    @property
    def version(self) -> str:
        """The libraries' versions, the model's content, and that of the sound made around it."""
        versions = [importlib.metadata.version(name) for name in _LIBRARIES if _is_installed(name)]
        content = self._content()
        lexicon = [digest_of(self._manner.lexicon)[:16]] if self._manner and self._manner.lexicon else []
        return "/".join(["kokoro", *versions, str(VERSION), *_trained(), content[:16], *lexicon])

    def prepare(self, manner: Manner, booth: Booth) -> None:
        """Take the model's name; nothing is opened yet.

        With the same manner as before only the booth is another: what is known of the model stays.
        """
        if manner != self._manner:
            self._files = None
        self._manner, self._booth = manner, booth

    def probe(self) -> Probe:
        """Say a word with every voice read; once for a model, since opening it takes seconds."""
        if self._manner is None or self._booth is None or self._manner.kokoro is None:
            return Probe(False, "no model is named", "name one with --kokoro DIR|REPO")
        missing = [name for name in _LIBRARIES if not _is_installed(name)]
        if missing:
            return Probe(False, f"the package {missing[0]} is not installed", _INSTALL)
        try:
            proof = self._proof()
        except InterruptedRunError:
            raise
        except NvpipeError as error:
            return Probe(False, error.message, error.hint)
        return Probe(True, proof)

    def resolve_voice(self, language: str, voice: str | None) -> str:
        """The full name of the voice that will speak.

        Args:
            language: ISO 639-1 code, perhaps with a region (`en-gb`).
            voice: a name, or a blend as `af_heart:0.6+am_adam:0.4`; None for the language's best.

        Raises:
            UsageError: there is no voice of that name.
            ArticleError: Kokoro does not speak that language.
            BackendUnavailableError: its files are missing, or what reads the language is not installed.
        """
        known = self._model().voices
        blend = parse_blend(default_voice(language, known) if voice is None else voice, known)
        _require(spoken_code(language, blend))
        return blend.name

    def voices(self, language: str | None = None) -> tuple[str, ...]:
        """Names of the model's voices, or of those of a language.

        Raises:
            ArticleError: Kokoro does not speak that language.
            BackendUnavailableError: its files are missing.
        """
        names = sorted(self._model().voices)
        if language is None:
            return tuple(names)
        primary = LANGUAGES[require_code(language)].partition("-")[0]
        return tuple(name for name in names if LANGUAGES.get(name[0], "").partition("-")[0] == primary)

    def list_voices(self, language: str | None = None) -> tuple[tuple[str, str], ...]:
        """(language tag, name) of the model's voices, or of those of a language.

        Raises:
            ArticleError: Kokoro does not speak that language.
            BackendUnavailableError: its files are missing.
        """
        return tuple((LANGUAGES.get(name[0], ""), name) for name in self.voices(language))

    def speak(self, script: Script, *, voice: str, rate: float, output: Path) -> Narration:
        """Speak the script sentence by sentence into a WAV file, written whole or not at all.

        Args:
            voice: a name from `resolve_voice`.
            rate: 1.0 is the voice's own; 0.4 to 2.5.

        Raises:
            UsageError: the rate is out of range, or there is no such voice.
            ArticleError: nothing in the script can be spoken, it is too long, or of another language.
            BackendUnavailableError: the model cannot be opened, or what reads the language is not installed.
            BackendFailedError: the model failed or took too long.
            OutputError: the file cannot be written.
        """
        from nvpipe.voice.kokoro import sound as kokoro_sound
        from nvpipe.voice.sound import write_wav
        from nvpipe.voice.timing import exact_words

        if not SLOWEST <= rate <= FASTEST:
            raise UsageError(f"a speaking rate of {rate} is outside of {SLOWEST} to {FASTEST}")
        blend = parse_blend(voice, self._model().voices)
        code = spoken_code(script.language, blend)
        _require(code)
        atoms = atoms_of(script)
        reads_han = code in "jz"
        check_script(script, atoms, voice, reads_han=reads_han)
        self._say(mismatch(blend, code))
        lexicon = self._manner.lexicon if self._manner else ()
        spoken = spoken_text(atoms, LANGUAGES[code], say_han=reads_han, lexicon=lexicon)
        if not spoken.sounded():
            raise ArticleError("the script has nothing in it that can be spoken")
        said = self._spoken(spoken, code, blend, rate)
        if not said:
            raise ArticleError(f"the voice {voice} pronounces nothing of the script")
        joined = kokoro_sound.join(said, rate)
        rate_hz = kokoro_sound.RATE_HZ
        duration_s = len(joined.samples) / rate_hz
        spans = {index: (start / rate_hz, end / rate_hz) for index, (start, end) in joined.spans.items()}
        words = exact_words(atoms, spans, duration_s)
        write_wav(joined.samples, rate_hz, output)
        return Narration(output, rate_hz, duration_s, "kokoro", voice, words)

    def _spoken(self, spoken: SpokenText, code: str, blend: Blend, rate: float) -> Sequence[Said]:
        """What the model makes of a text."""
        pairs = list(zip(spoken.text, spoken.owners, strict=True))
        lines: list[list[tuple[str, int]]] = [[]]
        for pair in pairs:
            if pair[0] == "\n":
                lines.append([])
            else:
                lines[-1].append(pair)
        assert self._booth is not None
        with self._booth.scheduler().lease(self._spec()) as worker:
            said: Sequence[Said]
            said, trained = worker.call(
                "speak",
                [line for line in lines if line],
                code,
                blend.parts,
                rate,
                limit_s=_BASE_LIMIT_S + _LIMIT_S * len(pairs),
            )
        if not trained:
            self._say(
                "English is read without spaCy's en_core_web_sm, so that words like 'read' and 'lead' may be said "
                "wrong (python -m spacy download en_core_web_sm)"
            )
        return said

    def _proof(self) -> str:
        """What the model's proof said, from an earlier run where there was one.

        Raises:
            NvpipeError: the model cannot be opened, or does not speak.
        """
        files = self._model()
        read_config(files.config)
        key = digest_of([VERSION, self.version, str(files.config.absolute())])
        known: Any = self._store().load(_PROOF, key)
        if isinstance(known, str):
            return known
        assert self._booth is not None
        with self._booth.scheduler().lease(self._spec(), proof=True) as worker:
            proof: str = worker.call("prove", limit_s=_BASE_LIMIT_S)
        self._store().save(_PROOF, key, proof)
        return proof

    def spec(self) -> ModelSpec:
        """What is leased.

        Raises:
            BackendUnavailableError: the model's files are missing.
        """
        return self._spec()

    def _spec(self) -> ModelSpec:
        from nvpipe.scheduler import Estimate, ModelSpec

        files = self._model()
        arguments = {
            "config": str(files.config.absolute()),
            "weights": str(files.weights.absolute()),
            "voices": {name: str(path.absolute()) for name, path in sorted(files.voices.items())},
            "device": "cpu",
            "threads": self._threads,
        }
        opener, need = "nvpipe.voice.kokoro.model:open_kokoro", Estimate(MEMORY_BYTES)
        return ModelSpec("Kokoro", opener, arguments, need, content=self._content())

    def _content(self) -> str:
        """A digest of the model's files, "" without a model."""
        if self._manner is None or self._manner.kokoro is None:
            return ""
        from nvpipe.voice.kokoro.content import content_digest

        return content_digest(self._model(), self._manner.storage)

    def _model(self) -> KokoroFiles:
        """The model's files, downloaded where a repository is named.

        Raises:
            BackendUnavailableError: they are missing, or cannot be downloaded.
        """
        if self._manner is None or self._booth is None or self._manner.kokoro is None:
            raise BackendUnavailableError("no model of Kokoro is named", hint="name one with --kokoro DIR|REPO")
        if self._files is None:
            from nvpipe.voice.kokoro.fetch import folder_of

            self._files = find_files(folder_of(self._manner.kokoro, self._manner.storage, self._booth))
        return self._files

    def _store(self) -> StageStore:
        from nvpipe.cache.stages import StageStore

        assert self._manner is not None
        assert self._booth is not None
        return StageStore(self._manner.storage, self._booth.say)

    def _say(self, text: str) -> None:
        """Tell the user; who hears it knows what was said before."""
        if text and self._booth is not None:
            self._booth.say(text)


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _trained() -> list[str]:
    """The version of spaCy's trained pipeline, which changes how English is read."""
    try:
        return [importlib.metadata.version("en_core_web_sm")]
    except importlib.metadata.PackageNotFoundError:
        return []


def _require(code: str) -> None:
    """See that what reads a language is installed.

    Raises:
        BackendUnavailableError: it is not.
    """
    from nvpipe.voice.kokoro.reading import require

    require(code)

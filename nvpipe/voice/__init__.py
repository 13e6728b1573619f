"""Scripts into spoken audio with word times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nvpipe.registry import Entry, Probe, Registry
from nvpipe.types import Narration, Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.scheduler import Scheduler
    from nvpipe.types import Progress


@dataclass(frozen=True, slots=True)
class Manner:
    """How a speaker that has a choice is to speak."""

    storage: Path
    """Where what it downloads is kept."""
    kokoro: str | None = None
    """A folder with Kokoro's files, or a repository."""
    lexicon: tuple[tuple[str, str, str], ...] = ()
    """How words of the user's are to be said: (language or "" for all, as it is written, as it is said)."""


@dataclass(frozen=True, slots=True)
class Booth:
    """What a speaker works with."""

    scheduler: Callable[[], Scheduler]
    """The run's one scheduler, made when it is first needed."""
    say: Callable[[str], None]
    """Takes notices for the user."""
    progress: Callable[[Progress], None] | None = None
    """Takes moments of what takes long."""


class Speaker(Protocol):
    """Speaks a script."""

    @property
    def version(self) -> str:
        """Name and version, of a model too: part of every cache key, so that a change of results changes it."""
        ...

    def prepare(self, manner: Manner, booth: Booth) -> None:
        """Called before anything else; without it a speaker that needs a model has none.

        A run calls it again for every job, with that job's booth; what is known of an equal manner stays.
        """
        ...

    def probe(self) -> Probe: ...

    def resolve_voice(self, language: str, voice: str | None) -> str:
        """The full name of the voice that will speak.

        Raises:
            UsageError: there is no voice of that name.
            ArticleError: no voice speaks that language.
        """
        ...

    def list_voices(self, language: str | None = None) -> tuple[tuple[str, str], ...]:
        """(language tag, name) of every voice, or of those that speak a language; no model is opened.

        Raises:
            ArticleError: no voice speaks that language.
            BackendUnavailableError: the speaker's files are missing.
            BackendFailedError: the synthesiser failed.
        """
        ...

    def speak(self, script: Script, *, voice: str, rate: float, output: Path) -> Narration:
        """Speak the script into a WAV file at `output`, written whole or not at all.

        Args:
            voice: a name from `resolve_voice`.
            rate: speaking rate, 1.0 is the voice's own; 1.1 is ten per cent faster.

        Raises:
            BackendFailedError: the synthesiser failed.
        """
        ...


SPEAKERS: Registry[Speaker] = Registry(
    "speaker",
    (
        Entry("kokoro", "nvpipe.voice.kokoro.speaker:KokoroSpeaker", "Kokoro 82M, a human voice in nine languages"),
        Entry("espeak", "nvpipe.voice.espeak:EspeakSpeaker", "eSpeak NG, in a process of its own"),
    ),
)

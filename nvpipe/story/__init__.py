"""Articles into scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nvpipe.registry import Entry, Probe, Registry
from nvpipe.types import Article, Script

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nvpipe.scheduler import Scheduler
    from nvpipe.types import Progress


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a writer that has a choice is to write."""

    storage: Path
    """Where what it downloads is kept."""
    llama: str | None = None
    """A GGUF file, or REPO:FILE."""
    tone: str = "news"
    """One that comes with nvpipe, or a file."""
    seed: int = 0
    call_to_action: str = ""
    """Said at the end, as it is."""
    reply_limit_s: float = 900.0
    """A model that takes longer for a reply is given up; no option of a run sets it."""
    threads: int | None = None
    """That a model works with; as the machine has cores unless given, which no option of a run does."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a writer works with."""

    scheduler: Callable[[], Scheduler]
    """The run's one scheduler, made when it is first needed."""
    say: Callable[[str], None]
    """Takes notices for the user."""
    progress: Callable[[Progress], None] | None = None
    """Takes moments of what takes long."""


class Writer(Protocol):
    """Turns an article into a script."""

    @property
    def version(self) -> str:
        """Name and version, of a model too: part of every cache key, so that a change of results changes it."""
        ...

    def prepare(self, wishes: Wishes, desk: Desk) -> None:
        """Called before anything else; without it a writer that needs a model has none.

        A run calls it again for every job, with that job's desk; what is known of equal wishes stays.
        """
        ...

    def probe(self) -> Probe: ...

    def write(self, article: Article, *, language: str, seconds: float, words_per_second: float) -> Script:
        """A script that takes about `seconds` to say.

        `words_per_second` is how fast the voice speaks this language, measured where it could be; what
        counts as a word is `story.speech.spoken_words`. An article that is too short gives all of it.

        Raises:
            ArticleError: there is nothing in it that can be told.
            WriterFailedError: what was written cannot be told.
        """
        ...


WRITERS: Registry[Writer] = Registry(
    "writer",
    (
        Entry("llama", "nvpipe.story.llama.writer:LlamaWriter", "a language model in GGUF, through llama.cpp"),
        Entry("extractive", "nvpipe.story.extractive:ExtractiveWriter", "the article's own best sentences"),
    ),
)

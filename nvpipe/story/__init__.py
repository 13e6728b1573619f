"""Articles into scripts."""

from __future__ import annotations

from typing import Protocol

from nvpipe.registry import Entry, Probe, Registry
from nvpipe.types import Article, Script


class Writer(Protocol):
    """Turns an article into a script."""

    @property
    def version(self) -> str:
        """Name and version, of a model too: part of every cache key, so that a change of results changes it."""
        ...

    def probe(self) -> Probe: ...

    def write(self, article: Article, *, language: str, seconds: float, words_per_second: float) -> Script:
        """A script that takes about `seconds` to say.

        `words_per_second` is how fast the voice speaks this language, measured where it could be; what
        counts as a word is `story.speech.spoken_words`. An article that is too short gives all of it.

        Raises:
            ArticleError: there is nothing in it that can be told.
        """
        ...


WRITERS: Registry[Writer] = Registry(
    "writer",
    (Entry("extractive", "nvpipe.story.extractive:ExtractiveWriter", "the article's own best sentences"),),
)

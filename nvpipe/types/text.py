"""What the story is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Article:
    """A text to be told, free of markup."""

    source: str
    """Where it came from as the user named it: a path, `-` for standard input, an address."""
    title: str
    text: str
    """Plain text; paragraphs are separated by one empty line."""
    url: str | None
    digest: str
    """BLAKE2 of title and text, hexadecimal."""


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One line of the script and the sentences of the article that it rests on."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UngroundedClaim:
    """Something that a writer had put into a line and that the article doesn't say."""

    line: str
    kind: str
    """`number`, `name`, `date`, `quotation`, or `source` where the line names no sentence of the article."""
    text: str
    """As the line had it."""
    reason: str
    outcome: Literal["asked again", "dropped", "replaced"]
    """What became of the line."""


@dataclass(frozen=True, slots=True)
class Script:
    """What will be said, line by line."""

    lines: tuple[ScriptLine, ...]
    language: str
    """ISO 639-1 code."""
    writer: str
    digest: str
    """BLAKE2 of the lines and the language, hexadecimal."""
    title: str = ""
    """For the upload, as are the next two."""
    description: str = ""
    hashtags: tuple[str, ...] = ()
    """Without their sign."""
    ungrounded: tuple[UngroundedClaim, ...] = ()
    """What was not found in the article and is not said."""
    model: str = ""
    """Which model wrote it, where one did."""

    @property
    def text(self) -> str:
        """The lines joined as they are spoken, separated by newlines."""
        return "\n".join(line.text for line in self.lines)

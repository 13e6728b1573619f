"""What the story is made of."""

from __future__ import annotations

from dataclasses import dataclass


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
class Script:
    """What will be said, line by line."""

    lines: tuple[ScriptLine, ...]
    language: str
    """ISO 639-1 code."""
    writer: str
    digest: str
    """BLAKE2 of the lines and the language, hexadecimal."""

    @property
    def text(self) -> str:
        """The lines joined as they are spoken, separated by newlines."""
        return "\n".join(line.text for line in self.lines)

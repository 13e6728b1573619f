"""Scripts that the user wrote: spoken as they are, line by line."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

from nvpipe.errors import ArticleError
from nvpipe.story.charset import decode_text, is_control
from nvpipe.story.language import detect_language, primary_of
from nvpipe.types import Article, Script, ScriptLine
from nvpipe.types.codec import digest_of

WRITER = "given"
MAX_BYTES = 10_000_000
MAX_CHARACTERS = 40_000
"""About three quarters of an hour."""
MAX_TITLE_CHARS = 200
_HINT = "give one line of text for each line to be spoken, or a manifest of nvpipe"


def read_script(path: Path, language: str | None = None) -> Script:
    """A script from a text file, one spoken line a line, or from the `script` of a manifest.

    Args:
        path: the file.
        language: of the text; the manifest's or what the text looks like when it is None.

    Raises:
        ArticleError: it is missing, unreadable, no text, empty or too long.
    """
    name = _shown(path)
    lines, own_language = _lines(_text(path, name), name)
    if not lines:
        raise ArticleError(f"the script {name} has no line with a word in it", hint=_HINT)
    count = sum(len(line.text) for line in lines)
    if count > MAX_CHARACTERS:
        raise ArticleError(
            f"the script {name} has {count} characters, at most {MAX_CHARACTERS} can be spoken",
            hint="divide it into several",
        )
    spoken = primary_of(language or own_language or "") or detect_language("\n".join(line.text for line in lines))
    return Script(tuple(lines), spoken, WRITER, digest_of([lines, spoken]))


def article_of(script: Script, path: Path) -> Article:
    """A script in the place of the article that it has none of; its title is the first line."""
    title = script.lines[0].text
    if len(title) > MAX_TITLE_CHARS:
        title = title[:MAX_TITLE_CHARS].rsplit(" ", 1)[0] + "…"
    return Article(str(path), title, script.text, None, digest_of([title, script.text]))


def plain_lines(text: str) -> list[str]:
    """The lines of a text that have a letter, digit or sign to be said, without white space around them."""
    spaced = "".join(" " if is_control(char) else char for char in text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (" ".join(line.split()) for line in spaced.split("\n"))
    return [line for line in lines if any(unicodedata.category(char)[0] in "LN" for char in line)]


def read_text(path: Path) -> str:
    """The text of a file in its character set.

    Raises:
        ArticleError: it is missing, unreadable, too large or no text.
    """
    return _text(path, _shown(path))


def _lines(text: str, name: str) -> tuple[list[ScriptLine], str | None]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            document: Any = json.loads(text)
        except (ValueError, RecursionError):
            # A line can begin with a bracket, too.
            document = None
        if isinstance(document, dict):
            return _from_manifest(document, name)
    return [ScriptLine(line, ()) for line in plain_lines(text)], None


def _from_manifest(document: dict[str, Any], name: str) -> tuple[list[ScriptLine], str | None]:
    script = document.get("script", document)
    found = script.get("lines") if isinstance(script, dict) else None
    if not isinstance(found, list):
        raise ArticleError(f"{name} is JSON without a script", hint=_HINT)
    lines = []
    for number, line in enumerate(found, 1):
        text = line.get("text") if isinstance(line, dict) else line
        if not isinstance(text, str):
            raise ArticleError(f"line {number} of the script in {name} has no text", hint=_HINT)
        sources = line.get("sources", ()) if isinstance(line, dict) else ()
        kept = tuple(one for one in sources if isinstance(one, str)) if isinstance(sources, list) else ()
        # JSON can hold halves of characters, which no file can be written with.
        clean = text.encode("utf-8", "replace").decode()
        lines += [ScriptLine(one, kept) for one in plain_lines(clean)]
    language = script.get("language")
    return lines, language if isinstance(language, str) and language else None


def _text(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ArticleError(f"there is no script {name}", hint="check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArticleError(f"the script {name} cannot be read: {reason}", hint="check the path") from error
    if len(data) > MAX_BYTES:
        raise ArticleError(f"the script {name} is larger than {MAX_BYTES // 1_000_000} MB", hint="give a text file")
    return decode_text(data, name).removeprefix("\ufeff")


def _shown(path: Path) -> str:
    text = str(path)
    return text if text.isprintable() else ascii(text)

"""Files and standard input into articles."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from nvpipe.errors import ArticleError
from nvpipe.story.charset import decode_text
from nvpipe.story.plaintext import CJK, clean_text, plain_paragraphs, split_title
from nvpipe.types import Article
from nvpipe.types.codec import digest_of

MAX_ARTICLE_BYTES = 10_000_000
MIN_WORDS = 5
"""Two characters of a script without spaces count as a word."""
MAX_TITLE_CHARS = 200
STDIN = "-"

_KINDS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".txt": "plain",
    ".text": "plain",
}
_FOREIGN_FILES = {
    b"%PDF-": "a PDF file",
    b"PK\x03\x04": "an office document or an archive",
    b"\xd0\xcf\x11\xe0": "an office document",
    b"{\\rtf": "an RTF document",
    b"\x1f\x8b": "a compressed file",
}
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?|ftp|file)://", re.IGNORECASE)
_HTML_START = re.compile(
    r"\s*+(?:<\?xml[^>]*>\s*+)?+(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_HTML_FRAGMENT = re.compile(r"\s*<(?:p|div|article|section|main|h[1-6])\b[^>]*>", re.IGNORECASE)
_MARKDOWN_SIGN = re.compile(
    r"\A---[ \t]*\n|\A\+\+\+[ \t]*\n|^ {0,3}(?:#{1,6}[ \t]+\S|```|~~~)|\]\([^)\s\]]++\)|(?<!\w)\*\*\S", re.MULTILINE
)
_WORD_OR_CJK = re.compile(rf"[{CJK}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]|[^\W_]+")


def read_article(source: str, *, stdin: BinaryIO | None = None) -> Article:
    """Read an article from a Markdown, HTML or plain text file, or from standard input.

    Args:
        source: path of the file, or `-` for standard input. The kind follows from the suffix; an unknown
            suffix and standard input are judged by their content.
        stdin: what to read for `-` in place of the process's standard input.

    Raises:
        ArticleError: the source is missing, unreadable, too large, not text, or too short to be told.
    """
    name = "standard input" if source == STDIN else _shown(source)
    if _ADDRESS.match(source):
        raise ArticleError(f"{name} is not read from here", hint="give an http or https address to nvpipe run")
    data = (stdin or sys.stdin.buffer).read(MAX_ARTICLE_BYTES + 1) if source == STDIN else _read_file(source)
    suffix = "" if source == STDIN else Path(source).suffix.lower()
    return article_of(data, source, name, suffix=suffix)


def page_article(data: bytes, url: str, *, content_type: str = "") -> Article:
    """What a web server sent as an article.

    Args:
        data: the body; what it is follows from itself, whatever the server says.
        url: where it came from, as it may be shown.
        content_type: as the server gave it; its character set counts, and whether it is Markdown.

    Raises:
        ArticleError: it is too large, not text, or too short to be told.
    """
    suffix = ".md" if content_type.lower().startswith("text/markdown") else ""
    article = article_of(data, url, url, suffix=suffix, charset=charset_of(content_type))
    return replace(article, url=url)


def charset_of(content_type: str) -> str | None:
    """The character set in a Content-Type."""
    found = _CHARSET.search(content_type)
    return found[1] if found else None


def article_of(data: bytes, source: str, name: str, *, suffix: str = "", charset: str | None = None) -> Article:
    """An article from the bytes of a file.

    Args:
        source: where they came from.
        name: how messages call it.
        suffix: from which the kind follows; the content tells it where the suffix does not.
        charset: as declared outside of them.

    Raises:
        ArticleError: they are too many, not text, or too short to be told.
    """
    if len(data) > MAX_ARTICLE_BYTES:
        raise ArticleError(f"{name} is larger than {MAX_ARTICLE_BYTES // 1_000_000} MB", hint="pass a part of it")
    for magic, kind in _FOREIGN_FILES.items():
        if data.startswith(magic):
            raise ArticleError(f"{name} is {kind}, not text", hint="save it as .txt, .md or .html")
    text = decode_text(data, name, charset).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    title, paragraphs = _title_and_paragraphs(text, _kind(text, suffix))
    paragraphs = [clean for clean in map(clean_text, paragraphs) if clean]
    _require_words(paragraphs, name)
    title = _shortened(clean_text(title) or _name_title(source) or paragraphs[0])
    body = "\n\n".join(paragraphs)
    return Article(source=source, title=title, text=body, url=None, digest=digest_of([title, body]))


def _read_file(source: str) -> bytes:
    name = _shown(source)
    if not source:
        raise ArticleError("the article has no name", hint="pass a .md, .txt or .html file, or - for standard input")
    try:
        with Path(source).open("rb") as file:
            return file.read(MAX_ARTICLE_BYTES + 1)
    except FileNotFoundError as error:
        raise ArticleError(f"there is no article {name}", hint="check the path") from error
    except IsADirectoryError as error:
        raise ArticleError(f"{name} is a folder, not an article", hint="pass the files in it") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArticleError(f"cannot read {name}: {reason}", hint="check the path and its permissions") from error


def _shown(source: str) -> str:
    """A path as it can be printed on one line."""
    return source if source.isprintable() else ascii(source)


def _kind(text: str, suffix: str) -> str:
    kind = _KINDS.get(suffix, "")
    if kind == "html" or _HTML_START.match(text[:4096]):
        return "html"
    if kind:
        return kind
    if _HTML_FRAGMENT.match(text):
        return "html"
    return "markdown" if _MARKDOWN_SIGN.search(text) else "plain"


def _title_and_paragraphs(text: str, kind: str) -> tuple[str, list[str]]:
    if kind == "plain":
        return split_title(plain_paragraphs(text))
    from nvpipe.story.markup import html_paragraphs, markdown_paragraphs

    title, paragraphs = html_paragraphs(text) if kind == "html" else markdown_paragraphs(text)
    return (title, paragraphs) if title else split_title(paragraphs)


def _require_words(paragraphs: list[str], name: str) -> None:
    words = count_words(paragraphs, MIN_WORDS)
    if words >= MIN_WORDS:
        return
    counted = "no words" if not words else "one word" if words <= 1 else f"{words:.0f} words"
    raise ArticleError(f"{name} has {counted} to tell", hint="pass a text of at least a few sentences")


def count_words(paragraphs: Iterable[str], enough: float = math.inf) -> float:
    """Words of a text, two characters of a script without spaces being one; counting ends at `enough`."""
    words = 0.0
    for paragraph in paragraphs:
        for match in _WORD_OR_CJK.finditer(paragraph):
            words += 0.5 if len(match[0]) == 1 and match[0] > "\u0e00" else 1.0
            if words >= enough:
                return words
    return words


def _name_title(source: str) -> str:
    """The file's name as a title; nothing for what has no name of its own."""
    if source == STDIN or source.startswith(("/dev/", "/proc/")) or _ADDRESS.match(source):
        return ""
    return clean_text(re.sub(r"[\s_-]+", " ", Path(source).stem.encode("utf-8", "replace").decode()))


def plain_title(title: str) -> str:
    """A title that may have markup in it, as one line of text."""
    if "<" in title or "&" in title:
        import lxml.etree
        import lxml.html

        try:
            title = str(lxml.html.fragment_fromstring(title, create_parent="div").text_content())
        except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError, ValueError):
            title = re.sub(r"<[^<>]*>", "", title)
    return _shortened(clean_text(title))


def _shortened(title: str) -> str:
    if len(title) <= MAX_TITLE_CHARS:
        return title
    cut = title[: MAX_TITLE_CHARS - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut else cut}…"

"""Is it the story, or what stands in its place: a paywall, a login, a consent or an empty page?"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from nvpipe.errors import ArticleError
from nvpipe.story.article import MAX_ARTICLE_BYTES, charset_of, count_words, page_article
from nvpipe.story.charset import decode_text

if TYPE_CHECKING:
    from nvpipe.types import Article

WALL, TEASER = "paywall", "teaser"
ENOUGH_WORDS = 50
"""Less is no story."""
SHORT_WORDS = 150
"""A text of fewer words that says such a thing anywhere is no story."""
END_WORDS = 600
"""Up to this length a paywall at the end means that the rest is behind it."""
END_PARAGRAPHS = 3
TEASER_WORDS = 25
_LD_JSON = re.compile(r"<script\b[^<>]{0,500}\bapplication/ld\+json[^<>]{0,500}>", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_MICRODATA = re.compile(r"""<[^<>]{0,500}\bitemprop\s*=\s*["']?isAccessibleForFree\b[^<>]{0,500}>""", re.IGNORECASE)
_NOT_FREE = re.compile(r"""content\s*=\s*["']?\s*(?:https?://schema\.org/)?false\b""", re.IGNORECASE)
_FALSE = {"false", "http://schema.org/false", "https://schema.org/false"}
_OF_OTHERS = {"isPartOf", "itemListElement", "mentions", "citation", "relatedLink", "recommendation"}
_CUT = re.compile(r"(?:\u2026|\.\.\.|\[\s*(?:\u2026|\.\.\.)\s*\])\s*(?:\u2192|»)?\Z")
_WHAT = {
    "paywall": "is behind a paywall",
    "login": "asks for a login",
    "consent": "is a consent page",
    "stub": "is no article but a notice",
}
MAX_DEPTH = 20


def page_story(data: bytes, url: str, content_type: str = "") -> tuple[Article | None, str]:
    """The article on a page, and what is wrong with it, in a few words; empty when nothing is.

    Args:
        data: what the server sent.
        url: where it came from, as it may be shown.
        content_type: as the server gave it.
    """
    charset = charset_of(content_type)
    try:
        html = decode_text(data[:MAX_ARTICLE_BYTES], "it", charset)
    except ArticleError as error:
        return None, error.message
    try:
        article = page_article(data, url, content_type=content_type)
    except ArticleError as error:
        return None, wall_of(html, []) or error.message.removeprefix(url).strip()
    return article, wall_of(html, article.text.split("\n\n"))


def wall_of(html: str, paragraphs: Sequence[str]) -> str:
    """What keeps a page from being the story, in a few words; empty when nothing does.

    A publisher's own mark (schema.org's isAccessibleForFree) counts whatever else the page shows.

    Args:
        html: the page.
        paragraphs: its main text.
    """
    if _is_marked_as_paid(html):
        return _WHAT[WALL]
    words = count_words(paragraphs)
    text = _folded(" ".join(paragraphs))
    if words < SHORT_WORDS:
        # The main text may leave out the very line that tells.
        around = text if words >= ENOUGH_WORDS else f"{text} {_folded(_visible(html))}"
        for kind, what in _WHAT.items():
            if _says(kind, around):
                return what
    if words < END_WORDS and _says(WALL, _folded(" ".join(paragraphs[-END_PARAGRAPHS:]))):
        return _WHAT[WALL]
    return ""


def without_teaser(paragraphs: Sequence[str]) -> tuple[list[str], bool]:
    """What a feed carries without its invitation to read on, and whether more seems to stand elsewhere."""
    kept = list(paragraphs)
    is_part = False
    while kept and count_words(kept[-1:], TEASER_WORDS + 1) <= TEASER_WORDS and _says(TEASER, _folded(kept[-1])):
        is_part = True
        kept.pop()
    return kept, is_part or bool(kept and _CUT.search(kept[-1]))


def _says(kind: str, folded: str) -> bool:
    return any(phrase in folded for phrase in _phrases()[kind])


@cache
def _phrases() -> dict[str, tuple[str, ...]]:
    table = tomllib.loads(files("nvpipe.story").joinpath("walls.toml").read_text("utf-8"))
    return {
        kind: tuple(_folded(phrase) for phrases in languages.values() for phrase in phrases)
        for kind, languages in table.items()
    }


def _folded(text: str) -> str:
    return " ".join(text.replace("\u2019", "'").replace("\u02bc", "'").casefold().split())


def _visible(html: str) -> str:
    import lxml.etree
    import lxml.html

    try:
        tree = lxml.html.document_fromstring(html.encode("utf-8", "replace"), lxml.html.HTMLParser(encoding="utf-8"))
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):
        return ""
    for element in list(tree.iter("script", "style", "template")):
        element.drop_tree()
    return " ".join(tree.itertext())


def _is_marked_as_paid(html: str) -> bool:
    if any(_NOT_FREE.search(tag) for tag in _MICRODATA.findall(html)):
        return True
    if "isAccessibleForFree" not in html:
        return False
    for opening in _LD_JSON.finditer(html):
        closing = _SCRIPT_END.search(html, opening.end())
        if closing is None:
            return False
        try:
            document = json.loads(html[opening.end() : closing.start()], strict=False)
        except (ValueError, RecursionError):
            continue
        if any(str(value).strip().lower() in _FALSE for value in _marks(document, MAX_DEPTH)):
            return True
    return False


def _marks(value: Any, depth: int) -> Iterator[Any]:
    """What a page's data says of its own access, not of the pages that it names."""
    if depth <= 0:
        return
    if isinstance(value, list):
        for item in value:
            yield from _marks(item, depth - 1)
    elif isinstance(value, dict):
        if "isAccessibleForFree" in value:
            yield value["isAccessibleForFree"]
        for name, item in value.items():
            if name not in _OF_OTHERS:
                yield from _marks(item, depth - 1)

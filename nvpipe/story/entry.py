"""An entry of a feed as an article: what the feed carries, or the page behind its link, whichever is the story."""

from __future__ import annotations

from dataclasses import dataclass

from nvpipe.story.article import count_words
from nvpipe.story.feed import Entry
from nvpipe.story.page import ENOUGH_WORDS, without_teaser
from nvpipe.story.plaintext import clean_text, plain_paragraphs
from nvpipe.types import Article
from nvpipe.types.codec import digest_of
from nvpipe.web.addresses import without_secrets

FULL_WORDS = 200
"""A feed that carries so much of an entry carries all of it, unless it says that more stands elsewhere."""
ABOUT_ALL = 0.8
"""The feed's text is the cleaner one; it is taken when it is about as long as the page's."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a feed carries of an entry."""

    paragraphs: tuple[str, ...]
    words: float
    is_part: bool
    """Whether it says that more stands elsewhere."""

    @property
    def is_full(self) -> bool:
        return self.words >= FULL_WORDS and not self.is_part


def carried_by(entry: Entry) -> Carried:
    """The longest of an entry's texts."""
    best = Carried((), 0.0, False)
    for text in entry.texts:
        paragraphs, is_part = without_teaser(_paragraphs(text.body, text.is_html))
        words = count_words(paragraphs)
        if words > best.words:
            best = Carried(tuple(paragraphs), words, is_part)
    return best


def entry_article(entry: Entry, carried: Carried, page: Article | None, source: str) -> Article | None:
    """The article that is told for an entry; None when neither the page nor the feed has enough of it.

    Args:
        carried: what the feed carries.
        page: the story behind the link, where that is one.
        source: how the entry is called.
    """
    page_words = count_words(page.text.split("\n\n")) if page is not None else 0.0
    from_feed = carried.words >= (ABOUT_ALL * page_words if not carried.is_part else page_words)
    if max(carried.words, page_words) < ENOUGH_WORDS:
        return None
    body = "\n\n".join(carried.paragraphs) if from_feed or page is None else page.text
    title = entry.title or (page.title if page is not None else carried.paragraphs[0][:80])
    url = without_secrets(entry.link) or None
    return Article(source=source, title=title, text=body, url=url, digest=digest_of([title, body]))


def _paragraphs(body: str, is_html: bool) -> list[str]:
    if is_html:
        from nvpipe.story.markup import fragment_paragraphs

        found = fragment_paragraphs(body)
    else:
        found = plain_paragraphs(body.replace("\r\n", "\n").replace("\r", "\n"))
    return [clean for clean in map(clean_text, found) if clean]

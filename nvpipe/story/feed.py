"""RSS, Atom and JSON Feed into entries: bytes in, nothing fetched here."""

from __future__ import annotations

import calendar
import io
import re
import urllib.parse
import xml.sax
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nvpipe.errors import ArticleError
from nvpipe.story.article import plain_title
from nvpipe.types.codec import digest_of
from nvpipe.web.addresses import shown_url

MAX_ENTRIES = 5000
MAX_TAGS = 500_000
MAX_TAGS_OF_ENTRIES = 20_000
"""feedparser's time for broken feeds grows with the square of these."""
MAX_URL_CHARS = 8000
MAX_ID_CHARS = 4000
_JSON_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:(?><!--.{0,2000}?-->)\s*+)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_END = re.compile(
    rb"</(?:[\w-]+:)?(?:rss|feed|rdf|channel)\s*>\s*+(?:(?><!--.{0,2000}?-->|<\?.{0,2000}?\?>)\s*+)*+\Z",
    re.IGNORECASE | re.DOTALL,
)
_ENTRY_START = re.compile(rb"<(?:[\w-]{1,20}:)?(?:item|entry)\b", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")


@dataclass(frozen=True, slots=True)
class Text:
    """A part of an entry."""

    body: str
    is_html: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed."""

    id: str
    link: str
    """Absolute http or https address; empty when it has none."""
    title: str
    published_s: float | None
    """Seconds since 1970; None when the feed does not say."""
    texts: tuple[Text, ...]
    """What the feed carries of it: all of it, a summary, both."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed, its entries newest first."""

    title: str
    entries: tuple[Entry, ...]
    is_cut_off: bool = False
    """Whether the end is missing; the last entry, which may be a part only, is left out then."""


def parse_feed(data: bytes, url: str, content_type: str = "") -> Feed:
    """The entries of an RSS, Atom or JSON feed.

    Entries without a date count as old as the one before them. Of equal ids the first one stands.

    Args:
        data: the whole document; what it is follows from itself, whatever the server says.
        url: where it came from, against which relative links are resolved.
        content_type: as the server gave it; only its character set counts.

    Raises:
        ArticleError: it is no feed.
    """
    if _HTML_START.match(data):
        raise ArticleError(f"{shown_url(url)} is a web page, not a feed", hint=_feed_hint(data, url))
    if _JSON_START.match(data):
        from nvpipe.story.json_feed import parse_json_feed

        title, entries, is_cut_off = *parse_json_feed(data, url), False
    else:
        title, entries, is_cut_off = _parse_xml(data, url, content_type)
    unique = {entry.id: entry for entry in reversed(entries)}
    listed = [entry for entry in entries if unique[entry.id] is entry]
    return Feed(title, tuple(newest_first(listed)[:MAX_ENTRIES]), is_cut_off)


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Entries by date; one without a date stays after the one that it followed."""
    dated: list[tuple[float, Entry]] = []
    last_s = float("inf")
    for entry in entries:
        last_s = last_s if entry.published_s is None else entry.published_s
        dated.append((last_s, entry))
    return [entry for _, entry in sorted(dated, key=lambda pair: -pair[0])]


def entry_of(
    url: str, *, entry_id: str, link: str, title: str, published_s: float | None, texts: Iterable[Text]
) -> Entry | None:
    """An entry, its parts made safe; None when there is nothing in it, not even a link that cannot be followed."""
    absolute = absolute_link(url, link)
    texts = tuple(text for text in texts if text.body.strip())
    plain = plain_title(title)
    if not texts and not link.strip():
        return None
    # Without an id the link is one, then what is said.
    known_by = entry_id.strip() or absolute or digest_of([plain, *(text.body for text in texts)])
    if len(known_by) > MAX_ID_CHARS:
        known_by = digest_of(known_by)
    return Entry(known_by, absolute, plain, published_s, texts)


def absolute_link(base: str, link: str) -> str:
    """An http or https address, or nothing."""
    text = re.sub(r"\s", "%20", link.strip())
    if not text or len(text) > MAX_URL_CHARS or not text.isprintable():
        return ""
    try:
        found = urllib.parse.urljoin(base, text)
        parts = urllib.parse.urlsplit(found)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    return found if parts.scheme.lower() in ("http", "https") and host else ""


def seconds_of(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 date (RFC 3339), UTC unless it says otherwise."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _parse_xml(data: bytes, url: str, content_type: str) -> tuple[str, list[Entry], bool]:
    import feedparser

    if data.count(b"<") > MAX_TAGS or len(_ENTRY_START.findall(data)) > MAX_TAGS_OF_ENTRIES:
        raise ArticleError(f"{shown_url(url)} has too many entries or tags to be a feed", hint="check the address")
    headers = {"content-type": content_type, "content-location": url}
    try:
        # A file object: bytes themselves feedparser would first try as a file's name.
        found: Any = feedparser.parse(
            io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError) as error:
        raise ArticleError(
            f"{shown_url(url)} is no feed that can be read: {type(error).__name__}", hint="check the address"
        ) from error
    if not found.get("version") and not found.entries:
        raise ArticleError(f"{shown_url(url)} is no RSS, Atom or JSON feed", hint="check the address")
    listed = list(found.entries)
    is_broken = isinstance(found.get("bozo_exception"), xml.sax.SAXException)
    is_cut_off = is_broken and _END.search(data[-4096:].rstrip(b"\0 \t\r\n")) is None
    if is_cut_off:
        listed = listed[:-1]
    entries = [_xml_entry(fields, url) for fields in listed]
    return (
        plain_title(str(found.feed.get("title") or "")),
        [entry for entry in entries if entry is not None],
        is_cut_off,
    )


def _xml_entry(fields: Any, url: str) -> Entry | None:
    details = [*fields.get("content", ()), *([fields["summary_detail"]] if "summary_detail" in fields else [])]
    texts = [
        Text(str(one.get("value") or ""), "html" in str(one.get("type") or ""))
        for one in details
        if isinstance(one, dict)
    ]
    return entry_of(
        url,
        entry_id=str(fields.get("id") or ""),
        link=str(fields.get("link") or ""),
        title=str(fields.get("title") or ""),
        published_s=_published_s(fields),
        texts=texts,
    )


def _published_s(fields: Any) -> float | None:
    # feedparser's own look-up answers for one date with another one, and warns of it.
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        moment = dict.get(fields, name)
        if moment:
            try:
                return float(calendar.timegm(moment))
            except (ValueError, OverflowError, TypeError):
                continue
    return None


def _feed_hint(data: bytes, url: str) -> str:
    """The feed that a page names, as browsers find it."""
    import lxml.etree
    import lxml.html

    try:
        tree = lxml.html.document_fromstring(data[: 1 << 20])
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError, ValueError):
        return "give the address of its feed"
    for element in tree.iter("link"):
        if (element.get("type") or "").strip().lower() in _FEED_TYPES:
            found = absolute_link(url, element.get("href") or "")
            if found:
                return f"its feed is {shown_url(found)}"
    return "give the address of its feed"

"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
from typing import Any

from nvpipe.errors import ArticleError
from nvpipe.story.feed import Entry, Text, entry_of, seconds_of
from nvpipe.web.addresses import shown_url

_VERSION = "jsonfeed.org/version/1"


def parse_json_feed(data: bytes, url: str) -> tuple[str, list[Entry]]:
    """Title and entries in the feed's order; entries that make no sense are passed over.

    Raises:
        ArticleError: it is no JSON Feed.
    """
    try:
        feed = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ArticleError(f"{shown_url(url)} is no feed: its JSON is damaged", hint="check the address") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or _VERSION not in str(feed.get("version")):
        raise ArticleError(f"{shown_url(url)} is JSON, but no JSON Feed", hint="check the address")
    entries = [_entry(item, url) for item in items if isinstance(item, dict)]
    return _text(feed, "title"), [entry for entry in entries if entry is not None]


def _entry(item: dict[str, Any], url: str) -> Entry | None:
    return entry_of(
        url,
        entry_id=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        published_s=seconds_of(_text(item, "date_published") or _text(item, "date_modified")),
        texts=(
            Text(_text(item, "content_html"), True),
            Text(_text(item, "content_text"), False),
            Text(_text(item, "summary"), False),
        ),
    )


def _text(fields: dict[str, Any], name: str) -> str:
    """A text; ids are numbers in some feeds. Lone surrogates, which JSON can hold, are replaced."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value).encode("utf-8", "replace").decode("utf-8")

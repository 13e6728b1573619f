"""What the web has to say to a run: pages and feeds, kept so that a server need only say that nothing changed."""

from __future__ import annotations

import time
import urllib.parse
from typing import TYPE_CHECKING

from nvpipe.cache.pages import PageCopy, PageStore
from nvpipe.web.addresses import shown_url, without_secrets
from nvpipe.web.pages import AGENT, WALLED, FetchError, Response, status_text
from nvpipe.web.robots import Robots

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nvpipe.cache.store import Warn
    from nvpipe.web.pages import Pages, Permit


class Web:
    """Fetches for one run.

    Args:
        storage: where copies are kept.
        warn: told when they cannot be.
        pages: makes the connections.
        sleep: waits between pages of one host where its owner asks for that.
    """

    def __init__(self, storage: Path, warn: Warn, pages: Pages, sleep: Callable[[float], None] = time.sleep) -> None:
        self._copies = PageStore(storage, warn)
        self._pages = pages
        self._robots = Robots(pages.get, AGENT)
        self._sleep = sleep
        self._hosts: set[str] = set()

    def get(self, url: str, permit: Permit | None = None) -> Response:
        """A page or a feed with status 200 or one of those that stand for a wall.

        Raises:
            FetchError: it cannot be had.
            UsageError: the address is none.
        """
        kept = self._copies.load(url)
        answer = self._pages.get(url, _conditions(kept), permit)
        if answer.status == 304 and kept is not None:
            return Response(kept.url, 200, kept.content_type, kept.body, kept.etag, kept.modified)
        if answer.status == 200:
            if answer.etag or answer.modified:
                copy = PageCopy(
                    without_secrets(answer.url), answer.content_type, answer.etag, answer.modified, answer.body
                )
                self._copies.save(url, copy)
        elif answer.status not in WALLED:
            raise FetchError(
                f"{shown_url(url)} cannot be fetched: {status_text(answer.status)}", hint="check the address"
            )
        return answer

    def visit(self, url: str) -> Response:
        """Like `get` of a page that nobody asked for by name: only where its owner lets programs in.

        Raises:
            FetchError: also when robots.txt forbids it, or the page that it redirects to.
        """
        self._require_allowed(url)
        host = urllib.parse.urlsplit(url).netloc
        if host in self._hosts:
            self._sleep(self._robots.delay_s(url))
        self._hosts.add(host)
        return self.get(url, self._require_allowed)

    def _require_allowed(self, url: str) -> None:
        if not self._robots.allow(url):
            raise FetchError(f"{shown_url(url)} may not be read by programs, says the host's robots.txt")


def _conditions(kept: PageCopy | None) -> dict[str, str]:
    """Headers that ask for a page only if it changed (RFC 9110, section 13.1)."""
    if kept is None:
        return {}
    return {
        name: text
        for name, text in (("If-None-Match", kept.etag), ("If-Modified-Since", kept.modified))
        if text.isascii() and text.isprintable() and text
    }


def require_open(answer: Response, url: str) -> Response:
    """The answer itself unless it stands for a wall.

    Raises:
        FetchError: it does.
    """
    if answer.status in WALLED:
        raise FetchError(
            f"{shown_url(url)} cannot be read: {status_text(answer.status)}",
            hint="it is not open to everybody; save the page and pass the file",
        )
    return answer

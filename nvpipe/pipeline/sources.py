"""What a run was given, as articles: files, standard input, pages of the web, entries of feeds."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from nvpipe.cache.store import once
from nvpipe.errors import ArticleError, NvpipeError
from nvpipe.pipeline.feeds import Feeds
from nvpipe.pipeline.web import Web, require_open
from nvpipe.story.page import page_story
from nvpipe.web.addresses import checked_url, is_address, shown_url, without_secrets
from nvpipe.web.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nvpipe.pipeline.feeds import Skipped
    from nvpipe.pipeline.jobs import JobRequest
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.types import Article


class Sources:
    """The sources of one run that lie on the web."""

    def __init__(self, feeds: Feeds, web: Web) -> None:
        self._feeds = feeds
        self._web = web

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Entries of feeds that are not told."""
        return tuple(self._feeds.skipped)

    def found(self, requests: Sequence[JobRequest]) -> list[JobRequest]:
        """The same jobs with feeds replaced by their new entries, and addresses by what is there.

        What cannot be had is a job that fails for that reason.
        """
        return [found for request in requests for found in self._of(request)]

    def _of(self, request: JobRequest) -> list[JobRequest]:
        try:
            if request.error is None and request.feed is not None:
                return self._feeds.jobs_of(request, request.feed)
            if request.error is None and is_address(request.source):
                shown = without_secrets(request.source)
                return [replace(request, source=shown, article=self._page(request.source))]
        except NvpipeError as error:
            return [replace(request, source=shown_url(request.source), feed=None, error=error)]
        return [request]

    def _page(self, url: str) -> Article:
        answer = require_open(self._web.get(checked_url(url)), url)
        shown = without_secrets(url)
        article, why = page_story(answer.body, shown, answer.content_type)
        if article is None or why:
            raise ArticleError(f"{shown_url(url)}: the page {why}", hint="save the story and pass the file")
        return article


@contextmanager
def open_sources(storage: Path, out: Path, reporter: Reporter, *, allow_private: bool) -> Iterator[Sources]:
    """The sources of a run; its feeds are held against other runs meanwhile.

    Args:
        storage: what is remembered lies there.
        out: the output folder.
        reporter: told of everything.
        allow_private: also from private and loopback hosts.
    """
    warn = once(reporter.warning)
    web = Web(storage, warn, Pages(allow_private=allow_private))
    feeds = Feeds(storage, out, web, reporter, warn)
    try:
        yield Sources(feeds, web)
    finally:
        feeds.close()

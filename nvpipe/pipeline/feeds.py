"""Feeds into jobs: each entry that is not done yet, once, with its full text."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.cache.feeds import MAX_ATTEMPTS, EntryState, FeedStore, entry_key, feed_key
from nvpipe.cache.journal import Journal
from nvpipe.errors import (
    BackendFailedError,
    BackendUnavailableError,
    InterruptedRunError,
    MediaError,
    NvpipeError,
    OutputError,
    UsageError,
)
from nvpipe.pipeline.web import require_open
from nvpipe.story.entry import carried_by, entry_article
from nvpipe.story.feed import parse_feed
from nvpipe.story.page import page_story
from nvpipe.web.addresses import checked_url, shown_url, without_secrets
from nvpipe.web.pages import WALLED, FetchError, status_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.pipeline.jobs import FeedRequest, JobRequest
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.pipeline.web import Web
    from nvpipe.story.feed import Entry
    from nvpipe.types import Article

TRIES_PER_ENTRY = 3
"""How many entries are looked at for each that is wanted, where some cannot be told."""
_NOT_ITS_FAULT = (
    UsageError,
    MediaError,
    BackendUnavailableError,
    BackendFailedError,
    OutputError,
    InterruptedRunError,
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that was not told, and why."""

    feed: str
    entry: str
    reason: str


class Feeds:
    """The feeds of one run; they are held against other runs until it is closed.

    Args:
        storage: where it is remembered what is done.
        out: the output folder; its journal, and that of the run before, know what was finished just before a crash.
        web: fetches feeds and pages.
        reporter: told of everything.
        warn: told of faults of the storage folder.
    """

    def __init__(self, storage: Path, out: Path, web: Web, reporter: Reporter, warn: Callable[[str], None]) -> None:
        self._store = FeedStore(storage, warn)
        self._out = str(out.absolute())
        self._finished: dict[str, set[str]] = {}
        self._web = web
        self._reporter = reporter
        self._held = ExitStack()
        self._claimed: dict[str, bool] = {}
        self._taken: set[tuple[str, str]] = set()
        self.skipped: list[Skipped] = []

    def close(self) -> None:
        """Let go of the feeds."""
        self._held.close()

    def jobs_of(self, job: JobRequest, feed: FeedRequest) -> list[JobRequest]:
        """A job for each new entry of a feed, newest first.

        Raises:
            FetchError: the feed cannot be had.
            ArticleError: it is none.
            UsageError: its address is none.
        """
        shown, key = shown_url(checked_url(feed.url)), feed_key(feed.url)
        if not self._is_ours(key):
            self._reporter.notice(f"another run is at work on {shown}; it is left alone")
            return []
        answer = require_open(self._web.get(feed.url), feed.url)
        found = parse_feed(answer.body, answer.url, answer.content_type)
        if found.is_cut_off:
            self._reporter.warning(f"{shown} is cut off; its last entry is left for later")
        jobs: list[JobRequest] = []
        told: list[EntryState] = []
        fresh = self._fresh(found.entries, key, feed)
        for number, (entry, state) in enumerate(fresh):
            if len(jobs) == feed.count or number == TRIES_PER_ENTRY * feed.count:
                break
            self._taken.add((key, state.entry))
            article = self._article(entry, state, shown)
            if article is not None:
                told.append(replace(state, out=self._out))
                jobs.append(self._job(job, article, told[-1]))
        if told:
            # Another run can then see in our journal what is finished, should this one be killed.
            self._store.record(*told)
        if not fresh:
            self._reporter.notice(f"nothing new in {shown}")
        elif len(fresh) > len(jobs):
            self._reporter.detail(f"{shown}: {len(fresh)} entries are new, {len(jobs)} of them are told now")
        return jobs

    def _is_ours(self, key: str) -> bool:
        if key not in self._claimed:
            self._claimed[key] = self._held.enter_context(self._store.claim(key))
        return self._claimed[key]

    def _fresh(self, entries: tuple[Entry, ...], feed: str, wanted: FeedRequest) -> list[tuple[Entry, EntryState]]:
        """Entries that are not done, with what is known of them."""
        known = self._store.of(feed)
        found: list[tuple[Entry, EntryState]] = []
        for entry in entries:
            key = entry_key(entry.id)
            link = without_secrets(entry.link)
            state = known.get(key) or EntryState(feed, key, "failed", 0, link, entry.title)
            journals = [out for out in dict.fromkeys((self._out, state.out)) if out]
            if not state.is_over and any(mark_of(state) in self._done_in(out) for out in journals):
                # The run that made it was killed before it could write this down.
                self._store.record(replace(state, state="done"))
                continue
            is_wanted = wanted.since_s is None or (entry.published_s or float("-inf")) >= wanted.since_s
            if is_wanted and not state.is_over and (feed, key) not in self._taken:
                found.append((entry, state))
        return found

    def _done_in(self, out: str) -> set[str]:
        """The entries that an output folder has the shorts of, or had."""
        if out not in self._finished:
            journal = Journal(Path(out))
            try:
                events = list(journal.events())
            except OutputError as error:
                if out == self._out:
                    raise
                self._reporter.warning(f"{error.line()}; what was told there may be told again")
                events = []
            except ValueError:
                # The storage file was altered: that is no path.
                events = []
            self._finished[out] = {
                str(event["entry"]) for event in events if "entry" in event and journal.came_to_be(event)
            }
        return self._finished[out]

    def _article(self, entry: Entry, state: EntryState, feed: str) -> Article | None:
        """What is to be told of an entry; None when there is not enough, which is said and remembered."""
        carried = carried_by(entry)
        page, why = (None, "") if carried.is_full else self._page(entry)
        source = without_secrets(entry.link) or f"{feed}#{state.entry[:8]}"
        article = entry_article(entry, carried, page, source)
        if article is None:
            name = f"{entry.title or 'an entry'} ({shown_url(source)})"
            reason = f"{why or 'the page is too short'}, and the feed carries only {carried.words:.0f} words"
            self._reporter.notice(f"skipped {name}: {reason}")
            self.skipped.append(Skipped(feed, source, reason))
            self._failed(state, reason)
        elif why:
            self._reporter.notice(f"{shown_url(source)}: {why}; the feed's own text is told")
        return article

    def _page(self, entry: Entry) -> tuple[Article | None, str]:
        """The story behind an entry's link, or why there is none."""
        if not entry.link:
            return None, "it has no web address"
        shown = without_secrets(entry.link)
        try:
            answer = self._web.visit(entry.link)
        except (FetchError, UsageError) as error:
            return None, error.message.removeprefix(shown_url(shown)).strip()
        if answer.status in WALLED:
            return None, status_text(answer.status)
        article, why = page_story(answer.body, shown, answer.content_type)
        return (None, f"the page {why}") if why else (article, "")

    def _job(self, job: JobRequest, article: Article, state: EntryState) -> JobRequest:
        def ended(error: NvpipeError | None) -> None:
            if error is None:
                self._store.record(replace(state, state="done", reason=""))
            elif not isinstance(error, _NOT_ITS_FAULT):
                self._failed(state, error.line())

        return replace(job, source=article.source, feed=None, article=article, mark=mark_of(state), ended=ended)

    def _failed(self, state: EntryState, reason: str) -> None:
        failed = replace(state, attempts=state.attempts + 1, reason=reason)
        self._store.record(failed)
        if failed.is_over:
            self._reporter.notice(
                f"{shown_url(state.link or state.title)} is given up after {MAX_ATTEMPTS} attempts; "
                "to try again, name its address as an article"
            )


def mark_of(state: EntryState) -> str:
    """How the journal of an output folder calls an entry."""
    return f"{state.feed}/{state.entry}"

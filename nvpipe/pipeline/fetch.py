"""Addresses into footage that the library knows, each on its own: one that fails does not stop the others."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nvpipe.errors import InterruptedRunError, NvpipeError, UsageError
from nvpipe.footage.credits import Fetched, Offer
from nvpipe.footage.fetch import MAX_BYTES, Fetcher
from nvpipe.footage.library import Library
from nvpipe.pipeline.stages import JobLog
from nvpipe.settings import parse_size
from nvpipe.types import Progress
from nvpipe.web import Limits
from nvpipe.web.addresses import checked_url, shown_url, without_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.types import Footage

FETCHED, THERE, FAILED = "fetched", "already there", "failed"
STAGE = "fetch"


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch, and where to."""

    urls: tuple[str, ...]
    folder: Path
    storage: Path
    allow_private: bool = False
    playlist: int = 0
    """How many videos of a playlist to take; 0 when only single videos were asked for."""
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What became of one video."""

    url: str
    status: str
    fetched: Fetched | None = None
    footage: Footage | None = None
    error: NvpipeError | None = None

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        got, known = self.fetched, self.footage
        return {
            "url": without_secrets(self.url),
            "path": None if got is None else str(got.path),
            "video_id": None if known is None else known.video_id,
            "title": None if got is None else got.title,
            "channel": None if got is None else got.channel,
            "licence": known.licence if known is not None else None,
            "source": None if got is None else got.source,
            "bytes": None if got is None else got.size_bytes,
            "status": self.status,
            "error": None if self.error is None else self.error.line(),
        }


def fetch_all(request: Request, reporter: Reporter) -> list[FetchReport]:
    """Fetch every address into the folder and make the library know the videos.

    Raises:
        UsageError: something is no http(s) address, or the folder is none.
        BackendUnavailableError: yt-dlp is not installed.
        InterruptedRunError: the user asked to stop.
    """
    urls = list(dict.fromkeys(checked_url(url) for url in request.urls))
    if request.folder.exists() and not request.folder.is_dir():
        raise UsageError(f"{request.folder} is not a folder", hint="give --footage a folder")
    fetcher = Fetcher(
        request.folder,
        reporter.detail,
        allow_private=request.allow_private,
        playlist=request.playlist,
        limits=Limits(request.max_bytes),
    )
    work = _Work(fetcher, Library(request.storage, reporter.warning, notice=reporter.notice), reporter)
    try:
        for number, url in enumerate(urls, 1):
            reporter.job_started(shown_url(url), number, len(urls))
            work.address(url)
    except KeyboardInterrupt:
        raise InterruptedRunError(
            "interrupted", hint="what was downloaded is kept; the same command goes on where it stopped"
        ) from None
    finally:
        fetcher.close()
    return work.reports


def exit_code(reports: Sequence[FetchReport]) -> int:
    """0 when all is there, a single video's own code, 1 when one of several failed."""
    errors = [report.error for report in reports if report.error is not None]
    if len(reports) == 1 and errors:
        return errors[0].exit_code
    return 1 if errors else 0


def size_bytes(text: str) -> int:
    """A size such as 500M or 4G in bytes, as `parse_size` reads it, but no empty one.

    Raises:
        UsageError: it is no size.
    """
    size = parse_size(text)
    if size < 1:
        raise UsageError(f"{text!r} leaves no room for any video", hint="give one such as 500M or 4G")
    return size


class _Work:
    """The videos of one call, one after the other."""

    def __init__(self, fetcher: Fetcher, library: Library, reporter: Reporter) -> None:
        self._fetcher = fetcher
        self._library = library
        self._reporter = reporter
        self.reports: list[FetchReport] = []

    def address(self, url: str) -> None:
        """Fetch what an address leads to."""
        try:
            offers = self._fetcher.offers(url)
        except NvpipeError as error:
            self._failed(url, error)
            return
        for number, offer in enumerate(offers, 1):
            if len(offers) > 1:
                label = shown_url(offer if isinstance(offer, str) else str(offer.info.get("title")))
                self._reporter.job_started(label, number, len(offers))
            if isinstance(offer, Offer):
                self._video(offer)
            else:
                self._entry(offer)

    def _entry(self, url: str) -> None:
        """One entry of a playlist that is known by its address only."""
        try:
            inner = self._fetcher.offers(checked_url(url))
        except NvpipeError as error:
            self._failed(url, error)
            return
        for offer in inner:
            if isinstance(offer, Offer):
                self._video(offer)

    def _video(self, offer: Offer) -> None:
        label = shown_url(offer.url)
        log = JobLog(label, self._reporter)
        start = time.perf_counter()
        try:
            with log.stage(STAGE, offer.key) as stage:
                fetched = self._fetcher.fetch(offer, lambda done, total: self._progress(label, done, total))
                stage.cached = fetched.was_there
            (footage,) = self._library.resolve([str(fetched.path)])
        except NvpipeError as error:
            self._failed(offer.url, error)
            return
        if footage.licence is None:
            log.warn(f"the licence of {fetched.path.name} is unknown: make sure that you may publish it")
        status = THERE if fetched.was_there else FETCHED
        self.reports.append(FetchReport(offer.url, status, fetched, footage))
        seconds = round(time.perf_counter() - start, 3)
        self._reporter.job_ended(label, status, str(fetched.path), seconds)

    def _progress(self, label: str, done: int, total: int | None) -> None:
        self._reporter.progress(Progress(STAGE, label, done, total, "bytes"))

    def _failed(self, url: str, error: NvpipeError) -> None:
        self.reports.append(FetchReport(url, FAILED, error=error))
        self._reporter.job_ended(shown_url(url), FAILED, error.line(), 0.0)

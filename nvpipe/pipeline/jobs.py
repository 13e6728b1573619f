"""What the command line names, as single jobs."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import InputError, NvpipeError, UsageError
from nvpipe.options import OPTIONS
from nvpipe.pipeline.since import parse_since
from nvpipe.web.addresses import checked_url, is_address, shown_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nvpipe.settings import Settings
    from nvpipe.types import Article

JOBS_SUFFIX = ".jsonl"
ARTICLE_SUFFIXES = (".md", ".txt", ".html", ".htm")
"""What is told of a folder's files."""
DEFAULT_COUNT = 10
"""Of a feed's entries, a run."""
LONGEST_JOBS_FILE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """A feed whose new entries are to be told."""

    url: str
    count: int = DEFAULT_COUNT
    """At most so many, the newest first."""
    since_s: float | None = None
    """Only entries that are not older, seconds since 1970."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One article to be told, or the reason why it cannot even be asked for."""

    source: str
    settings: Settings
    error: NvpipeError | None = None
    feed: FeedRequest | None = None
    """It stands for the new entries of a feed."""
    article: Article | None = None
    """The article itself where it was read already."""
    mark: str = ""
    """How the journal calls it besides its slug."""
    ended: Callable[[NvpipeError | None], None] | None = None
    """Told at once when the job ended well, or why it did not."""


def feed_requests(
    urls: Sequence[str], settings: Settings, count: int | None, since: str | None, *, now_s: float | None = None
) -> list[JobRequest]:
    """One request for each feed of the command line.

    Raises:
        UsageError: an address or the date is none, or there is no feed that they could hold for.
    """
    since_s = None if since is None else parse_since(since, time.time() if now_s is None else now_s)
    if not urls and (count is not None or since is not None):
        raise UsageError("--max and --since are for feeds", hint="give --feed URL")
    return [
        JobRequest(url, settings, feed=FeedRequest(checked_url(url), count or DEFAULT_COUNT, since_s))
        for url in dict.fromkeys(urls)
    ]


def expand(sources: Sequence[str], settings: Settings, feeds: Sequence[JobRequest] = ()) -> list[JobRequest]:
    """One request for each article; a jobs file gives one for each of its lines.

    Args:
        feeds: what else is to be done, after the articles.

    Raises:
        UsageError: nothing is named.
        InputError: a jobs file cannot be read or is empty.
    """
    requests = [*(request for source in sources for request in _of(source, settings)), *feeds]
    if settings.script is not None and not requests:
        requests = [_told_alone(settings)]
    if settings.script is not None and sum(one.settings.script == settings.script for one in requests) > 1:
        raise UsageError("--script is of one article", hint="name one, or give each its script in a jobs file")
    for name in _own_words(settings) if feeds else ():
        raise UsageError(f"--{name} is of one article, not of a feed", hint="give it without --feed")
    requests = [_with_text(request) for request in requests]
    if not requests:
        raise UsageError("no article is named", hint="give files, addresses, - for standard input, or --sample")
    return requests


def _told_alone(settings: Settings) -> JobRequest:
    """A script without an article."""
    from nvpipe.pipeline.given import given_article

    try:
        return JobRequest(str(settings.script), settings, article=given_article(settings))
    except NvpipeError as error:
        return JobRequest(str(settings.script), settings, error)


def _with_text(request: JobRequest) -> JobRequest:
    """The request, or the reason why its narration or its script cannot be taken."""
    shown = shown_url(request.source) if is_address(request.source) else request.source
    if request.error is not None:
        return request
    if request.feed is not None:
        for name in _own_words(request.settings):
            fault = UsageError(f"{shown}: --{name} is of one article, not of a feed", hint="name the article instead")
            return replace(request, source=shown, feed=None, error=fault)
    if request.settings.narration is None:
        return request
    from nvpipe.pipeline.given import require_text

    try:
        require_text(request.settings, shown)
    except UsageError as error:
        return replace(request, source=shown, error=error)
    return request


def _own_words(settings: Settings) -> list[str]:
    """The options that bring the words of one article themselves."""
    given = (("script", settings.script), ("narration", settings.narration))
    return [name for name, path in given if path is not None]


def _of(source: str, settings: Settings) -> Iterator[JobRequest]:
    if source != "-" and "://" not in source and is_folder(source):
        for path in _articles_of(Path(source)):
            yield JobRequest(str(path), settings)
        return
    if not source.lower().endswith(JOBS_SUFFIX) or "://" in source:
        yield JobRequest(source, settings)
        return
    path = Path(source)
    lines = _lines(path)
    if not lines:
        raise InputError(f"jobs file {path} has no jobs", hint='write one {"article": PATH} a line')
    for number, line in lines:
        where = f"{path}:{number}"
        try:
            yield _request(line, where, path.parent, settings)
        except NvpipeError as error:
            yield JobRequest(where, settings, error)


def is_folder(source: str) -> bool:
    """Whether an article's name is that of a folder of articles."""
    try:
        return Path(source).is_dir()
    except (OSError, ValueError):
        return False


def _articles_of(folder: Path) -> list[Path]:
    """The articles that lie in a folder, by name; folders in it and hidden files are not looked at."""
    try:
        found = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in ARTICLE_SUFFIXES and not path.name.startswith(".") and path.is_file()
        )
    except OSError as error:
        raise InputError(f"folder {folder} cannot be read: {error.strerror or error}") from error
    if not found:
        raise InputError(f"folder {folder} has no articles", hint=f"put {', '.join(ARTICLE_SUFFIXES)} files there")
    return found


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        if path.stat().st_size > LONGEST_JOBS_FILE_BYTES:
            raise InputError(f"jobs file {path} is larger than {LONGEST_JOBS_FILE_BYTES >> 20} MB")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"jobs file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"jobs file {path} is not UTF-8 text") from error
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _request(line: str, where: str, folder: Path, settings: Settings) -> JobRequest:
    try:
        job = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not JSON: {error}") from error
    named = job.keys() if isinstance(job, dict) else ()
    kind = next((key for key in ("feed", "article", "script") if key in named), "article")
    if (
        not isinstance(job, dict)
        or not isinstance(job.get(kind), str)
        or not job[kind]
        or {"article", "feed"} <= set(job)
    ):
        raise InputError(f'{where} is not a job: it needs an object with an "article", a "feed" or a "script"')
    feed = _feed(job, where) if kind == "feed" else None
    article = _near(str(job.pop("article")), folder) if kind == "article" else ""
    own = settings.with_values(job, where=where, jobs_only=True)
    if "footage" in job:
        own = own.with_values({"footage": [_near(path, folder) for path in own.footage]}, where=where)
    for option in OPTIONS:
        path = getattr(own, option.field) if {option.name, option.field} & job.keys() else None
        if option.kind == "path" and path is not None:
            own = own.with_values({option.name: _near(str(path), folder)}, where=where)
    return _told_alone(own) if kind == "script" else JobRequest(feed.url if feed else article, own, feed=feed)


def _feed(job: dict[str, Any], where: str) -> FeedRequest:
    """The feed of a line, whose keys are taken out of it."""
    url, count, since = job.pop("feed"), job.pop("max", DEFAULT_COUNT), job.pop("since", None)
    if type(count) is not int or count < 1:
        raise UsageError(f"{where}: max takes a number from 1 on, not {count!r}")
    if since is not None and not isinstance(since, str):
        raise UsageError(f"{where}: since takes a date or a time span, not {since!r}")
    return FeedRequest(checked_url(url), count, None if since is None else parse_since(since, time.time()))


def _near(name: str, folder: Path) -> str:
    """A path as it was written; where nothing is there, the same beside the jobs file."""
    if name == "-" or "://" in name or Path(name).exists():
        return name
    beside = folder / name
    return str(beside) if beside.exists() else name

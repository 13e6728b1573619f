"""The articles of a run, each with the name of its output."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.pipeline.versions import endings
from nvpipe.story.article import read_article
from nvpipe.story.slug import slugify, unique_slugs
from nvpipe.web.addresses import is_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from nvpipe.cache.journal import Journal
    from nvpipe.pipeline.feeds import Skipped
    from nvpipe.pipeline.jobs import JobRequest
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.types import Article


@dataclass(frozen=True, slots=True)
class Job:
    """A request with its article, or with what is wrong with that."""

    request: JobRequest
    article: Article | None
    slug: str
    error: Exception | None


@contextmanager
def from_the_web(
    requests: Sequence[JobRequest], out: Path, reporter: Reporter, *, allow_private: bool
) -> Iterator[tuple[Sequence[JobRequest], Sequence[Skipped]]]:
    """The same jobs with feeds and addresses replaced by what is there; and the entries of feeds that are not told.

    The feeds are held against other runs meanwhile.
    """
    if not any(one.feed is not None or is_address(one.source) for one in requests):
        yield requests, ()
        return
    # A run without addresses does not pay for this import.
    from nvpipe.pipeline.sources import open_sources

    storage = requests[0].settings.storage
    with open_sources(storage, out, reporter, allow_private=allow_private) as sources:
        found = sources.found(requests)
        yield found, sources.skipped


Found = list[tuple["JobRequest", "Article | None", Exception | None]]


def read_articles(requests: Sequence[JobRequest], stdin: BinaryIO | None) -> Found:
    """Every request with its article, or with what is wrong with that."""
    found: Found = []
    for request in requests:
        try:
            if request.error is not None:
                raise request.error
            found.append((request, request.article or read_article(request.source, stdin=stdin), None))
        except Exception as error:  # noqa: BLE001 - judged when it is that job's turn
            found.append((request, None, error))
    return found


def named(found: Found, journal: Journal, taken: Mapping[str, str] | None = None) -> list[Job]:
    """The jobs, each with the name of its output.

    The names follow from the order of the jobs, and from what other articles left in the output folder.

    Args:
        found: the articles.
        journal: of the output folder.
        taken: names that other runs use at this moment, each with the digest of its article.
    """
    articles = [(request, article) for request, article, _ in found if article is not None]
    owners: dict[str, object] = dict(taken or {})
    owners |= {
        name: record.fields.get("article")
        for slug, record in journal.all_finished().items()
        for name in (slug, *(Path(output.name).stem for output in record.outputs))
    }

    def foreign(article: Article) -> Callable[[str], bool]:
        # The short of another article keeps its name; the same article's is made anew.
        return lambda name: owners.get(name, article.digest) != article.digest

    slugs = iter(
        unique_slugs(
            [slugify(request.settings.slug or article.title) for request, article in articles],
            [foreign(article) for _, article in articles],
            [endings(request.settings) for request, _ in articles],
        )
    )
    return [Job(request, article, next(slugs) if article else "", error) for request, article, error in found]

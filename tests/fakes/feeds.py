"""A news site with a feed, and a reporter that remembers what it heard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.web_server import Page

from nvpipe.pipeline.feeds import Feeds
from nvpipe.pipeline.reporter import Silent
from nvpipe.pipeline.sources import Sources
from nvpipe.pipeline.web import Web
from nvpipe.web import Limits
from nvpipe.web.pages import Pages

SENTENCES = (
    "Engineers moved tower {0} in one piece, and nobody believed that it could be done.",
    "The sea stood at the door of tower {0} when the work began in spring.",
    "They lifted it onto rails of steel, and bars of soap made the rails slippery.",
    "It travelled {0} metres every day, until the new foundation was reached in autumn.",
    "The old lamp of tower {0} was lit again, and visitors walk the whole way in minutes.",
)


def story(number: int) -> list[str]:
    return [sentence.format(700 + number) for sentence in SENTENCES]


def page(number: int, head: str = "") -> Page:
    body = "".join(f"<p>{text}</p>" for text in story(number))
    text = f"<!doctype html><html><head><title>Tower {number}</title>{head}</head><body>{body}</body></html>"
    return Page(text.encode(), "text/html; charset=utf-8")


def item(number: int, content: str = "A summary.", link: str | None = None) -> str:
    return (
        f"<item><title>Tower {number}</title><link>{link or f'/{number}'}</link><guid>tower-{number}</guid>"
        f"<pubDate>{number:02} Nov 2026 10:00:00 GMT</pubDate><description>{content}</description></item>"
    )


def feed(*items: str) -> Page:
    text = f'<rss version="2.0"><channel><title>Towers</title>{"".join(items)}</channel></rss>'
    return Page(text.encode(), "application/rss+xml")


def site(*numbers: int) -> dict[str, Page]:
    """A feed of summaries at /feed, the stories behind its links."""
    return {"/feed": feed(*map(item, numbers)), **{f"/{number}": page(number) for number in numbers}}


class Hearing(Silent):
    def __init__(self) -> None:
        self.notices: list[str] = []
        self.warnings: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def warning(self, text: str) -> None:
        self.warnings.append(text)


@contextmanager
def sources(folder: Path, heard: Hearing | None = None, out: str = "out", **limits: float) -> Iterator[Sources]:
    """Those of one run, without waiting between tries."""
    hearing = heard or Hearing()
    held = Limits(200_000, stall_s=limits.pop("stall_s", 5.0), retries=1)
    held.total_s = limits.pop("total_s", 20.0)
    web = Web(
        folder / "cache",
        hearing.warning,
        Pages(allow_private=True, limits=held, sleep=lambda _: None),
        lambda _: None,
    )
    feeds = Feeds(folder / "cache", folder / out, web, hearing, hearing.warning)
    try:
        yield Sources(feeds, web)
    finally:
        feeds.close()

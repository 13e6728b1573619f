"""Fetching from a `WebServer`, as most tests of it do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fakes.web_server import Page, WebServer

from nvpipe.footage.credits import Fetched, Offer
from nvpipe.footage.fetch import WORK_FOLDER, Fetcher
from nvpipe.web import Limits

MAX_BYTES = 3_000_000


def html(body: str, head: str = "") -> Page:
    page = f"<!doctype html><html><head><title>A page</title>{head}</head><body>{body}</body></html>"
    return Page(page.encode(), "text/html; charset=utf-8")


@contextmanager
def fetcher(folder: Path, **options: Any) -> Iterator[Fetcher]:
    limits = Limits(options.pop("max_bytes", MAX_BYTES), options.pop("stall_s", 5.0), options.pop("retries", 5))
    limits.total_s = options.pop("total_s", limits.total_s)
    one = Fetcher(folder, lambda _: None, allow_private=True, limits=limits, **options)
    try:
        yield one
    finally:
        one.close()


def nothing(_done: int, _total: int | None) -> None:
    return


def fetch(folder: Path, url: str, told: Callable[[int, int | None], None] = nothing, **options: Any) -> Fetched:
    with fetcher(folder, **options) as one:
        (offer,) = one.offers(url)
        assert isinstance(offer, Offer)
        return one.fetch(offer, told)


def leftovers(folder: Path) -> list[str]:
    """Partial files that were kept."""
    return sorted(path.name for path in folder.glob(f"{WORK_FOLDER}/*/*") if not path.name.startswith("."))


def videos(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.endswith(".json"))


def described(server: WebServer, **more: Any) -> Offer:
    """What a site with licences says of a video."""
    info = {
        "id": "v1",
        "extractor_key": "Somewhere",
        "title": "Arena, round 3",
        "channel": "Player One",
        "license": "CC BY 4.0",
        "webpage_url": "https://me:secret@videos.example/v1",
        "format_id": "0",
        "url": server.url("/clip.mp4"),
        "ext": "mp4",
        "protocol": "http",
    }
    return Offer("https://videos.example/v1", {**info, **more}, "Somewhere v1")

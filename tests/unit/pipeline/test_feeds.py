"""Feeds into jobs: what is new, once, with the story that is there, whatever the servers do."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fakes.feeds import Hearing, feed, item, page, site, sources, story
from fakes.web_server import Page, WebServer, serving

from nvpipe.cache.feeds import MAX_ATTEMPTS
from nvpipe.cache.journal import PUBLISHING, Journal
from nvpipe.errors import ArticleError, NvpipeError, OutputError, UsageError
from nvpipe.pipeline.jobs import DEFAULT_COUNT, JobRequest, expand, feed_requests
from nvpipe.settings import Settings


def asked(folder: Path, url: str, count: int | None = None, since: str | None = None) -> list[JobRequest]:
    return feed_requests([url], Settings(folder / "cache"), count, since, now_s=1_793_700_000.0)


def titles(jobs: list[JobRequest]) -> list[str]:
    return [job.article.title if job.article else f"failed: {job.error}" for job in jobs]


def found(
    folder: Path, server: WebServer, heard: Hearing | None = None, path: str = "/feed", **wanted: Any
) -> list[JobRequest]:
    with sources(folder, heard) as run:
        return run.found(asked(folder, server.url(path), **wanted))


def finish(jobs: list[JobRequest], error: NvpipeError | None = None) -> None:
    for job in jobs:
        assert job.ended is not None
        job.ended(error)


def test_entries_come_newest_first_with_the_story_behind_the_link(tmp_path: Path) -> None:
    with serving(site(1, 3, 2)) as server:
        jobs = found(tmp_path, server)
        assert titles(jobs) == ["Tower 3", "Tower 2", "Tower 1"]
        assert jobs[0].article is not None
        assert jobs[0].article.text.split("\n\n") == story(3)
        assert jobs[0].source == jobs[0].article.url == server.url("/3")


def test_what_is_finished_does_not_come_again_and_what_is_new_does(tmp_path: Path) -> None:
    heard = Hearing()
    with serving(site(1, 2)) as server:
        first = found(tmp_path, server)
        assert titles(found(tmp_path, server)) == titles(first)
        finish(first[:1])
        assert titles(found(tmp_path, server)) == ["Tower 1"]
        finish(first)
        assert found(tmp_path, server, heard) == []
        assert heard.notices == [f"nothing new in {server.url('/feed')}"]
        server.pages |= site(1, 2, 3)
        assert titles(found(tmp_path, server)) == ["Tower 3"]


def test_a_run_that_was_killed_after_its_short_was_finished_is_believed(tmp_path: Path) -> None:
    with serving(site(1, 2)) as server:
        newest, _ = found(tmp_path, server)
        video = tmp_path / "out" / "tower-2.mp4"
        video.parent.mkdir()
        video.write_bytes(b"video")
        Journal(video.parent).append_done("tower-2", "key", [video], entry=newest.mark)
        assert titles(found(tmp_path, server)) == ["Tower 1"]
        video.unlink()
        assert titles(found(tmp_path, server)) == ["Tower 1"]


def test_a_run_that_was_killed_is_believed_by_one_with_another_output_folder(tmp_path: Path) -> None:
    heard = Hearing()
    with serving(site(1, 2)) as server:
        newest, _ = found(tmp_path, server)
        video = tmp_path / "out" / "tower-2.mp4"
        video.parent.mkdir()
        video.write_bytes(b"video")
        Journal(video.parent).append_done("tower-2", "key", [video], entry=newest.mark)
        with sources(tmp_path, heard, out="elsewhere") as run:
            assert titles(run.found(asked(tmp_path, server.url("/feed")))) == ["Tower 1"]
        shutil.rmtree(video.parent)
        assert titles(found(tmp_path, server)) == ["Tower 1"]
    assert heard.warnings == []


@pytest.mark.parametrize(("named", "left"), [(1, ["Tower 2", "Tower 1"]), (2, ["Tower 1"])])
def test_files_that_got_their_names_are_believed_without_the_line_that_says_so(
    tmp_path: Path, named: int, left: list[str]
) -> None:
    work, out = tmp_path / "work", tmp_path / "out"
    with serving(site(1, 2)) as server:
        newest, _ = found(tmp_path, server)
        for folder in (work, out):
            folder.mkdir()
        files = [work / "tower-2.mp4", work / "tower-2.srt"]
        for file in files:
            file.write_bytes(b"video")
        Journal(out).append_done("tower-2", "key", files, event=PUBLISHING, entry=newest.mark)
        for file in files[:named]:
            file.rename(out / file.name)
        with sources(tmp_path, Hearing(), out="elsewhere") as run:
            assert titles(run.found(asked(tmp_path, server.url("/feed")))) == left


def test_a_journal_elsewhere_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    heard = Hearing()
    with serving(site(1)) as server:
        found(tmp_path, server)
        (tmp_path / "out").mkdir()
        Journal(tmp_path / "out").path.mkdir()
        with sources(tmp_path, heard, out="elsewhere") as run:
            assert titles(run.found(asked(tmp_path, server.url("/feed")))) == ["Tower 1"]
    assert "may be told again" in heard.warnings[0]


def test_the_number_and_the_age_of_entries_are_bounded(tmp_path: Path) -> None:
    numbers = range(1, DEFAULT_COUNT + 6)
    with serving(site(*numbers)) as server:
        assert len(found(tmp_path, server)) == DEFAULT_COUNT
        assert titles(found(tmp_path, server, count=2)) == ["Tower 15", "Tower 14"]
        assert titles(found(tmp_path, server, since="2026-11-14T00:00:00Z")) == ["Tower 15", "Tower 14"]
        server.pages["/feed"] = feed("<item><title>No date</title><link>/1</link></item>")
        assert titles(found(tmp_path, server)) == ["No date"]
        assert found(tmp_path, server, since="7d") == []


def test_an_entry_that_fails_is_tried_a_few_times(tmp_path: Path) -> None:
    heard = Hearing()
    with serving(site(1)) as server:
        for _ in range(MAX_ATTEMPTS):
            jobs = found(tmp_path, server, heard)
            assert titles(jobs) == ["Tower 1"]
            finish(jobs, ArticleError("nothing to tell"))
        assert found(tmp_path, server, heard) == []
    assert any("given up" in text for text in heard.notices)


def test_faults_of_the_machine_do_not_count_against_an_entry(tmp_path: Path) -> None:
    with serving(site(1)) as server:
        for _ in range(MAX_ATTEMPTS + 1):
            jobs = found(tmp_path, server)
            assert titles(jobs) == ["Tower 1"]
            finish(jobs, OutputError("no space"))


def test_two_runs_do_not_do_the_same_feed_at_once(tmp_path: Path) -> None:
    heard = Hearing()
    with serving(site(1)) as server, sources(tmp_path) as one:
        request = asked(tmp_path, server.url("/feed"))
        assert len(one.found(request)) == 1
        assert one.found(request) == []
    assert heard.notices == []


def skipped(folder: Path, pages: dict[str, Page]) -> str:
    """Why the only entry of a feed is not told."""
    heard = Hearing()
    with serving(pages) as server, sources(folder, heard) as run:
        assert run.found(asked(folder, server.url("/feed"))) == []
        (one,) = run.skipped
    (notice,) = heard.notices
    assert one.reason in notice
    assert "Tower 1" in notice
    return notice


PAID = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>'
BOMB = Page(gzip.compress(bytes(20_000_000)), "text/html", headers={"Content-Encoding": "gzip"})
NASTY = {
    "paid": (page(1, PAID), "paywall"),
    "login": (Page(b"<p>Please log in to read it.</p>", "text/html"), "login"),
    "401": (Page(statuses=[401] * 9), "401"),
    "402": (Page(statuses=[402] * 9), "402"),
    "403": (Page(statuses=[403] * 9), "403"),
    "404": (Page(statuses=[404] * 9), "404"),
    "503": (Page(statuses=[503] * 9), "503"),
    "short": (Page(b"<p>Hardly a word is here.</p>", "text/html"), "too short"),
    "empty": (Page(b"", "text/html"), "empty"),
    "pdf": (Page(b"%PDF-1.7 hello", "text/html"), "PDF"),
    "image": (Page(b"\x89PNG\r\n\x1a\n" + bytes(3000), "text/html"), "not text"),
    "bomb": (BOMB, "unpacks to more"),
    "endless": (Page(endless=True, content_type="text/html"), "more than"),
    "circle": (Page(location="/1"), "in circles"),
    "elsewhere": (Page(location="file:///etc/hostname"), "redirects to"),
    "broken": (Page(b"x" * 100, "text/html", length=9000), "breaks off"),
    "no http": (Page(raw=b"SSH-2.0-OpenSSH\r\n"), "cannot be fetched"),
}


@pytest.mark.parametrize("kind", NASTY)
def test_a_page_that_is_no_story_leaves_the_feeds_own_text(kind: str, tmp_path: Path) -> None:
    bad, reason = NASTY[kind]
    assert reason in skipped(tmp_path, {"/feed": feed(item(1)), "/1": bad})
    bad.statuses = bad.statuses and [bad.statuses[0]] * 9
    heard = Hearing()
    with serving({"/feed": feed(item(1, " ".join(story(1)))), "/1": bad}) as server:
        (job,) = found(tmp_path, server, heard)
    assert job.article is not None
    assert job.article.text == " ".join(story(1))
    if kind != "short":
        assert any("own text" in text for text in heard.notices)


def test_slow_pages_are_given_up(tmp_path: Path) -> None:
    slow = Page(page(1).body, "text/html", bytes_per_s=20)
    with serving({"/feed": feed(item(1)), "/1": slow}) as server, sources(tmp_path, stall_s=0.3) as run:
        assert run.found(asked(tmp_path, server.url("/feed"))) == []


def test_a_full_text_in_the_feed_needs_no_page(tmp_path: Path) -> None:
    with serving({"/feed": feed(item(1, " ".join(story(1) * 4)))}) as server:
        assert titles(found(tmp_path, server)) == ["Tower 1"]
        assert [seen.path for seen in server.seen] == ["/feed"]


def test_no_secret_of_an_address_is_kept(tmp_path: Path) -> None:
    pages = site(1)
    pages["/feed"] = feed(item(1, link="/1?v=2&amp;token=SECRET"))
    for one in pages.values():
        one.headers["ETag"] = '"v1"'
    with serving(pages) as server:
        (job,) = found(tmp_path, server, path="/feed?token=SECRET")
        assert "SECRET" not in job.source
        assert job.article is not None
        assert job.article.url == job.source == server.url("/1?v=2")
        assert {seen.query for seen in server.seen} == {"token=SECRET", "", "v=2&token=SECRET"}
        finish([job])
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    pages_kept = [json.loads(path.read_text())["data"]["url"] for path in kept if path.parent.name == "page"]
    assert sorted(pages_kept) == [server.url("/1?v=2"), server.url("/feed")]
    assert not [path for path in kept if b"SECRET" in path.read_bytes()]


def test_robots_are_told_what_they_may_read(tmp_path: Path) -> None:
    rules = Page(b"User-agent: *\nDisallow: /1\nDisallow: /secret", "text/plain")
    pages = {**site(1, 2, 3), "/robots.txt": rules, "/3": Page(location="/secret"), "/secret": page(3)}
    heard = Hearing()
    with serving(pages) as server:
        assert titles(found(tmp_path, server, heard)) == ["Tower 2"]
        assert [seen.path for seen in server.seen].count("/robots.txt") == 1
        assert not {"/1", "/secret"} & {seen.path for seen in server.seen}
    assert len([text for text in heard.notices if "robots.txt" in text]) == 2


def test_nothing_is_sent_twice_that_did_not_change(tmp_path: Path) -> None:
    pages = site(1)
    for one in pages.values():
        one.headers["ETag"] = '"v1"'
    with serving(pages) as server:
        first = found(tmp_path, server)
        server.seen.clear()
        assert titles(found(tmp_path, server)) == titles(first)
        assert [seen.headers.get("If-None-Match") for seen in server.seen] == ['"v1"', None, '"v1"']
        pages["/feed"] = feed(item(1), item(2))
        pages["/feed"].headers["ETag"] = '"v2"'
        pages["/2"] = page(2)
        assert titles(found(tmp_path, server)) == ["Tower 2", "Tower 1"]


BROKEN_FEEDS = {
    "404": Page(statuses=[404] * 9),
    "403": Page(statuses=[403] * 9),
    "503": Page(statuses=[503] * 9),
    "304": Page(statuses=[304] * 9),
    "page": Page(b"<!doctype html><html></html>", "application/rss+xml"),
    "empty": Page(b"", "application/rss+xml"),
    "json": Page(b"{}", "application/rss+xml"),
    "binary": Page(bytes(range(256)) * 99, "application/rss+xml"),
    "bomb": BOMB,
    "endless": Page(endless=True),
    "circle": Page(location="/bad"),
    "broken": Page(b"<rss>", length=5000),
}


@pytest.mark.parametrize("kind", BROKEN_FEEDS)
def test_a_feed_that_cannot_be_had_fails_alone(kind: str, tmp_path: Path) -> None:
    with serving({**site(1), "/bad": BROKEN_FEEDS[kind]}) as server, sources(tmp_path) as run:
        requests = [*asked(tmp_path, server.url("/bad?token=secret")), *asked(tmp_path, server.url("/feed"))]
        bad, good = run.found(requests)
    assert bad.error is not None
    assert bad.error.exit_code == 3
    assert "secret" not in bad.error.line() + bad.source
    assert "\n" not in bad.error.line()
    assert titles([good]) == ["Tower 1"]


def test_a_cut_off_feed_keeps_its_whole_entries(tmp_path: Path) -> None:
    pages, heard = site(1, 2), Hearing()
    pages["/feed"].body = pages["/feed"].body[:-60]
    with serving(pages) as server:
        assert titles(found(tmp_path, server, heard)) == ["Tower 1"]
    assert "cut off" in heard.warnings[0]


def test_addresses_are_articles_too(tmp_path: Path) -> None:
    pages = {"/1": page(1), "/paid": page(2, PAID), "/closed": Page(statuses=[403])}
    with serving(pages) as server, sources(tmp_path) as run:
        urls = [server.url(path) for path in ("/1?token=secret", "/paid", "/closed", "/gone")]
        jobs = run.found(expand(urls, Settings(tmp_path / "cache")))
    assert jobs[0].article is not None
    assert jobs[0].article.title == "Tower 1"
    assert jobs[0].article.url == jobs[0].source == server.url("/1")
    for job, reason in zip(jobs[1:], ("paywall", "403", "404"), strict=True):
        assert job.error is not None
        assert reason in job.error.message
        assert job.error.exit_code == 3


def test_lines_of_a_jobs_file_name_feeds(tmp_path: Path) -> None:
    lines = [
        {"feed": "https://a.example/feed", "max": 3, "since": "2026-11-01T00:00:00Z", "seconds": 20},
        {"feed": "https://a.example/feed"},
        {"feed": "ftp://a.example/feed"},
        {"feed": "https://a.example/feed", "article": "a.md"},
        {"feed": 3},
        {"feed": "https://a.example/feed", "max": 0},
        {"feed": "https://a.example/feed", "max": "3"},
        {"feed": "https://a.example/feed", "since": "soon"},
        {"feed": "https://a.example/feed", "since": 7},
        {"feed": "https://a.example/feed", "allow-private-hosts": True},
    ]
    path = tmp_path / "jobs.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    first, second, *wrong = expand([str(path)], Settings(tmp_path))
    assert first.feed is not None
    assert (first.feed.count, first.feed.since_s, first.settings.seconds) == (3, 1_793_491_200.0, 20)
    assert second.feed is not None
    assert (second.feed.count, second.feed.since_s) == (DEFAULT_COUNT, None)
    assert all(job.error is not None and str(path) in job.source for job in wrong)


def test_options_of_feeds_need_one(tmp_path: Path) -> None:
    for count, since in ((3, None), (None, "7d")):
        with pytest.raises(UsageError, match="feeds"):
            feed_requests([], Settings(tmp_path), count, since)
    with pytest.raises(UsageError):
        feed_requests(["feed.xml"], Settings(tmp_path), None, None)

"""Which entries of feeds are done: remembered by all processes, bounded, never trusted blindly."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nvpipe.cache.feeds import MAX_ATTEMPTS, EntryState, FeedStore, entry_key, feed_key
from nvpipe.cache.listing import clear, ls
from nvpipe.cache.naming import feeds_path
from nvpipe.cache.pages import PageCopy, PageStore
from nvpipe.cache.prune import prune
from nvpipe.cache.verify import verify
from nvpipe.types.codec import digest_of

FEED, OTHER = feed_key("https://a.example/feed"), feed_key("https://b.example/feed")
DONE = EntryState(FEED, entry_key("1"), "done", 0, "https://a.example/1", "One")


def store(storage: Path) -> tuple[FeedStore, list[str]]:
    heard: list[str] = []
    return FeedStore(storage, heard.append), heard


def test_entries_are_remembered_by_feed(tmp_path: Path) -> None:
    one, _ = store(tmp_path)
    one.record(DONE)
    one.record(replace(DONE, feed=OTHER, state="failed", attempts=2))
    again, heard = store(tmp_path)
    assert again.of(FEED) == {DONE.entry: DONE}
    assert again.of(OTHER)[DONE.entry].attempts == 2
    assert again.of(feed_key("else")) == {}
    assert heard == []


def test_the_last_word_counts(tmp_path: Path) -> None:
    one, _ = store(tmp_path)
    for attempts in range(MAX_ATTEMPTS + 1):
        one.record(replace(DONE, state="failed", attempts=attempts))
        assert store(tmp_path)[0].of(FEED)[DONE.entry].is_over == (attempts == MAX_ATTEMPTS)
    one.record(DONE)
    assert store(tmp_path)[0].of(FEED)[DONE.entry].is_over


def test_long_texts_are_shortened(tmp_path: Path) -> None:
    one, _ = store(tmp_path)
    one.record(replace(DONE, title="t" * 10_000, link="l" * 10_000, reason="\ud800" * 10_000))
    assert feeds_path(tmp_path).stat().st_size < 5000


@pytest.mark.parametrize("content", [b"", b"{", b"\0" * 99, b'{"entries": []}', b"[" * 100_000])
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    store(tmp_path)[0].record(DONE)
    feeds_path(tmp_path).write_bytes(content)
    one, heard = store(tmp_path)
    assert one.of(FEED) == {}
    one.record(DONE)
    assert len(heard) == 1
    assert "set aside" in heard[0]
    assert store(tmp_path)[0].of(FEED) == {DONE.entry: DONE}
    assert [file.state for file in ls(tmp_path) if file.kind == "feeds"] == ["ok"]


def test_entries_that_make_no_sense_are_passed_over_and_told_by_verify(tmp_path: Path) -> None:
    from nvpipe.cache.feeds import FEEDS
    from nvpipe.cache.store import write

    good = {"feed": FEED, "entry": "e", "state": "done", "attempts": 0, "link": "", "title": "", "reason": ""}
    write(feeds_path(tmp_path), FEEDS, "", {"entries": [good, {**good, "state": "?"}, {**good, "attempts": -1}, 7]})
    assert list(store(tmp_path)[0].of(FEED)) == ["e"]
    (finding,) = verify(tmp_path)
    assert (finding.kind, finding.state) == ("feeds", "damaged")


def test_the_commands_of_the_cache_know_it(tmp_path: Path) -> None:
    one, _ = store(tmp_path)
    with one.claim(FEED) as held:
        assert held
        one.record(DONE)
    assert [(file.kind, file.state) for file in ls(tmp_path)] == [("feeds", "ok")]
    assert [(finding.kind, finding.state) for finding in verify(tmp_path)] == [("feeds", "ok")]
    assert prune(tmp_path, 0).files == ()
    assert clear(tmp_path, ledger=True).feeds_kept
    assert store(tmp_path)[0].of(FEED)
    assert clear(tmp_path, ledger=True, feeds=True).files == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    storage = tmp_path / "file"
    storage.write_text("in the way")
    one, heard = store(storage)
    with one.claim(FEED) as held:
        assert held
    one.record(DONE)
    assert one.of(FEED) == {DONE.entry: DONE}
    assert len(heard) == 1


HOLD = """
import sys
from pathlib import Path
from nvpipe.cache.feeds import FeedStore
with FeedStore(Path(sys.argv[1]), print).claim(sys.argv[2]) as held:
    print(held, flush=True)
    sys.stdin.read()
"""


def test_a_feed_is_held_against_other_processes_until_they_die(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path), FEED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        with store(tmp_path)[0].claim(FEED) as held:
            assert not held
        with store(tmp_path)[0].claim(OTHER) as held:
            assert held
        process.kill()
        process.wait()
        with store(tmp_path)[0].claim(FEED) as held:
            assert held


RECORD = """
import sys
from pathlib import Path
from nvpipe.cache.feeds import EntryState, FeedStore
for number in range(15):
    FeedStore(Path(sys.argv[1]), print).record(EntryState(sys.argv[2], f"{sys.argv[3]}-{number}", "done", 0))
"""


def test_processes_that_record_at_once_lose_nothing(tmp_path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", RECORD, str(tmp_path), FEED, str(n)]) for n in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(store(tmp_path)[0].of(FEED)) == 45


def test_copies_of_pages_are_kept_by_address(tmp_path: Path) -> None:
    copies = PageStore(tmp_path, lambda _: None)
    page = PageCopy("https://a.example/2", "text/html", '"1"', "then", bytes(range(256)))
    assert copies.load("https://a.example/1?token=secret") is None
    copies.save("https://a.example/1?token=secret", page)
    assert copies.load("https://a.example/1?token=secret") == page
    assert copies.load("https://a.example/1") is None
    assert [finding.state for finding in verify(tmp_path)] == ["ok"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"secret" in path.read_bytes()]


@pytest.mark.parametrize("entry", [{}, [], None, {"url": "x"}, dict.fromkeys(["url", "etag", "body"], 1)])
def test_a_copy_that_makes_no_sense_is_none(tmp_path: Path, entry: object) -> None:
    from nvpipe.cache.stages import StageStore

    url = "https://a.example/1"
    PageStore(tmp_path, lambda _: None).save(url, PageCopy(url, "", "", "", b"x"))
    (path,) = tmp_path.rglob("*.json")
    StageStore(tmp_path, print).save("page", path.stem, entry)
    assert PageStore(tmp_path, lambda _: None).load(url) is None


def test_keys_hide_the_address() -> None:
    key = feed_key("https://me:secret@a.example/feed")
    assert key == digest_of(["feed", "https://me:secret@a.example/feed"])
    assert "secret" not in json.dumps(key)

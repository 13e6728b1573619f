"""`nvpipe run --feed` against a site on this machine: again, killed, with something new, two at once."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from fakes.cli import Cli
from fakes.feeds import feed as feed_of
from fakes.feeds import item, page, site
from fakes.web_server import Page, WebServer, serving

pytestmark = pytest.mark.e2e

SHORT = ("--seconds", "4", "--quality", "low", "--captions", "none", "--layout", "fill")


def arguments(server: WebServer, clip: Path, *more: str) -> tuple[str, ...]:
    return (
        "run",
        "--feed",
        server.url("/feed"),
        "--footage",
        str(clip),
        "--out",
        "out",
        "--allow-private-hosts",
        *SHORT,
        "--jobs",
        "1",
        *more,
    )


def done(result: Any) -> list[str]:
    assert result.code == 0, result.err
    return [Path(job["output"]).name for job in result.json["jobs"] if job["status"] == "done" and not job["cached"]]


def outputs(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "out").glob("*.mp4"))


def test_new_entries_are_told_once(cli: Cli, clip: Path, tmp_path: Path) -> None:
    with serving(site(1)) as server:
        command = arguments(server, clip, "--json")
        assert done(cli(*command)) == ["tower-1.mp4"]
        manifest = json.loads((tmp_path / "out" / "tower-1.json").read_text())
        assert manifest["article"]["source"] == server.url("/1")
        assert manifest["article"]["title"] == "Tower 1"

        again = cli(*arguments(server, clip))
        assert (again.code, again.out) == (0, "")
        assert [line.strip() for line in again.err.splitlines()] == [f"note: nothing new in {server.url('/feed')}"]

        server.pages |= site(1, 2)
        assert done(cli(*command)) == ["tower-2.mp4"]
        elsewhere = cli(*command, "--out", "elsewhere")
        assert done(elsewhere) == []
    assert outputs(tmp_path) == ["tower-1.mp4", "tower-2.mp4"]
    kinds = {file["kind"] for file in cli("cache", "ls", "--json").json["files"]}
    assert "feeds" in kinds
    assert cli("cache", "verify").code == 0


def test_a_killed_run_forgets_nothing_and_repeats_nothing(cli: Cli, clip: Path, tmp_path: Path) -> None:
    with serving(site(1, 2)) as server:
        process = cli.start(*arguments(server, clip))
        for _ in range(1200):
            if outputs(tmp_path):
                break
            time.sleep(0.05)
        process.kill()
        process.communicate()
        first = outputs(tmp_path)
        assert first == ["tower-2.mp4"]
        made = (tmp_path / "out" / "tower-2.mp4").stat()
        assert cli(*arguments(server, clip)).code == 0
        assert outputs(tmp_path) == ["tower-1.mp4", "tower-2.mp4"]
        after = (tmp_path / "out" / "tower-2.mp4").stat()
        # Killed between the file's name and the journal's line it is copied from the cache, else not touched.
        assert after.st_size == made.st_size
        assert "nothing new" in cli(*arguments(server, clip)).err


def test_two_runs_at_once_tell_an_entry_once(cli: Cli, clip: Path, tmp_path: Path) -> None:
    with serving(site(1)) as server:
        first = cli.start(*arguments(server, clip))
        for _ in range(1200):
            if any(seen.path == "/1" for seen in server.seen):
                break
            time.sleep(0.02)
        second = cli(*arguments(server, clip, "--out", "other"))
        assert second.code == 0
        assert "another run is at work" in second.err
        assert first.wait(timeout=300) == 0
        first.communicate()
    assert outputs(tmp_path) == ["tower-1.mp4"]
    assert not list((tmp_path / "other").glob("*.mp4"))


def test_one_bad_feed_does_not_stop_the_rest(cli: Cli, clip: Path, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.jsonl"
    with serving({"/feed": feed_of(item(1)), "/1": page(1), "/bad": Page(b"no feed", "text/plain")}) as server:
        jobs.write_text(
            json.dumps({"feed": server.url("/bad")}) + "\n" + json.dumps({"article": server.url("/1?token=SECRET")})
        )
        result = cli("run", jobs, *arguments(server, clip, "--json")[1:])
    assert result.code == 1
    assert [job["status"] for job in result.json["jobs"]] == ["failed", "done", "done"]
    assert "SECRET" not in result.out + result.err
    (line,) = result.error_lines
    assert "no RSS, Atom or JSON feed" in line


def test_what_cannot_be_done_has_its_exit_code(cli: Cli, clip: Path) -> None:
    with serving(site(1)) as server:
        url, footage = server.url("/feed"), ("--footage", str(clip))
        cases = [
            (2, ("--feed", "feed.xml")),
            (2, ("--feed", url, "--max", "0")),
            (2, ("--feed", url, "--since", "soon")),
            (2, ("--max", "3", "a.md")),
            (2, ("--sample", "--feed", url)),
            (3, ("--feed", url)),
            (3, (url,)),
        ]
        for code, more in cases:
            result = cli("run", *footage, *more)
            assert result.code == code, result.err
            assert len(result.error_lines) == 1
        assert server.seen == []


def test_no_secret_of_an_address_is_in_any_file(cli: Cli, clip: Path, tmp_path: Path) -> None:
    pages = site(1)
    pages["/feed"] = feed_of(item(1, link="/1?v=2&amp;token=SECRET"))
    with serving(pages) as server:
        assert done(cli(*arguments(server, clip, "--json"))) == ["tower-1.mp4"]
        manifest = json.loads((tmp_path / "out" / "tower-1.json").read_text())
        assert manifest["article"]["url"] == server.url("/1?v=2")
        address = server.url("/1?token=SECRET").replace("://", "://me:SECRET@")
        plain = ("run", address, "--footage", str(clip), "--out", "plain", "--allow-private-hosts", "--json", *SHORT)
        result = cli(*plain)
        assert done(result) == ["tower-1.mp4"]
        assert "SECRET" not in result.out + result.err
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"SECRET" in path.read_bytes()]

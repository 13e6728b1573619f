"""Command line and jobs files as single jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nvpipe.errors import InputError, UsageError
from nvpipe.pipeline.jobs import expand, feed_requests
from nvpipe.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "cache", footage=("clip.mp4",), seconds=30)


def test_articles_keep_their_order(settings: Settings) -> None:
    assert [job.source for job in expand(["b.md", "-", "a.md"], settings)] == ["b.md", "-", "a.md"]


def test_a_line_wins_over_the_command_line(tmp_path: Path, settings: Settings) -> None:
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text('{"article": "a.md", "seconds": 20, "layout": "fill"}\n\n{"article": "b.md"}\n')
    first, second = expand([str(jobs)], settings)
    assert (first.settings.seconds, first.settings.layout) == (20, "fill")
    assert second.settings == settings


def test_paths_beside_the_jobs_file_are_found(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "clip.mp4").write_bytes(b"x")
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text('{"article": "a.md", "footage": "clip.mp4"}\n')
    (job,) = expand([str(jobs)], settings)
    assert job.source == str(tmp_path / "a.md")
    assert job.settings.footage == (str(tmp_path / "clip.mp4"),)


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        "{}",
        '{"article": 3}',
        '{"article": "a.md", "speed": 3}',
        '{"article": "a.md", "seconds": "x"}',
        '{"article": "a.md", "storage": "x"}',
        '{"article": "' + "[" * 50_000 + '"',
        "[" * 50_000,
    ],
)
def test_a_bad_line_fails_alone_and_is_named(line: str, tmp_path: Path, settings: Settings) -> None:
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text(f'{line}\n{{"article": "good.md"}}\n')
    bad, good = expand([str(jobs)], settings)
    assert bad.error is not None
    assert "jobs.jsonl:1" in bad.error.line()
    assert good.error is None


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe\xfa{}"])
def test_a_jobs_file_without_jobs_is_refused(content: bytes, tmp_path: Path, settings: Settings) -> None:
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_bytes(content)
    with pytest.raises(InputError, match=r"jobs\.jsonl"):
        expand([str(jobs)], settings)


def test_a_missing_jobs_file_is_named(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(InputError, match=r"no\.jsonl cannot be read"):
        expand([str(tmp_path / "no.jsonl")], settings)


def test_no_article_is_wrong_usage(settings: Settings) -> None:
    with pytest.raises(UsageError):
        expand([], settings)


def test_a_picture_beside_the_jobs_file_is_found(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "face.png").write_bytes(b"x")
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text('{"article": "a.md", "split_with": "face.png"}\n{"article": "a.md", "split-with": "none.png"}\n')
    first, second = expand([str(jobs)], settings)
    assert first.settings.split_with == tmp_path / "face.png"
    assert str(second.settings.split_with) == "none.png"


@pytest.mark.parametrize("name", ["script", "narration"])
def test_the_words_of_one_article_are_not_of_a_feed(name: str, tmp_path: Path, settings: Settings) -> None:
    own = settings.with_values({name: "mine.txt"}, where="here")
    feeds = feed_requests(["https://a.example/feed?token=SECRET"], own, None, None)
    with pytest.raises(UsageError, match=f"--{name} is of one article, not of a feed"):
        expand([], own, feeds)
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text(
        f'{{"feed": "https://a.example/feed?token=SECRET", "{name}": "mine.txt"}}\n{{"article": "good.md"}}\n'
    )
    bad, good = expand([str(jobs)], settings)
    assert isinstance(bad.error, UsageError)
    assert f"--{name} is of one article, not of a feed" in bad.error.message
    assert "SECRET" not in bad.error.line() + bad.source
    assert bad.feed is None
    assert good.error is None


def test_a_folder_is_the_articles_that_lie_in_it(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("b.md", "a.TXT", "c.html", "notes.pdf", ".hidden.md", "deeper/d.md"):
        (tmp_path / name).write_text("text")
    found = expand([str(tmp_path)], settings)
    assert [request.source for request in found] == [str(tmp_path / name) for name in ("a.TXT", "b.md", "c.html")]


def test_a_folder_without_articles_is_told(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(InputError, match="has no articles"):
        expand([str(tmp_path)], settings)

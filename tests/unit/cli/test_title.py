"""`--title [TEXT]`: an option that may go without its text must not swallow the article."""

from __future__ import annotations

from pathlib import Path

import pytest

from nvpipe.cli.run import command
from nvpipe.errors import UsageError
from nvpipe.settings import load_settings


def parsed(*arguments: str) -> tuple[object, list[str]]:
    """The title and the articles of a command line."""
    params = command.make_context("run", list(arguments)).params
    return params["title"], [str(article) for article in params["articles"]]


@pytest.mark.parametrize(
    ("arguments", "title", "articles"),
    [
        (("a.md",), None, ["a.md"]),
        (("a.md", "--title"), "true", ["a.md"]),
        (("--title", "a.md"), "true", ["a.md"]),
        (("--title", "a.TXT", "b.html"), "true", ["a.TXT", "b.html"]),
        (("--title", "-"), "true", ["-"]),
        (("--title", "https://example.com/story"), "true", ["https://example.com/story"]),
        (("--title", "jobs.jsonl"), "true", ["jobs.jsonl"]),
        (("--title", "Look at this", "a.md"), "Look at this", ["a.md"]),
        (("--title=a.md", "b.md"), "a.md", ["b.md"]),
        (("--title", "--seconds", "9", "a.md"), "true", ["a.md"]),
        (("a.md", "--title", "Two\nlines"), "Two\nlines", ["a.md"]),
        (("--", "--title", "a.md"), None, ["--title", "a.md"]),
        (("--title", "--", "a.md"), "true", ["a.md"]),
    ],
)
def test_the_article_stays_an_article(arguments: tuple[str, ...], title: object, articles: list[str]) -> None:
    assert parsed(*arguments) == (title, articles)


def test_a_file_without_a_suffix_is_an_article_when_it_is_there(tmp_path: Path) -> None:
    story = tmp_path / "story"
    story.write_text("Once.")
    assert parsed("--title", str(story)) == ("true", [str(story)])
    assert parsed("--title", str(tmp_path / "other")) == (str(tmp_path / "other"), [])


def test_a_title_from_every_place(tmp_path: Path) -> None:
    def title(flags: dict[str, object], config: str = "", environ: str = "") -> str | bool:
        (tmp_path / "nvpipe.toml").write_text(config)
        variables = {"NVPIPE_TITLE": environ, "NVPIPE_STORAGE": str(tmp_path)}
        return load_settings(flags, environ=variables, folder=tmp_path).title

    assert title({}) is False
    assert title({}, "title = true") is True
    assert title({}, 'title = "From the file"') == "From the file"
    assert title({}, "title = true", "From  outside") == "From outside"
    assert title({}, environ="TRUE") is True
    assert title({"title": "false"}, "title = true") is False
    for wrong in ("title = 7", 'title = " "', "title = []"):
        with pytest.raises(UsageError, match="title"):
            title({}, wrong)


def test_a_cover_is_wanted_unless_it_is_left_out(tmp_path: Path) -> None:
    assert command.make_context("run", ["a.md"]).params["cover"] is None
    assert command.make_context("run", ["a.md", "--no-cover"]).params["cover"] is False
    assert load_settings({"storage": "x"}, environ={}, folder=tmp_path).cover
    assert not load_settings({"storage": "x", "cover": False}, environ={}, folder=tmp_path).cover

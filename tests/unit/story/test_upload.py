"""Title, description and hashtags that come from the article itself."""

from __future__ import annotations

import re

import pytest

from nvpipe.errors import UsageError
from nvpipe.story.extractive import ExtractiveWriter, told_sentences
from nvpipe.story.upload import check_call_to_action, default_hashtags, default_title, shortened
from nvpipe.types import Article


def test_the_embedded_writer_gives_them(harbour: Article) -> None:
    made = ExtractiveWriter().write(harbour, language="en", seconds=30, words_per_second=2.8)
    assert made.title == "Harbour bridge to close"
    assert made.description.startswith("The city council of Port Ellery voted on Tuesday night")
    assert len(made.description) <= 320
    assert {"bridge", "harbour"} <= {tag.casefold() for tag in made.hashtags}


@pytest.mark.parametrize("name", ["harbour", "german"])
def test_hashtags_are_words_of_the_article(name: str, request: pytest.FixtureRequest) -> None:
    article: Article = request.getfixturevalue(name)
    sentences = [sentence.text for sentence in told_sentences(article.text, "en")]
    tags = default_hashtags(article.title, sentences)
    words = set(re.findall(r"\w+", f"{article.title} {article.text}"))
    assert 1 <= len(tags) <= 5
    assert set(tags) <= words


def test_a_script_without_spaces_gives_none(japanese: Article) -> None:
    assert default_hashtags(japanese.title, [japanese.text]) == ()


def test_an_article_without_a_title_lends_its_first_line() -> None:
    assert default_title("", ["First.", "Second."]) == "First."
    assert default_title("", []) == ""


def test_long_texts_are_cut_between_words() -> None:
    assert shortened("one two three four", 14) == "one two three…"
    assert shortened("x" * 50, 10) == "x" * 9 + "…"


def test_what_can_be_said_at_the_end() -> None:
    check_call_to_action("Follow for more!")
    for text in ("", " ", "!!!", "a\nb", "x" * 200):
        with pytest.raises(UsageError):
            check_call_to_action(text)

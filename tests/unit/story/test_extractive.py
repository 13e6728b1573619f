from __future__ import annotations

import random
from itertools import pairwise

import pytest

from nvpipe.errors import ArticleError
from nvpipe.story import WRITERS
from nvpipe.story.budget import Option, fill_budget
from nvpipe.story.extractive import ExtractiveWriter
from nvpipe.story.sentences import split_sentences, spoken_words
from nvpipe.story.speakable import is_speakable, leans_on_previous
from nvpipe.types import Article, Script

PACE = 2.8


def script(article: Article, seconds: float, language: str = "en") -> Script:
    return ExtractiveWriter().write(article, language=language, seconds=seconds, words_per_second=PACE)


def seconds_of(made: Script) -> float:
    return sum(spoken_words(line.text, made.language) for line in made.lines) / PACE


def article_of(text: str) -> Article:
    return Article(source="x", title="T", text=text, url=None, digest="d")


@pytest.mark.parametrize("seconds", [15, 20, 30, 45, 60, 75, 90])
def test_length_is_met(harbour: Article, seconds: float) -> None:
    assert seconds_of(script(harbour, seconds)) == pytest.approx(seconds, rel=0.045)


@pytest.mark.parametrize("seconds", [20, 45, 90])
def test_lines_are_sentences_of_the_article_in_its_order(harbour: Article, seconds: float) -> None:
    sentences = split_sentences(harbour.text, "en")
    made = script(harbour, seconds)
    places = [sentences.index(line.text) for line in made.lines]
    assert places == sorted(set(places))
    assert all(line.sources == (line.text,) for line in made.lines)
    assert made.writer == "extractive"


@pytest.mark.parametrize("seconds", [15, 30, 45, 60])
def test_first_line_stands_alone_and_others_lean_on_what_was_said(harbour: Article, seconds: float) -> None:
    sentences = split_sentences(harbour.text, "en")
    lines = [line.text for line in script(harbour, seconds).lines]
    assert not leans_on_previous(lines[0], "en")
    for before, line in pairwise(lines):
        if leans_on_previous(line, "en"):
            assert sentences.index(line) == sentences.index(before) + 1


def test_the_lead_comes_first(harbour: Article) -> None:
    assert script(harbour, 45).lines[0].text.startswith("The city council of Port Ellery voted")


def test_a_short_article_is_told_whole_without_its_furniture(harbour: Article) -> None:
    text = script(harbour, 600).text
    assert text.count("\n") > 15
    for furniture in ("Lena Marsh", "Photo", "https"):
        assert furniture not in text


def test_other_languages(german: Article, japanese: Article) -> None:
    for article, language in ((german, "de"), (japanese, "ja")):
        made = script(article, 15, language)
        assert seconds_of(made) == pytest.approx(15, rel=0.1)
        assert {line.text for line in made.lines} <= set(split_sentences(article.text, language))


def test_the_same_input_gives_the_same_script(harbour: Article) -> None:
    assert script(harbour, 45) == script(harbour, 45)
    assert script(harbour, 45).digest != script(harbour, 60).digest


def test_nothing_is_said_twice() -> None:
    text = "\n\n".join(["The old bridge over the river Elle is closed to everybody from today on."] * 40)
    assert len(script(article_of(text), 45).lines) == 1


def test_near_repetitions_give_way(harbour: Article) -> None:
    again = "The city council of Port Ellery voted on Tuesday night to close the old harbour bridge for some months."
    article = article_of(f"{harbour.text}\n\n{again}")
    assert again not in script(article, 45).text


def test_a_text_without_full_stops_is_cut_to_the_time() -> None:
    words = random.Random(3).choices(
        ["river", "bridge", "ferry", "winter", "cable", "council", "road", "night", "engineer", "boat"], k=4000
    )
    made = script(article_of(" ".join(words)), 30)
    assert seconds_of(made) == pytest.approx(30, rel=0.1)
    assert made.lines[0].sources == (" ".join(words),)


def test_whole_sentences_come_before_a_perfect_length(harbour: Article) -> None:
    made = script(harbour, 10)
    assert 7.4 <= seconds_of(made) <= 10.8
    assert all(line.text == line.sources[0] for line in made.lines)


def test_a_sentence_too_long_ends_with_a_clause() -> None:
    text = (
        "The council of the harbour town voted on Tuesday night to close the old bridge, because engineers had found "
        "rust in most of its cables, which carry thousands of cars on every single day of the year, and nobody could "
        "say how long they would hold, so that ferries will run in its place until the spring of next year."
    )
    made = script(article_of(text), 10)
    assert seconds_of(made) <= 10.8
    assert made.lines[0].text.rstrip(".").endswith(("bridge", "cables"))
    assert made.lines[0].sources == (text,)


def test_text_without_spaces_is_cut_too() -> None:
    made = script(article_of("橋" * 3000), 20, "zh")
    assert seconds_of(made) == pytest.approx(20, rel=0.1)


def test_an_hour_of_text(harbour: Article) -> None:
    rng = random.Random(1)
    words = harbour.text.split()
    sentences = [" ".join(rng.choices(words, k=18)).strip(".,").capitalize() + "." for _ in range(2500)]
    made = script(article_of("\n\n".join(sentences)), 45)
    assert seconds_of(made) == pytest.approx(45, rel=0.045)


def test_nothing_to_tell() -> None:
    for text in ("", "12 34 56 78", "https://example.org/a https://example.org/b"):
        with pytest.raises(ArticleError):
            script(article_of(text), 45)


def test_fragments_are_told_where_there_is_nothing_else() -> None:
    assert script(article_of("Roses are red\n\nViolets are blue\n\nSugar is sweet"), 45).text.count("\n") == 2


@pytest.mark.parametrize(
    "line",
    [
        "By Lena Marsh",
        "By Lena Marsh and Tom Reyes, Port Ellery",
        "Photo: The bridge at dawn.",
        "Read more about the closure here.",
        "Subscribe to our newsletter today.",
        "See https://example.org/a for more.",
        "Write to news@example.org today.",
        "Why it matters",
        "12.5 | 14.0 | 33.1 | 7.",
        "The routes are as follows:",
    ],
)
def test_furniture_is_not_told(line: str) -> None:
    assert not is_speakable(line)


@pytest.mark.parametrize(
    "line",
    [
        "Why does it matter?",
        "By Monday the bridge will be closed to all traffic.",
        "Photographs show that rust has eaten through the cables.",
        "Related work in Norway has shown that ferries help.",
        "橋は昨日閉鎖された。",
        "पुल कल से बंद है।",
        "It rose 3.5% to $10.5 billion.",
    ],
)
def test_sentences_are_told(line: str) -> None:
    assert is_speakable(line)


def test_leaning_sentences() -> None:
    for line in ("However, it rained.", '"Then I\'m done."', '"I\'ll go," he said.', "The rest has to come from us."):
        assert leans_on_previous(line, "en"), line
    for line in ("This week it rained.", "Ferries will run.", '"We can\'t wait," said Dr. Obi.'):
        assert not leans_on_previous(line, "en"), line
    assert leans_on_previous("しかし雨が降った。", "ja")
    assert leans_on_previous("Aber es regnete.", "de")
    assert not leans_on_previous("Die Brücke ist zu.", "de")


def test_budget_prefers_value_among_what_fits() -> None:
    groups = [[Option((0,), 40, 40.0)], [Option((1,), 60, 20.0)], [Option((2,), 61, 50.0)], [Option((3,), 30, 29.0)]]
    chosen = fill_budget(groups, 100, highest_share=1.08)
    assert [option.members for option in chosen] == [(0,), (2,)]


def test_writer_is_registered_and_proves_itself() -> None:
    assert WRITERS.probe("extractive").usable

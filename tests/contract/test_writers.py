"""What every writer owes, whichever it is: a registry line enrols it here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from fakes.retelling import retelling_model

from nvpipe.errors import ArticleError
from nvpipe.sample import sample_article
from nvpipe.scheduler import CpuDevice, Scheduler
from nvpipe.story import WRITERS, Desk, Wishes
from nvpipe.story.article import read_article
from nvpipe.story.sentences import split_sentences, spoken_words
from nvpipe.types import Article, Script

PACE = 2.8
LONG = {
    "de": """\
Die Stadt Ellerhafen sperrt ihre alte Hafenbrücke vom zweiten April an für achtzehn Monate. Prüfer hatten im Herbst \
an vierzehn der Tragseile Rost gefunden. Die Stadtbaurätin hält einen weiteren Winter für zu gefährlich.

Die Reparatur kostet nach Angaben der Stadt 48,5 Millionen Euro. Zwei Drittel davon übernimmt das Land. Fähren \
fahren künftig alle zehn Minuten über den Hafen. Die Überfahrt ist in den ersten sechs Wochen kostenlos. \
Autofahrer müssen den Umweg über die Ringstraße nehmen, der achtzehn Kilometer lang ist.

Händler am südlichen Ufer fürchten um ihre Kundschaft. Ein Geschäft für Angelbedarf will nur bis Weihnachten \
durchhalten. Radfahrer fordern seit Jahren eine Querung ohne Lastwagen. Der Stadtrat lässt nun prüfen, ob eine Spur \
später für Fahrräder frei bleiben kann.
""",
    "ja": """\
港町エラリーの市議会は火曜日、古い港の橋を十八か月間閉鎖すると決めた。点検でケーブル二十二本のうち十四本に腐食が見つかったためだ。\
主任技師のオビ氏は、危険は毎月大きくなると述べた。

修理には四十八億円かかる見込みである。渡し船は十分おきに運航し、最初の六週間は無料になる。自転車の団体は、車の通らない橋を長年求めてきた。\
市は一車線を自転車専用にできるか調べる方針だ。
""",
}
SHORT = "A bridge has been closed. The engineers found rust in its cables. Ferries will run every ten minutes."
CLOSERS = "\"'”’»)」』"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wishes, Desk]]:
    """What every writer is given: a model that knows the articles of these tests, for those who use one."""
    folder = tmp_path_factory.mktemp("writers")
    model = None
    if find_spec("gguf") is not None:
        texts = [(article_in(language), language, seconds) for language, seconds in [*CASES, ("en", 30.0)]]
        texts += [(article_of(SHORT), language, 30.0) for language in ("en", "de")]
        model = str(retelling_model(folder / "retelling.gguf", texts, PACE))
    with Scheduler(CpuDevice()) as scheduler:
        yield Wishes(folder / "cache", model, threads=1), Desk(lambda: scheduler, lambda _: None)


@pytest.fixture(params=WRITERS.names(), scope="module")
def writer(request: pytest.FixtureRequest, desk: tuple[Wishes, Desk]) -> Any:
    made: Any = WRITERS.load(request.param)
    made.prepare(*desk)
    probe = made.probe()
    if not probe.usable:
        pytest.skip(probe.reason)
    return made


def article_of(text: str) -> Article:
    return Article(source="a.md", title="A bridge", text=text.strip(), url=None, digest="d")


def article_in(language: str) -> Article:
    return read_article(str(sample_article())) if language == "en" else article_of(LONG[language])


def written(writer: Any, article: Article, seconds: float, language: str = "en") -> Script:
    made = writer.write(article, language=language, seconds=seconds, words_per_second=PACE)
    assert isinstance(made, Script)
    return made


def sentences_of(article: Article, language: str) -> list[str]:
    return [line for part in article.text.split("\n\n") for line in split_sentences(part, language)]


def seconds_of(made: Script) -> float:
    return sum(spoken_words(line.text, made.language) for line in made.lines) / PACE


def test_one_writer_is_usable_here() -> None:
    WRITERS.choose()


CASES = [("en", 20.0), ("en", 45.0), ("de", 20.0), ("ja", 20.0)]


@pytest.mark.parametrize(("language", "seconds"), CASES)
def test_the_time_is_kept(writer: Any, language: str, seconds: float) -> None:
    article = article_in(language)
    everything = spoken_words(article.text, language) / PACE
    assert everything > 1.2 * seconds, "the article of this test is too short"
    assert seconds_of(written(writer, article, seconds, language)) == pytest.approx(seconds, rel=0.1)


@pytest.mark.parametrize(("language", "seconds"), CASES)
def test_lines_are_whole_sentences_that_rest_on_the_article(writer: Any, language: str, seconds: float) -> None:
    article = article_in(language)
    known = sentences_of(article, language)
    for line in written(writer, article, seconds, language).lines:
        assert line.text == line.text.strip()
        assert line.text.rstrip(CLOSERS)[-1] in ".!?…。！？"
        assert "\n" not in line.text
        assert line.sources
        assert set(line.sources) <= set(known)


def test_nothing_is_said_twice(writer: Any) -> None:
    lines = [line.text for line in written(writer, article_in("en"), 45).lines]
    assert len(set(lines)) == len(lines)


def test_a_short_article_is_told_whole(writer: Any) -> None:
    made = written(writer, article_of(SHORT), 60)
    told = {source for line in made.lines for source in line.sources}
    assert told == set(split_sentences(SHORT, "en"))


def test_the_same_article_gives_the_same_script(writer: Any) -> None:
    first, again = (written(writer, article_in("en"), 30) for _ in range(2))
    assert first == again
    other = written(writer, article_of(SHORT), 30)
    assert other.digest != first.digest


def test_the_digest_is_of_the_language_too(writer: Any) -> None:
    english, german = (written(writer, article_of(SHORT), 30, language) for language in ("en", "de"))
    assert (english.language, german.language) == ("en", "de")
    assert english.digest != german.digest


def test_the_script_says_who_wrote_it(writer: Any, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["writer"]
    assert written(writer, article_of(SHORT), 10).writer.startswith(name)


@pytest.mark.parametrize("text", ["", " \n\n ", "*** --- ***"])
def test_nothing_to_tell_is_an_article_error(writer: Any, text: str) -> None:
    with pytest.raises(ArticleError):
        written(writer, article_of(text), 30)

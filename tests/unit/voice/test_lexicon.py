"""The user's own pronunciations."""

from __future__ import annotations

from pathlib import Path

import pytest

from nvpipe.errors import UsageError
from nvpipe.settings import load_settings
from nvpipe.types import Script, ScriptLine
from nvpipe.voice import Booth, Manner
from nvpipe.voice.espeak import EspeakSpeaker
from nvpipe.voice.saying.lexicon import parse_lexicon
from nvpipe.voice.spoken import SpokenText, spoken_text
from nvpipe.voice.tokens import atoms_of

TABLE = {
    "SQL": "sequel",
    "nginx": "engine x",
    "Nguyen": "win",
    "New York City": "the big apple",
    "es": {"SQL": "ese cu ele"},
}
ENTRIES = parse_lexicon(TABLE, "here")


def said(text: str, language: str = "en-us", entries: tuple[tuple[str, str, str], ...] = ENTRIES) -> SpokenText:
    atoms = atoms_of(Script((ScriptLine(text, ()),), language, "test", "0"))
    return spoken_text(atoms, language, say_han=False, lexicon=entries)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SQL and MySQL", "sequel and MySQL."),
        ("NGINX or Nginx, nginx!", "engine x or engine x, engine x!"),
        ("Nguyen's, nguyen", "win's, nguyen."),
        ("from New York City to New York", "from the big apple to New York."),
        ("(SQL)", "(sequel."),
        ("SQL-like", "sequel-like."),
        ("SQL", "sequel."),
    ],
)
def test_whole_words_are_replaced(text: str, words: str) -> None:
    assert said(text).text.strip() == words


def test_an_entry_of_the_language_wins() -> None:
    assert said("SQL", "es").text.strip() == "ese cu ele."
    assert said("SQL", "ru").text.strip() == "sequel."


def test_the_words_belong_to_what_they_are_said_for() -> None:
    spoken = said("in New York City")
    assert [spoken.owners[spoken.text.index(word)] for word in ("in", "the", "big", "apple")] == [0, 1, 2, 3]


def test_other_rules_leave_a_saying_alone() -> None:
    entries = parse_lexicon({"RTX": "R T X", "CEO": "NATO 5 Dr."}, "here")
    assert said("the CEO", entries=entries).text.strip() == "the NATO 5 Dr."


def test_signs_of_the_text_are_not_taken_for_marks() -> None:
    assert said("\U000f0000 SQL \U000f0001").text.strip() == "sequel."


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (5, "takes a table"),
        ({"a": 5}, "'a' takes text"),
        ({"a": ""}, "says nothing"),
        ({"": "x"}, "no word"),
        ({"a": "/ˈsiːkwəl/"}, "phonetic"),
        ({"x y": {"a": "b"}}, "no language code"),
        ({"es": {"a": {"b": "c"}}}, r"lexicon\.es: 'a' takes text"),
        ({"a": "x\x01y"}, "in it"),
        ({"a": "[[x]]"}, "in it"),
        ({"a": "y" * 300}, "too long"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(table: object, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        parse_lexicon(table, "nvpipe.toml: lexicon")
    assert caught.value.message.startswith("nvpipe.toml: lexicon")
    assert "\n" not in caught.value.line()


def test_the_settings_file_gives_it(tmp_path: Path) -> None:
    config = tmp_path / "nvpipe.toml"
    config.write_text('[lexicon]\nSQL = "sequel"\n[lexicon.es]\nSQL = "ese cu ele"\n')
    assert load_settings({}, config=config, environ={}).lexicon == (
        ("", "SQL", "sequel"),
        ("es", "SQL", "ese cu ele"),
    )
    config.write_text("[lexicon]\nSQL = 5\n")
    with pytest.raises(UsageError, match=r"nvpipe\.toml: lexicon: 'SQL'"):
        load_settings({}, config=config, environ={})


def test_a_speakers_version_follows_from_it(tmp_path: Path) -> None:
    def nothing() -> object:
        raise AssertionError

    versions = set()
    for entries in ((), ENTRIES, ENTRIES[:1]):
        speaker = EspeakSpeaker()
        speaker.prepare(Manner(tmp_path, lexicon=entries), Booth(nothing, print))  # type: ignore[arg-type]
        versions.add(speaker.version)
    assert len(versions) == 3

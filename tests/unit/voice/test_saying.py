"""How things are said, and whose each character of what is said is."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.types import Script, ScriptLine
from nvpipe.voice.saying.rewriting import NOBODY
from nvpipe.voice.saying.tables import LANGUAGES
from nvpipe.voice.spoken import SpokenText, spoken_text
from nvpipe.voice.tokens import Atom, atoms_of

SAYINGS = tomllib.loads(Path(__file__).with_name("sayings.toml").read_text(encoding="utf-8"))
ROWS = [(tag, written, said) for tag, rows in SAYINGS.items() for written, said in rows.items()]
FIGURES = (
    *tuple(
        "0 1 23 456 2024 , . - – / : % $ € £ °C km m² ½ # @ ' ( ) st º e h XIV करोड़ १ ① 🎮".split()  # noqa: SIM905
    ),
    *(" ", " de ", "RTX ", "Dr. ", "March ", "mai "),
)
HOSTILE = {
    "a row of digits": "9" * 8000,
    "groups without end": "1," * 4000,
    "thousands without end": "123," * 2500,
    "versions without end": "1.2" * 3000,
    "fractions": "1/0 " * 2000,
    "signs": "-" * 4000 + "1" + "(-" * 2000 + "2",
    "powers": "10^400 " * 1000 + "²" * 2000,
    "addresses": "a@" * 2000 + " " + "www." * 1000 + " https://" + "a/" * 3000,
    "labels": "#" * 3000 + " " + "#a " * 2000,
    "right to left": "\u202e12 \u05d0 ٣٤ " * 800,
    "capitals": "ABC IVX " * 800,
    "private signs": "\U000f0000 5 \U000fffff " * 500,
}


def said(text: str, tag: str) -> tuple[SpokenText, list[Atom]]:
    atoms = atoms_of(Script((ScriptLine(text, ()),), tag, "test", "0"))
    return spoken_text(atoms, tag, say_han=False), atoms


def of_atoms(text: str, tag: str) -> list[tuple[str, str]]:
    spoken, atoms = said(text, tag)
    parts = [
        "".join(character for character, owner in zip(spoken.text, spoken.owners, strict=True) if owner == number)
        for number in range(len(atoms))
    ]
    return [(atom.text, part.strip()) for atom, part in zip(atoms, parts, strict=True)]


def check_owners(spoken: SpokenText) -> None:
    assert len(spoken.text) == len(spoken.owners)
    owners = [owner for owner in spoken.owners if owner != NOBODY]
    assert owners == sorted(owners)


@pytest.mark.parametrize(("tag", "written", "words"), ROWS)
def test_it_is_said_as_people_say_it(tag: str, written: str, words: str) -> None:
    assert said(written, tag)[0].text.strip().rstrip(".") == words


def test_every_language_has_its_rows() -> None:
    assert len(SAYINGS["en-us"]) >= 40
    assert all(len([row for row in ROWS if row[0].partition("-")[0] == code]) >= 15 for code in LANGUAGES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_digit_is_left_and_owners_keep_their_order(code: str) -> None:
    for _, written, _ in ROWS:
        spoken, _ = said(f"Before {written}, and {written} after", code)
        check_owners(spoken)
        assert not any(character.isdigit() for character in spoken.text), (written, spoken.text)


@pytest.mark.parametrize("code", [*LANGUAGES, "en-gb", "pt-pt"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_said_in_order(code: str, name: str) -> None:
    spoken, _ = said(HOSTILE[name], code)
    check_owners(spoken)
    assert not any(character.isdigit() for character in spoken.text)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(FIGURES),
        max_size=24,
    ),
    st.sampled_from(LANGUAGES),
)
def test_any_row_of_figures_is_said_in_order(parts: list[str], code: str) -> None:
    spoken, atoms = said("".join(parts), code)
    check_owners(spoken)
    assert not any(character.isdigit() for character in spoken.text), spoken.text
    assert all(0 <= owner < len(atoms) for owner in spoken.owners if owner != NOBODY)


def test_each_atom_has_its_part_in_the_order_of_speech() -> None:
    assert of_atoms("It cost $10.5 billion on March 3, 2024", "en-us") == [
        ("It", "It"), ("cost", "cost"), ("$10.5", "ten point five"), ("billion", "billion dollars"), ("on", "on"),
        ("March", "March"), ("3,", "third,"), ("2024", "twenty twenty-four"),
    ]  # fmt: skip
    assert of_atoms("1 234 €", "fr") == [("1", "mille deux"), ("234", "cent trente-quatre"), ("€", "euros")]
    assert of_atoms("10,5 Mio. €", "de") == [("10,5", "zehn Komma fünf"), ("Mio.", "Millionen"), ("€", "Euro")]


def test_words_that_are_written_out_stay_as_they_are() -> None:
    for tag, text in (
        ("en-us", "The council voted to close the old harbour bridge"),
        ("es", "El consejo cerró el puente viejo"),
        ("hi", "परिषद ने पुराना पुल बंद कर दिया"),
        ("de", "Der Rat hat die alte Brücke geschlossen"),
    ):
        assert said(text, tag)[0].text.strip().rstrip(".") == text


def test_labels_at_the_end_and_emoji_are_not_said() -> None:
    spoken, atoms = said("We won! 🎉 #gaming #fyp", "en-us")
    assert spoken.text.strip() == "We won!"
    assert spoken.sounded() == {0, 1}
    assert len(atoms) == 5


def test_another_language_is_said_as_it_is_written() -> None:
    assert said("Мост стоил 5 рублей", "ru")[0].text.strip() == "Мост стоил 5 рублей."


def test_names_of_months_are_those_of_cldr() -> None:
    from nvpipe.voice.saying.dates import month_names

    for code in LANGUAGES:
        full, names = month_names(code)
        assert len(full) == 12
        assert set(names.values()) == set(range(1, 13))
        assert all(unicodedata.category(name[0])[0] == "L" for name in names)

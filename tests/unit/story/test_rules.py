"""What a script must keep to."""

from __future__ import annotations

import pytest

from nvpipe.story.rules import Limits, line_faults, script_faults

GOOD = (
    "A town just switched off all of its street lamps.",
    "The price? Two million euros.",
    "That's what Dr. Ines Falk found in the moth traps.",
    "Little Averham saves £3,200 a week.",
)


def rules(lines: tuple[str, ...], language: str = "en", wanted: float = 38.0) -> set[str]:
    return {fault.rule for fault in script_faults(lines, language, wanted_words=wanted)}


def test_a_good_script_has_no_fault() -> None:
    assert script_faults(GOOD, "en", wanted_words=38.0) == ()


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("", "empty"),
        ("…!", "empty"),
        ("The lamps are off. The moths are back.", "sentences"),
        ("The moths are back #nature", "hashtag"),
        ("Ask @averham about the moths.", "hashtag"),
        ("The moths are back 🦋", "emoji"),
        ("The **moths** are back.", "markup"),
        ("- The moths are back.", "markup"),
        ("1. The moths are back.", "markup"),
        ("See [the report](x) for more.", "markup"),
        ("[upbeat music] The moths are back.", "stage"),
        ("The moths are back (dramatic pause).", "stage"),
        ("Narrator: The moths are back.", "stage"),
        ("Hook: The moths are back.", "stage"),
        ("Read it at www.averham.example/moths now.", "address"),
        ("Write to moths@averham.org today.", "address"),
        ("Go to averham.org today.", "address"),
        ("THE MOTHS ARE BACK TODAY!", "shouted"),
        ("The moths\x07 are back.", "control"),
        (f"The moths are back because {'the lamps are off and ' * 12}dark.", "length"),
    ],
)
def test_line(line: str, rule: str) -> None:
    found = line_faults(line, "en", at=2)
    assert rule in {fault.rule for fault in found}
    assert all(fault.line == 2 and fault.sentence.startswith("Line 3 ") for fault in found)


@pytest.mark.parametrize(
    "line",
    [
        "It's the #1 town for moths.",
        "Moth numbers went up by two thirds (in eight weeks).",
        "Prices rose 3.5% at Q&A Ltd.",
        "NASA and the BBC came to look.",
        "“My neighbours sleep better,” says Mr. Tibbett.",
    ],
)
def test_ordinary_lines_are_left_alone(line: str) -> None:
    assert line_faults(line, "en") == ()


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("In this video we look at moths.", "en"),
        ("Hello everyone and welcome.", "en"),
        ("Here's the script:", "en"),
        ("Hola a todos.", "es"),
        ("Dans cette vidéo, on parle de ponts.", "fr"),
        ("इस वीडियो में पुल देखिए।", "hi"),
        ("In diesem Video geht es um Motten.", "de"),
    ],
)
def test_openings(line: str, language: str) -> None:
    assert "opening" in rules((line,), language)


def test_openings_only_of_the_first_line() -> None:
    assert "opening" not in rules((GOOD[0], "Hello moths, said the town."))


def test_long_hook() -> None:
    line = (
        "A town council nobody outside the district had heard of has permanently switched off its street lamps now."
    )
    assert "hook" in rules((line,))


def test_repeated_lines_also_nearly() -> None:
    repeated = (*GOOD, "Little Averham saves £3,200 a week!")
    assert [fault.line for fault in script_faults(repeated, "en", wanted_words=45.0)] == [4]


def test_language() -> None:
    german = ("Die Stadt hat ihre Laternen abgeschaltet.", "Jetzt kommen alle Motten wieder zurück.")
    assert "language" in rules(german)


def test_total() -> None:
    assert rules(GOOD, wanted=10.0) == {"total"}
    assert rules(GOOD, wanted=100.0) == {"total"}
    assert rules((), wanted=10.0) == {"empty"}


def test_limits_are_the_callers() -> None:
    assert {fault.rule for fault in line_faults(GOOD[0], "en", limits=Limits(line_words=3.0))} == {"length"}


@pytest.mark.parametrize("unit", ["(", "[", "*a", "_a", "<a ", "&a", "#", ". A", "1:", "\x00", "🎉", "a"])
def test_hostile_lines(unit: str) -> None:
    line = (unit * 100_000)[:100_000]
    assert script_faults((line, line), "en", wanted_words=40.0)

"""Dates and times of day."""

from __future__ import annotations

import pytest

from nvpipe.story.grounding.facts import facts_of


@pytest.mark.parametrize(
    ("text", "language", "date"),
    [
        ("on 3 March 2024", "en", (2024, 3, 3)),
        ("on March 3rd, 2024", "en", (2024, 3, 3)),
        ("on 2024-03-03", "en", (2024, 3, 3)),
        ("the third of March", "en", (0, 3, 3)),
        ("March twenty twenty-four", "en", (2024, 3, 0)),
        ("in May", "en", (0, 5, 0)),
        ("am dritten März", "de", (0, 3, 3)),
        ("am 3. März 2024", "de", (2024, 3, 3)),
        ("el tres de marzo de dos mil veinticuatro", "es", (2024, 3, 3)),
        ("le 1er mars 2024", "fr", (2024, 3, 1)),
        ("il 18 ottobre", "it", (0, 10, 18)),
        ("4 de maio", "pt", (0, 5, 4)),
        ("3 मार्च 2024", "hi", (2024, 3, 3)),
        ("5 марта 2024", "ru", (2024, 3, 5)),
    ],
)
def test_date(text: str, language: str, date: tuple[int, int, int]) -> None:
    facts = facts_of(text, language)
    (found,) = facts.dates
    assert (found.year, found.month, found.day) == date
    assert facts.quantities == ()


@pytest.mark.parametrize(
    ("text", "minute", "half"),
    [
        ("at 6 a.m.", 360, "am"),
        ("at 18:30", 390, "pm"),
        ("at half past five in the morning", 330, "am"),
        ("at a quarter to nine", 525, ""),
        ("at six thirty in the evening", 390, "pm"),
        ("at 4:45 in the afternoon", 285, "pm"),
        ("at noon", 0, "pm"),
    ],
)
def test_time(text: str, minute: int, half: str) -> None:
    (found,) = facts_of(text, "en").dates
    assert (found.minute, found.half) == (minute, half)


@pytest.mark.parametrize("text", ["It may rain.", "They march on.", "a score of 3:2", "It costs $4.50."])
def test_no_date(text: str) -> None:
    assert facts_of(text, "en").dates == ()


def test_weekday_with_a_hyphen() -> None:
    assert facts_of("na segunda-feira", "pt").dates[0].weekday == 1

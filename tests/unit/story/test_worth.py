"""What the lines of a script are worth."""

from __future__ import annotations

import pytest

from nvpipe.story.worth import line_values

LINES = [
    "The old bridge over the harbour was closed on Tuesday because of rust in its cables.",
    "The rust in the cables of the bridge was found by engineers of the harbour last autumn.",
    "Somebody sold ice cream.",
    "The harbour will run ferries until the bridge and its cables are repaired.",
]


def test_every_line_has_a_positive_value() -> None:
    values = line_values(LINES, "en")
    assert len(values) == len(LINES)
    assert min(values) > 0


def test_a_line_about_something_else_is_worth_the_least() -> None:
    values = line_values(LINES, "en")
    assert min(values) == values[2]


def test_the_same_lines_are_worth_the_same() -> None:
    assert line_values(LINES, "en") == line_values(LINES, "en")


@pytest.mark.parametrize("lines", [[], ["Only this."], ["—"], ["a", "a"], ["।", "नदी का पानी लौट आया है।"]])
def test_odd_scripts_have_values_too(lines: list[str]) -> None:
    assert len(line_values(lines, "hi")) == len(lines)

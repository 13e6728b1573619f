"""Lines that say what their sources say, and lines that don't."""

from __future__ import annotations

import time

import pytest

from nvpipe.story.grounding.check import check_line

ARTICLE = (
    "Harbour bridge to close",
    (
        "The city council of Port Ellery voted on Tuesday to close the bridge for eighteen months, after engineers "
        "found corrosion in 14 of its 22 cables."
    ),
    "\"We can't wait another winter,\" said Dr. Amara Obi, the city's chief engineer.",
    "She told the council that sensors had picked up four wire breaks in nine weeks.",
    "The repair is expected to cost $48.5 million, of which the state will pay two thirds.",
    "Tomas Reyes, who has sold fishing gear there for 26 years, fears the worst.",
    "The U.S. Army Corps of Engineers offered to lend a bridge on April 2, 2025.",
    "The town saves £3,200 a week, and 415 people have signed.",
)


def kinds(line: str, *sources: int, language: str = "en") -> list[str]:
    cited = [ARTICLE[number] for number in sources]
    return [one.kind for one in check_line(line, cited, language, article=ARTICLE)]


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("Port Ellery is closing its bridge for a year and a half.", 1),
        ("Fourteen out of 22 cables are corroded.", 1),
        ("Obi says, “We can’t wait another winter.”", 2),
        ("“We … wait another winter”, said Obi.", 2),
        ("Obi told the council about four wire breaks in nine weeks.", 3),
        ("That costs forty-eight and a half million dollars.", 4),
        ("That costs nearly fifty million dollars.", 4),
        ("The state pays two-thirds.", 4),
        ("Reyes has sold fishing gear for twenty-six years.", 5),
        ("Tomas Reyes's shop may not survive.", 5),
        ("The US Army offered a bridge on the second of April.", 6),
        ("Over 400 people have signed.", 7),
        ("Yesterday was quiet. Imagine that!", 1),
        ("THIS BRIDGE WILL CLOSE FOR EIGHTEEN MONTHS!", 1),
    ],
)
def test_grounded(line: str, source: int) -> None:
    assert kinds(line, source) == []


@pytest.mark.parametrize(
    ("line", "source", "kind"),
    [
        ("Port Ellery is closing its bridge for two years.", 1, "number"),
        ("The council voted on Wednesday.", 1, "date"),
        ("The council of Fort Ellis voted.", 1, "name"),
        ("Obi says, “We can wait another winter.”", 2, "quotation"),
        ("Amara Reyes is the chief engineer.", 2, "name"),
        ("Sensors found nine wire breaks.", 3, "number"),
        ("That costs 48.5 billion dollars.", 4, "number"),
        ("That costs 48.5 million euros.", 4, "number"),
        ("That costs about 60 million dollars.", 4, "number"),
        ("The state will pay 66 percent.", 4, "number"),
        ("The offer came on April 3.", 6, "date"),
        ("The offer came on April 2, 2024.", 6, "date"),
        ("The town saves £3,200 a month.", 7, "number"),
        ("More than 500 people have signed.", 7, "number"),
        ("It is the “bridge of horrors”.", 1, "quotation"),
    ],
)
def test_ungrounded(line: str, source: int, kind: str) -> None:
    assert kind in kinds(line, source)


def test_percent_is_no_percentage_point() -> None:
    source = ["The rate rose by 15 percentage points."]
    assert check_line("It rose 15 percentage points.", source, "en") == ()
    assert [one.kind for one in check_line("It rose 15 percent.", source, "en")] == ["number"]


def test_half_is_fifty_percent() -> None:
    assert check_line("Half of them left.", ["50 percent of the staff left."], "en") == ()


def test_reason_can_stand_in_a_prompt() -> None:
    (fault,) = check_line("It closes on Friday.", [ARTICLE[1]], "en", article=ARTICLE)
    assert fault.text == "Friday"
    assert fault.reason.endswith(".")
    assert "Friday" in fault.reason


def test_swapped_numbers_of_one_sentence() -> None:
    source = ["The firm refunded 212 meals to 83 customers."]
    (fault, *_) = check_line("The firm refunded 83 meals.", source, "en")
    assert (fault.kind, "212" in fault.reason) == ("number", True)


def test_german_nouns_are_no_names() -> None:
    source = ["Die Stadt sperrt ihre alte Brücke."]
    assert check_line("Das Ende einer Ära: Autofahrer brauchen jetzt Geduld.", source, "de") == ()
    assert [one.kind for one in check_line("Das sagte Huber am Rathaus.", source, "de")] == ["name"]


def test_latin_words_in_a_script_without_capitals() -> None:
    source = ["Indus Wings ने उसे नौकरी दी।"]
    assert check_line("Indus Wings ने नौकरी दी।", source, "hi") == ()
    assert [one.kind for one in check_line("Indigo Wings ने नौकरी दी।", source, "hi")] == ["name"]


def test_acronym_of_a_name() -> None:
    assert check_line("The ECB raised rates.", ["The European Central Bank raised rates."], "en") == ()


def test_every_sentence_is_grounded_in_itself() -> None:
    for sentence in ARTICLE:
        assert check_line(sentence, [sentence], "en", article=ARTICLE) == ()


@pytest.mark.parametrize("language", ["en", "it", "hi", "xx"])
@pytest.mark.parametrize(
    "unit",
    ["1", "1,", "1 111 ", '"', "' a", "A. ", "two hundred and ", "half a ", "1 to ", "zweihundert", "1/2/", "千万",
     "\u202eشركة ١٢٣ ", "१२ करोड़ ", "\x00\x07", "a\u0301", "\ud800", "May 3 ", "(*_", "🎉"],
)  # fmt: skip
def test_hostile_text_takes_no_time(unit: str, language: str) -> None:
    text = (unit * 100_000)[:100_000]
    start = time.process_time()
    check_line(text, [text, ARTICLE[1]], language, article=[text, *ARTICLE])
    assert time.process_time() - start < 10


def test_nothing_to_check() -> None:
    assert check_line("", [], "en") == ()
    assert check_line("And that is all.", [], "en") == ()


@pytest.mark.parametrize(
    ("line", "source", "language"),
    [
        ("It was 5 degrees.", "It was minus 5 degrees.", "en"),
        ("It was minus 5 degrees.", "It was 5 degrees.", "en"),
        ("It was -5.", "It was 5.", "en"),
        ("It was 5 °C.", "It was −5 °C.", "en"),
        ("It was five degrees below zero.", "It was 5 degrees.", "en"),
        ("Nachts waren es 5 Grad.", "Nachts waren es minus 5 Grad.", "de"),
        ("They won 1-3.", "They won 3-1.", "en"),
        ("They won 3–1.", "They won 1–3.", "en"),
        ("Sie gewannen 1:3.", "Sie gewannen 3:1.", "de"),
        ("It grew twentyfold.", "It grew tenfold.", "en"),
        ("A third agreed.", "34 percent agreed.", "en"),
    ],
)
def test_signs_scores_and_shares_that_differ(line: str, source: str, language: str) -> None:
    assert [one.kind for one in check_line(line, [source], language)] == ["number"]


@pytest.mark.parametrize(
    ("line", "source", "language"),
    [
        ("It was minus five degrees.", "It was −5 degrees.", "en"),
        ("It was five degrees below zero.", "It was -5 degrees.", "en"),
        ("Five people came.", "- 5 people came.", "en"),
        ("They won three to two.", "They won 3-2.", "en"),
        ("It opens 9-5.", "It opens from 9 to 5.", "en"),
        ("It grew by a factor of ten.", "It grew tenfold.", "en"),
        ("It grew twofold.", "It doubled.", "en"),
        ("Der Preis stieg um den Faktor zehn.", "Der Preis hat sich verzehnfacht.", "de"),
        ("Two thirds agreed.", "66.7 percent agreed.", "en"),
        ("33 percent agreed.", "A third agreed.", "en"),
        ("Vinieron 5 personas.", "Vinieron al menos 5 personas.", "es"),
    ],
)
def test_signs_scores_and_shares_that_agree(line: str, source: str, language: str) -> None:
    assert check_line(line, [source], language) == ()

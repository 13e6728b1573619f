"""Sheets as text and as a page."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from nvpipe.bench.page import page, prove_place, write_page
from nvpipe.bench.sheet import Bars, Plot, Series, Sheet, Table, counted, markdown
from nvpipe.bench.svg import figure, ticks
from nvpipe.errors import UsageError

EVIL = '<script>alert("x")</script>|&\'\u202e'
PLOT = Plot(
    EVIL,
    "kbit/s",
    EVIL,
    (
        Series(EVIL, ((1000, 40, EVIL), (4000, 45, "b"))),
        Series("one point", ((2000, 41, "c"),)),
        Series("nothing", ()),
        Series("not finite", ((2000, math.inf, "d"), (0, 40, "e"))),
    ),
    log_x=True,
)
TABLE = Table(
    EVIL, ("name", "number", "empty", "same"), ((EVIL, 1.236, None, True), ("b", 2.0, None, False)), (0, 2, 0, 0)
)
SHEET = Sheet(EVIL, EVIL, (("date", EVIL),), (PLOT, Bars("Speed", "fps", ((EVIL, 3.0), ("b", 0.0))), TABLE), (EVIL,))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "path", "circle", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_is_whole_and_asks_for_nothing() -> None:
    text = page(SHEET)
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe"} & set(tags.seen)
    assert {"svg", "table", "figure"} <= set(tags.seen)
    assert not {"src", "href", "onclick"} & {name for name, _ in tags.attributes}
    assert not re.search(r"https?:|@import|url\(", text)
    assert "prefers-color-scheme:dark" in text
    assert "width=device-width" in text


def test_plots_are_well_formed_and_points_lie_inside() -> None:
    text = figure(PLOT)
    root = ET.fromstring(text)
    svg = root.find("svg")
    assert svg is not None
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    circles = svg.findall(".//circle")
    assert len(circles) == 2
    assert all(0 < float(one.attrib["cx"]) < width and 0 < float(one.attrib["cy"]) < height for one in circles)
    left, right = (float(one.attrib["cx"]) for one in circles)
    low, high = (float(one.attrib["cy"]) for one in circles)
    assert left < right
    assert low > high
    assert [item.text or (item[0].tail if len(item) else None) for item in root.findall(".//li")] == [
        EVIL,
        "one point",
    ]


def test_a_plot_without_points_is_not_drawn() -> None:
    assert figure(Plot("empty", "x", "y", (Series("nothing", ()),))) == ""


def test_a_single_value_has_room_around_it() -> None:
    assert "<circle" in figure(Plot("one", "x", "y", (Series("a", ((0.0, 0.0, "p"),)),)))


@pytest.mark.parametrize(
    ("low", "high", "log"),
    [(0, 1, False), (34.2, 45.9, False), (-3, 3, False), (900, 15_000, True), (0.5, 1e6, True), (10, 11, True)],
)
def test_ticks_are_few_and_within(low: float, high: float, log: bool) -> None:
    found = ticks(low, high, log=log)
    assert 2 <= len(found) <= 8
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in found)
    assert found == sorted(found)


def test_text_has_every_table_without_empty_columns() -> None:
    lines = markdown(SHEET)
    at = lines.index("| name | number | same |")
    assert lines[at + 3] == "| b | 2.00 | NO |"
    assert "1.24" in lines[at + 2]
    assert "\\|" in lines[at + 2]


def test_a_page_is_written_where_it_can_be(tmp_path: Path) -> None:
    target = tmp_path / "bench.html"
    prove_place(target)
    write_page(SHEET, target)
    assert target.read_text("utf-8").startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["bench.html"]


def test_a_place_where_no_page_can_be_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone" / "bench.html"):
        with pytest.raises(UsageError, match="--html"):
            prove_place(path)


def test_nouns_follow_their_number() -> None:
    assert [counted(1, "run"), counted(2, "run"), counted(2, "stretch", "stretches")] == [
        "1 run", "2 runs", "2 stretches",
    ]  # fmt: skip

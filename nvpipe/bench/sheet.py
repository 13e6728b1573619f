"""What a benchmark has to show, before it becomes text or a page."""

from __future__ import annotations

from dataclasses import dataclass

Cell = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; a number is shown with the digits of its column."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    digits: tuple[int, ...]
    """After the point, of each column."""
    note: str = ""

    def shown(self) -> Table:
        """The same without columns that have nothing in any row."""
        kept = [place for place in range(len(self.head)) if any(row[place] is not None for row in self.rows)]
        return Table(
            self.title,
            tuple(self.head[place] for place in kept),
            tuple(tuple(row[place] for place in kept) for row in self.rows),
            tuple(self.digits[place] for place in kept),
            self.note,
        )

    def texts(self) -> list[list[str]]:
        """The cells as they are shown."""
        return [[shown(cell, digits) for cell, digits in zip(row, self.digits, strict=True)] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a plot."""

    name: str
    points: tuple[tuple[float, float, str], ...]
    """x, y, and what the point is."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines on two axes."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    log_x: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each name."""

    title: str
    label: str
    """What the lengths are."""
    bars: tuple[tuple[str, float], ...]
    digits: int = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that one benchmark shows."""

    title: str
    lead: str
    """What was measured, in a sentence."""
    facts: tuple[tuple[str, str], ...]
    """The machine and the circumstances."""
    parts: tuple[Table | Plot | Bars, ...]
    notes: tuple[str, ...]
    """What is missing and why, and how the figures are to be read."""


def shown(cell: Cell, digits: int) -> str:
    """A cell as text: yes and NO, nothing for what is not known."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "NO"
    if isinstance(cell, (int, float)):
        return f"{cell:.{digits}f}"
    return cell


def markdown(sheet: Sheet) -> list[str]:
    """Its tables in Markdown, with what stands around them; plots are for the page."""
    lines = [sheet.lead, "; ".join(f"{name}: {text}" for name, text in sheet.facts)]
    for part in sheet.parts:
        if isinstance(part, Table):
            table = part.shown()
            lines += ["", table.title, "", _line(table.head), "|" + "---|" * len(table.head)]
            lines += [_line(row) for row in table.texts()]
            lines += ["", table.note] if table.note else []
    return [*lines, *(["", *sheet.notes] if sheet.notes else [])]


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def counted(count: int, one: str, many: str = "") -> str:
    """A number and its noun: 1 run, 2 runs."""
    return f"{count} {one if count == 1 else many or one + 's'}"

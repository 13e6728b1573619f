"""How often the grounding of lines misses an invention, and how often it takes a true line for one.

The lines are in `grounding/develop.toml`, which the checker was developed on, and in sets that were written without
looking at what it does; their headers have the figures of the first look, what it showed was mended afterwards. About
half of the lines are altered on purpose, each in one place. An altered line counts as found when the checker reports
something of the altered kind (a year may be a date or a number), as missed when it reports nothing at all, and as
misnamed in between. A true line of which anything is reported is a false alarm.

    python bench/grounding.py [FILE.toml ...] [--json]
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nvpipe.story.grounding.check import Ungrounded, check_line
from nvpipe.story.grounding.facts import facts_of

FOLDER = Path(__file__).parent / "grounding"
SETS = ("develop", "held_out", "unseen")
ALIKE = {"number": {"number", "date"}, "date": {"number", "date"}, "name": {"name"}, "quotation": {"quotation"}}


@dataclass(frozen=True)
class Judged:
    """A line of the set and what the checker said of it."""

    text: str
    language: str
    altered: str
    what: str
    found: tuple[Ungrounded, ...]
    seconds: float

    @property
    def verdict(self) -> str:
        kinds = {one.kind for one in self.found}
        if not self.altered:
            return "false alarm" if kinds else "passed"
        if not kinds:
            return "missed"
        return "found" if kinds & ALIKE[self.altered] else "misnamed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=[FOLDER / f"{name}.toml" for name in SETS])
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    options = parser.parse_args()
    results = {path.stem: list(judged_lines(path)) for path in options.files}
    if options.json:
        print(json.dumps({name: _summary(lines) for name, lines in results.items()}, ensure_ascii=False))
        return
    for name, lines in results.items():
        _print_set(name, lines)


def judged_lines(path: Path) -> Iterator[Judged]:
    """Every line of a set, judged; the time is that of a first look at the line, the article being known."""
    for article in tomllib.loads(path.read_text(encoding="utf-8"))["article"]:
        sentences, language = article["sentences"], article["language"]
        for sentence in sentences:
            facts_of(sentence, language)
        for text, cited, altered, what in article["lines"]:
            sources = [sentences[number] for number in cited]
            start = time.perf_counter()
            found = check_line(text, sources, language, article=sentences)
            yield Judged(text, language, altered, what, found, time.perf_counter() - start)


def _print_set(name: str, lines: Sequence[Judged]) -> None:
    print(f"\n{name}: {len(lines)} lines, {sum(bool(line.altered) for line in lines)} of them altered")
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    by_language: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        by_kind[line.altered or "(true lines)"][line.verdict] += 1
        by_language[line.language][line.verdict] += 1
        by_language["all"][line.verdict] += 1
    for title, table in (("altered", by_kind), ("language", by_language)):
        print(f"  {title:<14}{'lines':>7}{'found':>7}{'misnamed':>10}{'missed':>8}{'passed':>8}{'false alarms':>14}")
        for key, counts in table.items():
            print(
                f"  {key:<14}{counts.total():>7}{counts['found']:>7}{counts['misnamed']:>10}{counts['missed']:>8}"
                f"{counts['passed']:>8}{counts['false alarm']:>14}"
            )
    times = sorted(line.seconds for line in lines)
    print(f"  a line takes {1000 * times[len(times) // 2]:.2f} ms at the median, {1000 * times[-1]:.2f} ms at most")
    for line in lines:
        if line.verdict in ("missed", "misnamed", "false alarm"):
            said = "; ".join(f"{one.kind} “{one.text}”" for one in line.found)
            print(f"  {line.verdict} ({line.language}) {line.text} [{line.what or 'true'}] {said}")


def _summary(lines: Sequence[Judged]) -> dict[str, object]:
    counts = Counter(line.verdict for line in lines)
    wrong = [
        {"text": line.text, "verdict": line.verdict, "altered": line.altered}
        for line in lines
        if line.verdict not in ("found", "passed")
    ]
    return {"lines": len(lines), "altered": sum(bool(line.altered) for line in lines), **counts, "wrong": wrong}


if __name__ == "__main__":
    main()

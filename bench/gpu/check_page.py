"""Pages of `make gpu-check`: a JSON document and a Markdown page for each card, and README's table made from them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from check_parts import PARTS, SUBJECTS, Part
from check_steps import FAILED, NOT_RUN, PASSED

FORMAT, VERSION = "nvpipe-gpu-check", 1
FIGURES_CHARACTERS = 12_000
NOT_YET = "not yet run"
BLANK = "gpu-not-run"
OPENING, CLOSING = "<!-- verified on: made by make gpu-check -->", "<!-- end of verified on -->"
_LEAD = 'Written by `make gpu-check`; a part runs again alone with `make gpu-check ARGS="--part NAME"`.'
_LEAD_OF_NOTHING = (
    "What `make gpu-check` runs on a machine with an NVIDIA GPU. None has been at hand, so nothing of it has run."
)
_REQUIRED = {"format": str, "version": int, "card": str, "parts": dict}


class PageError(Exception):
    """A document cannot be used; the message says which and why."""


def slug(card: str) -> str:
    """A file's name for a card."""
    return "gpu-" + (re.sub(r"[^a-z0-9]+", "-", card.lower()).strip("-") or "unknown")


def read_document(path: Path) -> dict[str, Any]:
    """A document of this program.

    Raises:
        PageError: it is missing, damaged or another one.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PageError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict) or not all(isinstance(found.get(key), kind) for key, kind in _REQUIRED.items()):
        raise PageError(f"{path} is no result of gpu-check")
    if found["format"] != FORMAT or found["version"] != VERSION:
        raise PageError(f"{path} is of format {found['format']} {found['version']}, not {FORMAT} {VERSION}")
    return found


def blank(parts: tuple[Part, ...] = PARTS) -> dict[str, Any]:
    """A document in which nothing has run."""
    return {"format": FORMAT, "version": VERSION, "card": "", "parts": {part.name: {"rows": []} for part in parts}}


def merged(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """One document of several of one card: of each part the newest run.

    Raises:
        PageError: there is none, or they are of different cards.
    """
    if not documents:
        raise PageError("nothing to merge")
    cards = sorted({document["card"] for document in documents if document["card"]})
    if len(cards) > 1:
        raise PageError(f"these are of different cards: {', '.join(cards)}")
    result: dict[str, Any] = {"format": FORMAT, "version": VERSION, "card": cards[0] if cards else "", "parts": {}}
    for document in documents:
        for name, part in document["parts"].items():
            known = result["parts"].get(name)
            if known is None or part.get("date", "") >= known.get("date", ""):
                result["parts"][name] = part
    return result


def write_pages(folder: Path, document: dict[str, Any], parts: tuple[Part, ...] = PARTS) -> list[Path]:
    """Write a document and its page; each is replaced whole."""
    folder.mkdir(parents=True, exist_ok=True)
    name = slug(document["card"]) if document["card"] else BLANK
    texts = {".json": json.dumps(document, indent=1, ensure_ascii=False) + "\n", ".md": page(document, parts)}
    written = []
    for suffix, text in texts.items():
        path = folder / (name + suffix)
        partial = path.with_suffix(f"{suffix}.{os.getpid()}.part")
        partial.write_text(text, "utf-8")
        partial.replace(path)
        written.append(path)
    return written


def page(document: dict[str, Any], parts: tuple[Part, ...] = PARTS) -> str:
    """The Markdown page of a document."""
    card = document["card"]
    lines = [f"# GPU check: {card or 'no card yet'}", ""]
    lines.append(_LEAD if card else _LEAD_OF_NOTHING)
    lines += ["", "| part | step | what it tells of | result | seconds | |", "|---|---|---|---|---|---|"]
    known = {part.name: part for part in parts}
    for part in parts:
        rows = {row["step"]: row for row in document["parts"].get(part.name, {}).get("rows", [])}
        for step in part.steps:
            row = rows.get(step.name, {"state": NOT_YET})
            cells = (part.name, step.name, SUBJECTS[step.subject], row["state"], row.get("seconds", ""))
            lines.append(_row(*cells, row.get("detail", "")))
    for name, result in document["parts"].items():
        if result.get("rows"):
            lines += _details(known[name].title if name in known else name, result)
    return "\n".join(lines) + "\n"


def _details(title: str, result: dict[str, Any]) -> list[str]:
    """What a part was run with, and what its steps printed."""
    lines = ["", f"## {title}", ""]
    lines += [f"- {name}: {text}" for name, text in result.get("machine", {}).items()]
    lines += [f"- {name}: {result[name]}" for name in ("date", "commit") if name in result]
    for row in result["rows"]:
        if "answers" in row:
            lines += ["", f"### {row['step']}", "", "| check | answer | seconds | |", "|---|---|---|---|"]
            for check in row["answers"]:
                answer = "answered" if check["ok"] else "no answer"
                lines.append(_row(check["name"], answer, check["seconds"], check.get("error", "")))
        if row.get("failures"):
            lines += ["", *(f"- failed: `{name}`" for name in row["failures"])]
        if "figures" in row:
            text = json.dumps(row["figures"], indent=1, ensure_ascii=False)
            rest = "\n... the rest stands in the JSON document beside this page" * (len(text) > FIGURES_CHARACTERS)
            lines += ["", f"### {row['step']}", "", "```json", text[:FIGURES_CHARACTERS] + rest, "```"]
        if row.get("output"):
            fence = "`" * (1 + max([2, *(len(run) for run in re.findall(r"`+", row["output"]))]))
            lines += ["", f"### {row['step']}", "", f"{fence}text", row["output"], fence]
    return lines


def _row(*cells: object) -> str:
    return "| " + " | ".join(" ".join(str(cell).replace("|", "\\|").split()) for cell in cells) + " |"


def verified(documents: dict[str, dict[str, Any]]) -> str:
    """README's table: for every subject the cards on which all of its steps have passed, or that it never ran.

    Args:
        documents: by the name of their file, without its ending.
    """
    lines = ["| what | verified on |", "|---|---|"]
    for subject, title in SUBJECTS.items():
        found = [text for name in sorted(documents) if (text := _verdict(subject, name, documents[name]))]
        lines.append(_row(title, "; ".join(found) or "never run"))
    return "\n".join(lines)


def _verdict(subject: str, name: str, document: dict[str, Any]) -> str:
    """What one document says on a subject; empty when nothing of it has run there."""
    wanted = {(part.name, step.name) for part in PARTS for step in part.steps if step.subject == subject}
    rows = {
        (part, row["step"]): (row["state"], result)
        for part, result in document["parts"].items()
        for row in result.get("rows", [])
        if row["subject"] == subject
    }
    states = [state for state, _ in rows.values() if state != NOT_RUN]
    if not states:
        return ""
    result = next(result for state, result in rows.values() if state != NOT_RUN)
    driver = result.get("machine", {}).get("driver", "")
    where = f"{document['card']}{', driver ' + driver if driver else ''}, {result.get('date', '')[:10]}"
    where += f" ([page](bench/results/{name}.md))"
    if FAILED in states:
        return f"**fails** on {where}"
    passed = {place for place, (state, _) in rows.items() if state == PASSED}
    return where if wanted <= passed else f"in part on {where}"


def with_table(text: str, table: str) -> str:
    """README's text with the table between its two marks.

    Raises:
        PageError: the marks are not there, once each and in order.
    """
    pattern = re.compile(re.escape(OPENING) + r".*?" + re.escape(CLOSING), re.DOTALL)
    if len(pattern.findall(text)) != 1 or text.count(OPENING) != 1 or text.count(CLOSING) != 1:
        raise PageError(f"README has no place for the table, between {OPENING} and {CLOSING}")
    return pattern.sub(lambda _: f"{OPENING}\n\n{table}\n\n{CLOSING}", text)

"""Plain text: what may stand in an article, and where its paragraphs are."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from statistics import median

CJK = "\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
"""Han and kana, for a character class: written without spaces."""

_JOINING_SCRIPTS = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff"
_JOINERS = re.compile(
    f"(?<![{_JOINING_SCRIPTS}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_JOINING_SCRIPTS}])"
    "|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_STACKED_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20f0]{2})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20f0]+"
)
_CITATION = re.compile(r"(?<=[\w.,;:!?\"”’»)。])\[(?:\d{1,3}|[a-z]|citation needed|note \d+)\]")
_CJK_LINE_BREAK = re.compile(f"(?<=[{CJK}、。，！？：；」』）])[ \t]*\n[ \t]*(?=[{CJK}「『（])")
_HYPHEN_LINE_BREAK = re.compile(r"(?<=[^\W\d_]-)[ \t]*\n[ \t]*(?=[^\W\d_])")
_BULLET = re.compile(r"\A(?:[-*•‣◦·]|\d{1,3}[.)])[ \t]+(?=\S)")
_RULE = re.compile(r"[\W_]*\Z")
_ENDS_SENTENCE = re.compile(r"[.!?…:。！？।؟։።۔][\"'”’»)\]」』]*\Z")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")

LONGEST_WRAPPED_CHARS = 120
"""Lines longer than this were not broken to fit a page."""


def clean_text(text: str) -> str:
    """One paragraph in NFC on one line, without characters that are neither read nor spoken.

    Control, zero-width, direction-override, private and unassigned characters go; the joiners that Arabic
    and Indic spelling needs stay. Citation marks such as `[12]` go; white space is collapsed.
    """
    table: dict[int, str | None] = {}
    for char in set(text):
        category = unicodedata.category(char)
        if char.isspace():
            table[ord(char)] = "\n" if char in "\n\u2028\u2029\x85" else " "
        elif category in _DROPPED and char not in "\u200c\u200d":
            table[ord(char)] = None
    text = unicodedata.normalize("NFC", _JOINERS.sub("", text.translate(table)))
    text = _STACKED_MARKS.sub(r"\1", _CITATION.sub("", text))
    text = _HYPHEN_LINE_BREAK.sub("", _CJK_LINE_BREAK.sub("", text))
    return " ".join(text.split())


def plain_paragraphs(text: str) -> list[str]:
    """The paragraphs of a plain text, parted by blank lines; lines that were wrapped are joined.

    Lines that are longer than any page, list items and the line after a short last line start a paragraph
    of their own. Lines of rules only (`-----`) are dropped.
    """
    paragraphs: list[str] = []
    for block in _BLANK_LINES.split(text.strip().replace("\f", "\n\n")):
        lines = [line.strip() for line in block.split("\n")]
        paragraphs += _joined([line for line in lines if not _RULE.match(line)])
    return paragraphs


def split_title(paragraphs: list[str]) -> tuple[str, list[str]]:
    """The first line as the title where it looks like one: short, alone, not ended by a full stop."""
    if len(paragraphs) < 2:
        return "", paragraphs
    first = paragraphs[0].strip().lstrip("#").strip()
    if "\n" in first or len(first) > 120 or len(first.split()) > 20 or _BULLET.match(first):
        return "", paragraphs
    if _ENDS_SENTENCE.search(first) and not first.endswith(("?", "!", "？", "！", "؟", ")", '"', "”", "»", "」")):
        return "", paragraphs
    return first, paragraphs[1:]


def _joined(lines: list[str]) -> list[str]:
    if not lines:
        return []
    width = max(map(len, lines))
    if width > LONGEST_WRAPPED_CHARS:
        return [_BULLET.sub("", line, count=1) for line in lines]
    paragraphs = [lines[0]]
    typical = median(map(len, lines))
    for before, line in pairwise(lines):
        starts_anew = _BULLET.match(line) or (
            len(before) < 0.75 * typical and _ENDS_SENTENCE.search(before) is not None
        )
        if starts_anew or (before is lines[0] and _is_heading(before, line)):
            paragraphs.append(line)
        else:
            paragraphs[-1] += f"\n{line}"
    return [_BULLET.sub("", paragraph, count=1) for paragraph in paragraphs]


def _is_heading(line: str, following: str) -> bool:
    return len(line) < 0.6 * len(following) and _ENDS_SENTENCE.search(line) is None and line[-1] not in ",;-–"

"""A model's reply: the grammar that it must keep to, and what it says."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nvpipe.story.rules import Limits

MAX_CITED = 6
MAX_TITLE_CHARS = 90
MAX_DESCRIPTION_CHARS = 320
MAX_HASHTAGS = 5
MAX_HASHTAG_CHARS = 28


class ReplyError(ValueError):
    """A reply that is not what was asked for; the text is a sentence for its writer."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a model wrote.

    Attributes:
        lines: what is said, and the numbers of the sentences that it names for it.
    """

    lines: tuple[tuple[str, tuple[int, ...]], ...]
    title: str
    description: str
    hashtags: tuple[str, ...]


def grammar(most_lines: int, limits: Limits | None = None) -> str:
    """The grammar of a reply in llama.cpp's notation (GBNF), every length bounded."""
    limits = limits or Limits()
    # Its characters: no control ones, no halves, no private ones; of JSON's escapes only the quotation mark.
    text = (Path(__file__).parent / "prompts" / "reply.gbnf").read_text(encoding="utf-8").strip().replace("\n  ", " ")
    for name, count in (
        ("more_lines", most_lines - 1),
        ("more_tags", MAX_HASHTAGS - 1),
        ("more_cited", MAX_CITED - 1),
        ("line", limits.line_chars),
        ("title", MAX_TITLE_CHARS - 1),
        ("description", MAX_DESCRIPTION_CHARS - 1),
        ("tag", MAX_HASHTAG_CHARS),
    ):
        text = text.replace(f"${name}}}", f"{count}}}")
    return text


def parse_reply(text: str, finish: str) -> Draft:
    """What a reply says.

    Args:
        text: as the model wrote it.
        finish: why it stopped: `stop`, or `length` where it was cut off.

    Raises:
        ReplyError: it is cut off, or is not the object that was asked for.
    """
    if finish != "stop":
        raise ReplyError("The reply was too long and was cut off; write fewer and shorter lines.")
    try:
        data = json.loads(text)
        lines = tuple((_clean(line["say"]), tuple(map(_whole, line["from"]))) for line in data["lines"])
        title, description = _clean(data["title"]), _clean(data["description"])
        return Draft(lines, title, description, hashtags_of(data["hashtags"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ReplyError("The reply was not the JSON object that was asked for; answer with it alone.") from error


def hashtags_of(words: Sequence[str]) -> tuple[str, ...]:
    """Words as hashtags without their sign: letters, digits and the marks above them, each once."""
    found: dict[str, str] = {}
    for word in words:
        # Marks belong to the letters of many scripts; everything else ends a hashtag.
        tag = "".join(char for char in word if unicodedata.category(char)[0] in "LNM")[:MAX_HASHTAG_CHARS]
        if len(tag) > 1 and re.search(r"[^\W\d_]", tag):
            found.setdefault(tag.casefold(), tag)
    return tuple(found.values())[:MAX_HASHTAGS]


def _clean(value: object) -> str:
    if not isinstance(value, str) or "\ufffd" in value:
        raise TypeError
    return " ".join(value.split())


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value

"""Rules of wording: what eSpeak NG would misread, written so that it reads it as people say it.

Each rule is a pattern and a template in which `\\1` keeps a group; the rules are applied in order to one
line at a time.
"""

from __future__ import annotations

import re
from functools import cache

Rule = tuple[re.Pattern[str], str]

_STARTERS = (
    r"(?!(?:The|A|An|It|He|She|They|We|I|You|In|On|At|But|And|So|This|That|These|Those|There|For|If|When"
    r"|After|As|By|To|Its|His|Her|Their|Our|No|Not|Now|Yet|One|Most|Some|Many|All)\b)"
)
"""Words that begin a sentence, so that the full stop before them is meant."""
_FIRST = (
    (r"(?:https?://(?:www\.)?|\bwww\.)([^\s/?#]+)(?:[/?#]\S*[^\s.,;:!?)])?", r"\1"),
    (r"(?<=\w)[\"“”](?=\w)", " "),
    (r"[\"“”]", ""),
)
_ENGLISH = (
    (r"(?<![\w.])([A-Z])\.(?=\s+" + _STARTERS + r"[A-Z][\w.])", r"\1"),
    (r"(?<![\w.])((?:[A-Z]\.)+[A-Z])\.(?=\s+" + _STARTERS + r"[A-Z0-9])", r"\1"),
)
_OTHERS = (
    # eSpeak says the currency where it stands; people say it after the number.
    (r"(?<![\w])([$£€¥₹])\s?(\d+(?:[.,]\d+)*)", r"\2 \1"),
)
_LAST = (
    (r"(?<=\d)[-‐‑](?=\d)", " "),
    (r"(?<=\d):(?=\d(?!\d))", " "),
    (r"[/#~]", " "),
    (r"(?<!\S)([.…]+)(?!\S)", ","),
    (r"(?<!\S)[.…]{2,}(?=\w)", ""),
    (r"([,:;!?])[,:;!?]+", r"\1"),
    (r"(?<!\S)[,:;!?]+(?=\S)", ""),
    (r"(?<=[^\W_])([!?:;]+)(?=[^\W\d_])", r"\1 "),
    (r"(?<=[^\W\d_])([!?:;]+)(?=[^\W_])", r"\1 "),
    # Endless words of dotted letters crash eSpeak NG 1.52.
    (r"(\S{60})(?=\w)", r"\1 "),
)


@cache
def rules_for(language: str) -> tuple[Rule, ...]:
    """The rules for a voice of a language (primary code), in order."""
    own = _ENGLISH if language == "en" else _OTHERS
    return tuple((re.compile(pattern), template) for pattern, template in (*_FIRST, *own, *_LAST))

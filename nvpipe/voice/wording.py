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
_AMOUNT = r"(\d[\d,]*(?:\.\d+)?)"

_FIRST = (
    (r"(?:https?://(?:www\.)?|\bwww\.)([^\s/?#]+)(?:[/?#]\S*[^\s.,;:!?)])?", r"\1"),
    (r"(?<=\w)[\"“”](?=\w)", " "),
    (r"[\"“”]", ""),
)
_ENGLISH = (
    (r"\b(Mr|Mrs|Ms|Dr|Prof|St|Gen|Sen|Rep|Gov|Lt|Col|Capt|Sgt|Rev|Hon|Messrs)\.(?=\s+\S)", r"\1"),
    (r"\b(Jr|Sr)\.(?=\s+[a-z])", r"\1"),
    (r"(?<![\w.])([A-Z])\.(?=\s+" + _STARTERS + r"[A-Z][\w.])", r"\1"),
    (r"(?<![\w.])((?:[A-Z]\.)+[A-Z])\.(?=\s+" + _STARTERS + r"[A-Z0-9])", r"\1"),
    (r"\bvs?\.(?=\s)", "versus"),
    (r"\bapprox\.(?=\s)", "approximately"),
    (r"\bNo\.\s?(?=\d)", "number "),
    (r"(?<!\w)#(?=\d)", "number "),
    (r"\bC#(?!\w)", "C sharp"),
    (r"(?<!\w)~\s?(?=[\d$£€])", "about "),
    (r"\bJan\.?(?=\s\d)", "January"),
    (r"\bFeb\.?(?=\s\d)", "February"),
    (r"\bAug\.?(?=\s\d)", "August"),
    (r"\bSept?\.?(?=\s\d)", "September"),
    (r"\bOct\.?(?=\s\d)", "October"),
    (r"\bNov\.?(?=\s\d)", "November"),
    (r"\bDec\.?(?=\s\d)", "December"),
    (r"\bUS(?=\$\s?\d)", ""),
    (r"([$£€])\s?" + _AMOUNT + r"\s?bn\b", r"\1\2 billion"),
    (r"([$£€])\s?" + _AMOUNT + r"\s?(?:mn|[mM])\b", r"\1\2 million"),
    (r"([$£€])\s?" + _AMOUNT + r"\s?[bB]\b", r"\1\2 billion"),
    (r"([$£€])\s?" + _AMOUNT + r"\s?[kK]\b", r"\1\2 thousand"),
    (r"([$£€])\s?(\d[\d,]*(?:\.\d+)?)\s?[-–]\s?[$£€]?(?=\d)", r"\2 to \1"),
    (r"\$\s?" + _AMOUNT + r"([\s-](?:thousand|million|billion|trillion))\b", r"\1\2 dollars"),
    (r"£\s?" + _AMOUNT + r"([\s-](?:thousand|million|billion|trillion))\b", r"\1\2 pounds"),
    (r"€\s?" + _AMOUNT + r"([\s-](?:thousand|million|billion|trillion))\b", r"\1\2 euros"),
    (r"\$\s?1(?![\d,.]\d|\d)", "1 dollar"),
    (r"£\s?1(?![\d,.]\d|\d)", "1 pound"),
    (r"\$\s?(\d[\d,]*)\.(\d\d)(?!\d)", r"\1 dollars \2"),
    (r"£\s?(\d[\d,]*)\.(\d\d)(?!\d)", r"\1 pounds \2"),
    (r"€\s?(\d[\d,]*)\.(\d\d)(?!\d)", r"\1 euros \2"),
    (r"\$\s?" + _AMOUNT, r"\1 dollars"),
    (r"£\s?" + _AMOUNT, r"\1 pounds"),
    (r"€\s?" + _AMOUNT, r"\1 euros"),
    (r"(?<=\d)\s?km/h\b", " kilometers per hour"),
    (r"(?<=\d)\s?mph\b", " miles per hour"),
    (r"(?<=\d)\s?km\b", " kilometers"),
    (r"(?<=\d)\s?kg\b", " kilograms"),
    (r"(?<=\d)\s?cm\b", " centimeters"),
    (r"(?<=\d)\s?mm\b", " millimeters"),
    (r"(?<![\d.,/-])1/2(?![\d/])", "one half"),
    (r"(?<![\d.,/-])1/4(?![\d/])", "one quarter"),
    (r"(?<![\d.,/-])3/4(?![\d/])", "three quarters"),
    (r"(?<=\d)/(?=(?:day|week|month|year|hour|person|kg|GB)\b)", " per "),
    (r"(?<![\w-])(?!\d{3}-\d{4}\b)(\d[\d,.]*)[-–](?=\d[\d,.]*(?![\w-]|[-–]\d))", r"\1 to "),
    (r"(?<!\d)(\d{1,3}):(?=\d(?!\d))", r"\1 to "),
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

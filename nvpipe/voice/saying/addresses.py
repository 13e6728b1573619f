"""E-mail and web addresses, names of accounts, hashtags: what is written for machines.

An address is said by its host (`example dot com`), with its path only where that is one short word. Hashtags at
the end of a line are labels and not said; one inside of a sentence is a word of it, said without its sign.
"""

from __future__ import annotations

import re

from nvpipe.voice.saying.rewriting import Piece, Rule, rule
from nvpipe.voice.saying.tables import Tongue, word_set

_DOMAINS = (
    "com|org|net|edu|gov|mil|int|info|io|ai|app|dev|tv|me|co|uk|us|eu|de|fr|es|it|pt|br|in|ca|au|nl|ch|at|be|pl|ru|jp"
    "|cn|kr|mx|ar|cl|se|no|dk|fi|ie|nz|za|gg|xyz|online|shop|store|blog|news|tech|cloud|site|biz|museum|live|games"
)
_SAID_AS_WORDS = word_set(
    "com org net edu gov mil int info app dev xyz online shop store blog news tech cloud site biz museum live games"
)
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_VOWELS = frozenset("aeiouyáéíóúàèâêôü")
_SHORT_PATH = re.compile(r"/([^\W\d_]{2,20})/?")
_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])")
_SEPARATORS = {"-": "dash", "_": "underscore", "+": "plus", ".": "web_dot"}
_LONG_WORD = 40


def _label(label: str, last: bool) -> str:
    """A part of a host's name as a word, or letter by letter where it is none."""
    spelled = (
        label.lower() not in _SAID_AS_WORDS
        if last and len(label) < 4
        else 1 < len(label) < 5 and label.isalpha() and not _VOWELS.intersection(label.lower())
    )
    return " ".join(label.upper()) if spelled else label


def _host(host: str, speech: Tongue) -> str:
    labels = host.split(".")
    said = []
    for place, label in enumerate(labels):
        parts = [_label(part, place == len(labels) - 1) for part in label.split("-") if part]
        said.append(f" {speech.text['dash']} ".join(parts))
    return f" {speech.text['web_dot']} ".join(said)


def _path(path: str, speech: Tongue) -> str:
    found = _SHORT_PATH.fullmatch(path)
    return f" {speech.text['slash']} {found[1]}" if found else ""


def _account(name: str, speech: Tongue) -> str:
    parts = re.split(r"([-_+.])", name)
    words = [speech.text[_SEPARATORS[part]] if part in _SEPARATORS else _label(part, False) for part in parts if part]
    return " ".join(words)


def address_rules(speech: Tongue) -> tuple[Rule, ...]:
    """For the text as it was written, before signs are taken out of it."""

    def mail(match: re.Match[str]) -> list[Piece]:
        words = f"{_account(match[1], speech)} {speech.text['at']} {_host(match[2], speech)}"
        return [(words, *match.span())]

    def link(match: re.Match[str]) -> list[Piece]:
        host = match["host"]
        if not host.isascii() and "." not in host:
            return [(host, *match.span())]
        return [(_host(host, speech) + _path(match["path"] or "", speech), *match.span())]

    def account(match: re.Match[str]) -> list[Piece]:
        return [(f"{speech.text['at']} {_HUMP.sub(' ', match[1]).replace('_', ' ')}", *match.span())]

    host = rf"{_LABEL}(?:\.{_LABEL}){{1,8}}"
    path = r"(?P<path>[/?#](?:[^\s<>\"”»]{0,2000}[^\s<>\"”».,;:!?)\]'’])?)?"
    return (
        rule(rf"(?<![\w.+-])(?:mailto:)?([\w.+-]{{1,64}})@({host})(?![\w-])", mail),
        rule(rf"(?<!\w)(?:https?|ftp)://(?:[^\s/@]{{1,64}}@)?(?:www\.)?(?P<host>[\w.-]{{1,253}}?)(?::\d{{1,5}})?"
             rf"(?=[/?#\s.,;:!?)\"”»\]'’]|$){path}", link),
        rule(rf"(?<![\w.@/-])(?:www\.)(?P<host>{host})(?![\w-]){path}", link),
        rule(rf"(?<![\w.@/-])(?P<host>(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,5}}(?:{_DOMAINS}))(?![\w-]|\.\w){path}",
             link),
        rule(r"(?<![\w@])@(\w{1,40})", account),
    )  # fmt: skip


def hashtag_rules() -> tuple[Rule, ...]:
    """Labels at the end go; those within the sentence are said as words."""

    def trailing(match: re.Match[str]) -> list[Piece] | None:
        before = match.string[: match.start()].rstrip()
        alone = match[0].count("#") == 1
        return None if alone and before and before[-1].isalnum() else [("", *match.span())]

    def inline(match: re.Match[str]) -> list[Piece]:
        return [(_HUMP.sub(" ", match[1]).replace("_", " ").strip() or match[1], *match.span())]

    tag = r"[#＃][^\W\d_]\w{0,99}"
    return (
        rule(rf"(?<!\S){tag}(?:\s{{1,5}}{tag}){{0,99}}[\s\W]{{0,20}}$", trailing),
        rule(rf"(?<!\w){tag.replace('[^', '([^', 1)})", inline),
    )

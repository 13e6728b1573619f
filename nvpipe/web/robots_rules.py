"""robots.txt as rules for one program (RFC 9309, sections 2.2.1 to 2.2.3)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

_LINE_END = re.compile(r"\r\n|\r|\n")
_PRODUCT = re.compile(r"[A-Za-z_-]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_EVERYBODY = "*"


class Rule(NamedTuple):
    """Where a path that fits may be read, or may not."""

    pieces: tuple[str, ...]
    """What has to stand there in this order, with anything in between; the first at the beginning."""
    is_whole: bool
    """Whether the last piece ends the path."""
    size: int
    """Octets of the pattern; the longest one that fits is the one that counts."""
    is_allowed: bool

    def fits(self, path: str) -> bool:
        """Whether a path in its plain form begins as the pattern says."""
        first, *others = self.pieces
        if not path.startswith(first):
            return False
        if not others:
            return not self.is_whole or path == first
        place = len(first)
        last = others.pop() if self.is_whole else ""
        for piece in others:
            found = path.find(piece, place)
            if found < 0:
                return False
            place = found + len(piece)
        return not self.is_whole or (path.endswith(last) and len(path) - len(last) >= place)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one program on one host."""

    rules: tuple[Rule, ...] = ()
    delay_s: float = 0.0

    def allow(self, target: str) -> bool:
        """Whether an address may be read.

        Args:
            target: its path and query.
        """
        if target == "/robots.txt":
            return True
        path = _plain(target).replace("*", "%2A").replace("$", "%24")
        fitting = [(rule.size, rule.is_allowed) for rule in self.rules if rule.fits(path)]
        return max(fitting)[1] if fitting else True


def parse_rules(text: str, agent: str) -> Rules:
    """The rules for a program: those of all groups that name it best, else those for everybody.

    Crawl-delay ends the names of a group as a rule does.

    Args:
        agent: as in the header User-Agent.
    """
    product = _product(agent)
    groups: dict[str, tuple[list[Rule], list[float]]] = {}
    names: set[str] = set()
    is_open = False
    for line in _LINE_END.split(text):
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon or key not in ("user-agent", "allow", "disallow", "crawl-delay"):
            continue
        if key == "user-agent":
            if not is_open:
                names.clear()
            is_open = True
            if (name := _name(value)) in (_EVERYBODY, product):
                names.add(name)
                groups.setdefault(name, ([], []))
            continue
        is_open = False
        for name in names:
            rules, delays = groups[name]
            if key == "crawl-delay":
                delays.append(_seconds(value))
            elif value:
                rules.append(_rule(value, is_allowed=key == "allow"))
    rules, delays = groups.get(product) or groups.get(_EVERYBODY) or ([], [])
    return Rules(tuple(dict.fromkeys(rules)), max(delays, default=0.0))


def _name(value: str) -> str:
    """Whom a line User-agent names: a product token, or everybody."""
    return _EVERYBODY if value.split()[:1] == [_EVERYBODY] else _product(value)


def _product(agent: str) -> str:
    found = _PRODUCT.match(agent)
    return found[0].lower() if found else ""


def _rule(pattern: str, *, is_allowed: bool) -> Rule:
    is_whole = pattern.endswith("$")
    plain = _plain(pattern[:-1] if is_whole else pattern).replace("$", "%24")
    return Rule(tuple(re.sub(r"\*+", "*", plain).split("*")), is_whole, len(plain) + is_whole, is_allowed)


def _plain(path: str) -> str:
    """A path with every octet written one way, so that equal ones can be compared."""
    ascii_only = "".join(
        char if "!" <= char <= "~" else "".join(f"%{octet:02X}" for octet in char.encode("utf-8", "replace"))
        for char in path
    )
    return _ESCAPE.sub(lambda found: _octet(found[1]), ascii_only)


def _octet(digits: str) -> str:
    char = chr(int(digits, 16))
    return char if char in _UNRESERVED else f"%{digits.upper()}"


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0

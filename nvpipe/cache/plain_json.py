"""JSON as nvpipe writes it, and the strict reading of it."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
"""Made once: `json.dumps` with options makes one at every call."""

_MOST_DIGITS = 20
_LONG_NUMBER = re.compile(rb"[\s\[,:-][0-9]{%d}" % _MOST_DIGITS)


def to_bytes(value: Any) -> bytes:
    """JSON for people, as `layout` gives, that `parse_json` reads.

    Raises:
        ValueError, TypeError: the value is no JSON, or a number in it is not finite or too large.
        RecursionError: it is nested too deeply.
    """
    # File names may hold bytes that are no UTF-8: lone surrogates, which JSON allows only escaped.
    raw = (layout(value) + "\n").encode("utf-8", "backslashreplace")
    if _LONG_NUMBER.search(raw):
        parse_json(raw)
    return raw


def layout(value: Any, indent: str = "") -> str:
    """JSON that a person can read: nested containers one item a line, long lists of numbers in rows.

    Raises:
        ValueError, TypeError: the value is no JSON, or a number in it is not finite.
        RecursionError: it is nested too deeply.
    """
    deeper = indent + " "
    if isinstance(value, dict) and value and any(isinstance(item, (dict, list)) for item in value.values()):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("a name is not a string")
        rows = [f"{deeper}{_scalar(name)}: {layout(item, deeper)}" for name, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        return "[\n" + ",\n".join(deeper + layout(item, deeper) for item in value) + f"\n{indent}]"
    if isinstance(value, list) and len(value) > 16:
        rows = [_scalar(value[at : at + 16])[1:-1] for at in range(0, len(value), 16)]
        return "[\n" + ",\n".join(deeper + row for row in rows) + f"\n{indent}]"
    return _scalar(value)


def _scalar(value: object) -> str:
    return _ENCODER.encode(value)


def parse_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, finite numbers, whole ones of 64 bits at most, no name twice.

    Raises:
        ValueError: it is not.
        RecursionError: it is nested too deeply.
    """
    return json.loads(
        raw.decode("utf-8"),
        parse_float=_finite,
        parse_int=_of_64_bits,
        parse_constant=_no_constant,
        object_pairs_hook=_no_duplicates,
    )


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is not a finite number")
    return value


def _of_64_bits(text: str) -> int:
    # Inodes take all of them without a sign; longer numbers have no place here and make `float` fail.
    value = int(text) if len(text) <= _MOST_DIGITS + 1 else 1 << 64
    if abs(value) >> 64:
        raise ValueError(f"{text[:24]} is not a number of 64 bits")
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not a finite number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return fields

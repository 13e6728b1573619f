"""JSON as nvpipe writes it, and the strict reading of it."""

from __future__ import annotations

import json
import math
from typing import Any


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
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def parse_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, finite numbers, no name twice.

    Raises:
        ValueError: it is not.
        RecursionError: it is nested too deeply.
    """
    return json.loads(
        raw.decode("utf-8"),
        parse_float=_finite,
        parse_constant=_no_constant,
        object_pairs_hook=_no_duplicates,
    )


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is not a finite number")
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not a finite number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return fields

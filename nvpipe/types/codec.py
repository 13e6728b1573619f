"""The types as plain JSON values, and back."""

from __future__ import annotations

import hashlib
import json
import re
import types
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

_SCALARS = (str, int, float, bool, Fraction, Path)

_FRACTION = r"[0-9]{1,10}(?:/[0-9]{1,10})?"
"""Numbers of 32 bits, as containers hold them; a few characters more can cost hours (1e20000000)."""


def to_json(value: object) -> Any:
    """A value of the types as JSON values: fractions become "30000/1001", paths become strings."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (Fraction, Path)):
        return str(value)
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    return value


def from_json(kind: type[T], data: object) -> T:
    """The value of type `kind` that `to_json` turned into `data`.

    Raises:
        ValueError: the data is not of that type.
    """
    return cast(T, _decode(kind, data))


def parse_fraction(text: str) -> Fraction:
    """A fraction that `to_json` wrote, not negative.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(_FRACTION, text):
        raise ValueError(f"{text[:30]!r} is no fraction")
    try:
        return Fraction(text)
    except ZeroDivisionError as error:
        raise ValueError(str(error)) from error


def digest_of(value: object) -> str:
    """BLAKE2b (128 bits, hexadecimal) of a value's canonical JSON."""
    text = json.dumps(to_json(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """The fields of a dataclass with their types."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _decode(kind: Any, data: Any) -> Any:
    if kind in _SCALARS:
        return _decode_scalar(kind, data)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        options = get_args(kind)
        if data is None and type(None) in options:
            return None
        return _decode(next(option for option in options if option is not type(None)), data)
    if origin is tuple:
        return _decode_tuple(get_args(kind), data)
    if origin is Literal:
        if data not in get_args(kind):
            raise ValueError(f"{data!r} is none of {get_args(kind)}")
        return data
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(data, dict):
            raise ValueError(f"{kind.__name__} needs an object")
        kinds = _fields(kind)
        if unknown := data.keys() - kinds.keys():
            raise ValueError(f"{kind.__name__} has no {sorted(unknown)}")
        try:
            return kind(**{name: _decode(kinds[name], item) for name, item in data.items()})
        except TypeError as error:
            raise ValueError(str(error)) from error
    raise ValueError(f"no rule for {kind!r}")


def _decode_tuple(kinds: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise ValueError(f"expected a list, not {data!r}")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_decode(kinds[0], item) for item in data)
    if len(kinds) != len(data):
        raise ValueError(f"expected {len(kinds)} values, not {len(data)}")
    return tuple(_decode(kind, item) for kind, item in zip(kinds, data, strict=True))


def _decode_scalar(kind: Any, data: Any) -> Any:
    if kind in (Fraction, Path):
        if not isinstance(data, str):
            raise ValueError(f"expected a string, not {data!r}")
        return Path(data) if kind is Path else parse_fraction(data)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError as error:
            raise ValueError(str(error)) from error
    if type(data) is not kind:
        raise ValueError(f"expected {kind.__name__}, not {data!r}")
    return data

"""Tables of a settings file into caption styles; every mistake is one line that names its place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from nvpipe.errors import UsageError
from nvpipe.types.look import Animation, CaptionBox, CaptionStyle, Ink, Shadow

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLOUR = re.compile(r"#([0-9A-Fa-f]{6})([0-9A-Fa-f]{2})?")


class _Number(NamedTuple):
    low: float
    high: float
    whole: bool = False


class _Choice(NamedTuple):
    names: tuple[str, ...]


class _Colour(NamedTuple):
    pass


class _Font(NamedTuple):
    pass


_Rule = _Number | _Choice | _Colour | _Font | dict[str, "_Rule"]

_RULES: dict[str, _Rule] = {
    "font": _Font(),
    "size_px": _Number(12, 400),
    "case": _Choice(("as written", "upper", "lower")),
    "words_per_cue": _Number(1, 12, whole=True),
    "max_chars": _Number(4, 80, whole=True),
    "line_height": _Number(0.8, 3),
    "word_space": _Number(0.3, 5),
    "centre_y": _Number(0, 1),
    "upcoming": _Choice(("shown", "hidden")),
    "text": _Colour(),
    "active": _Colour(),
    "spoken": _Colour(),
    "outline": {"colour": _Colour(), "width_px": _Number(0, 40)},
    "shadow": {
        "colour": _Colour(),
        "blur_px": _Number(0, 60),
        "x_px": _Number(-60, 60),
        "y_px": _Number(-60, 60),
    },
    "box": {
        "behind": _Choice(("none", "word", "block")),
        "colour": _Colour(),
        "padding_x_px": _Number(0, 120),
        "padding_y_px": _Number(0, 120),
        "radius_px": _Number(0, 200),
    },
    "animation": {
        "kind": _Choice(("none", "fill", "pop", "fade")),
        "duration_s": _Number(0.02, 2),
        "from_scale": _Number(0, 1),
        "overshoot": _Number(0, 0.5),
    },
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_MOST = 200
BASE = "base"

Tables = dict[str, dict[str, Any]]
"""Styles by their names, checked, each with everything that it took from its base."""


def resolve(
    tables: object,
    known: Mapping[str, dict[str, Any]],
    *,
    where: str,
    fonts: Sequence[str],
    taken: Sequence[str] = (),
) -> Tables:
    """Tables of styles, each completed by its base.

    Args:
        tables: what a TOML file says, by name of style.
        known: complete tables that can be a base; one of the same name is the base unless another is named.
        where: the place of the tables, for messages.
        fonts: file names of the fonts that can be named.
        taken: names that a style cannot have.

    Raises:
        UsageError: a table is wrong.
    """
    if not isinstance(tables, Mapping):
        _refuse(where, f"takes tables, one for each style, not {tables!r}")
    if len(tables) > _MOST:
        _refuse(where, f"has {len(tables)} styles, but at most {_MOST} can be held")
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            _refuse(f"{where}.{name}", f"takes a table of a style's keys, not {table!r}")
        if not _NAME.fullmatch(str(name)):
            _refuse(where, f"a style cannot be named {name!r}", "use letters, digits, _ and -")
        if name in taken:
            _refuse(where, f"a style cannot be named {name!r}, which means something else", "give it another name")
        _check(table, _RULES, f"{where}.{name}", fonts)
    done: Tables = {}
    for name in tables:
        _complete(name, tables, known, where, done, ())
    return {name: done[name] for name in tables}


def style_of(name: str, table: Mapping[str, Any]) -> CaptionStyle:
    """The style that a complete table describes."""
    outline, shadow, box = table["outline"], table["shadow"], table["box"]
    return CaptionStyle(
        name=name,
        font=_file_name(table["font"]),
        size_px=float(table["size_px"]),
        text=colour(table["text"]),
        active=colour(table["active"]),
        spoken=colour(table.get("spoken", table["text"])),
        outline=colour(outline["colour"]),
        outline_px=float(outline["width_px"]),
        shadow=Shadow(
            colour(shadow["colour"]), float(shadow["blur_px"]), float(shadow["x_px"]), float(shadow["y_px"])
        ),
        box=None
        if box["behind"] == "none"
        else CaptionBox(
            colour(box["colour"]),
            float(box["padding_x_px"]),
            float(box["padding_y_px"]),
            float(box["radius_px"]),
            box["behind"],
        ),
        case=table["case"],
        words_per_cue=int(table["words_per_cue"]),
        max_chars=int(table["max_chars"]),
        line_height=float(table["line_height"]),
        word_space=float(table["word_space"]),
        centre_y=float(table["centre_y"]),
        upcoming=table["upcoming"],
        animation=Animation(
            table["animation"]["kind"],
            float(table["animation"]["duration_s"]),
            float(table["animation"]["from_scale"]),
            float(table["animation"]["overshoot"]),
        ),
    )


def colour(text: str) -> Ink:
    """The colour written as "#RRGGBB" or "#RRGGBBAA".

    Raises:
        ValueError: it is not written like that.
    """
    match = _COLOUR.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no colour")
    red, green, blue = bytes.fromhex(match[1])
    return Ink(red, green, blue, 1.0 if match[2] is None else round(int(match[2], 16) / 255, 4))


def _complete(
    name: str,
    tables: Mapping[str, Mapping[str, Any]],
    known: Mapping[str, dict[str, Any]],
    where: str,
    done: Tables,
    above: tuple[str, ...],
) -> dict[str, Any]:
    if name in done:
        return done[name]
    table = dict(tables[name])
    # A style that changes a packaged one takes the rest from it, as does one that names itself as its base.
    base = table.pop(BASE, name if name in known else next(iter(known), None))
    if base in above:
        _refuse(f"{where}.{name}.{BASE}", f"{base!r} is based on this style itself", "break the circle")
    if base in tables and base != name:
        start = _complete(base, tables, known, where, done, (*above, name))
    elif base is None:
        start = {}
    elif base in known:
        start = known[base]
    else:
        names = ", ".join(dict.fromkeys([*known, *(other for other in tables if other != name)]))
        _refuse(f"{where}.{name}.{BASE}", f"there is no style {base!r}", f"choose one of: {names}")
    done[name] = _merged(start, table)
    return done[name]


def _merged(start: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(start)
    for key, value in changes.items():
        merged[key] = _merged(start.get(key, {}), value) if isinstance(value, Mapping) else value
    return merged


def _check(table: Mapping[str, Any], rules: Mapping[str, _Rule], where: str, fonts: Sequence[str]) -> None:
    for key, value in table.items():
        place = f"{where}.{key}"
        if key == BASE and rules is _RULES:
            if not isinstance(value, str):
                _refuse(place, f"takes the name of a style, not {value!r}")
        elif key not in rules:
            known = [*([BASE] if rules is _RULES else []), *rules]
            _refuse(place, "there is no such key", f"choose one of: {', '.join(known)}")
        else:
            rule = rules[key]
            if isinstance(rule, dict):
                if not isinstance(value, Mapping):
                    _refuse(place, f"takes a table, not {value!r}", f"its keys are: {', '.join(rule)}")
                _check(value, rule, place, fonts)
            else:
                _CHECKS[type(rule)](value, rule, place, fonts)


def _check_number(value: object, rule: _Number, where: str, _: Sequence[str]) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        _refuse(where, f"takes a number, not {value!r}")
    if rule.whole and value != int(value):
        _refuse(where, f"takes a whole number, not {value!r}")
    if not rule.low <= value <= rule.high:
        _refuse(where, f"is {value}, but must lie from {rule.low:g} to {rule.high:g}")


def _check_choice(value: object, rule: _Choice, where: str, _: Sequence[str]) -> None:
    if value not in rule.names:
        _refuse(where, f"cannot be {value!r}", f"choose one of: {', '.join(rule.names)}")


def _check_colour(value: object, _: _Colour, where: str, __: Sequence[str]) -> None:
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        _refuse(where, f"takes a colour, not {value!r}", 'write it as "#RRGGBB", or "#RRGGBBAA" with an opacity')


def _check_font(value: object, _: _Font, where: str, fonts: Sequence[str]) -> None:
    if not isinstance(value, str) or _file_name(value) not in fonts:
        names = ", ".join(name.removesuffix(".ttf") for name in fonts)
        _refuse(where, f"there is no font {value!r}", f"choose one of: {names}")


_CHECKS: dict[type, Callable[[Any, Any, str, Sequence[str]], None]] = {
    _Number: _check_number,
    _Choice: _check_choice,
    _Colour: _check_colour,
    _Font: _check_font,
}


def _file_name(font: str) -> str:
    return font if font.endswith(".ttf") else f"{font}.ttf"


def _refuse(where: str, what: str, hint: str = "") -> NoReturn:
    raise UsageError(f"{where}: {what}", hint=hint)

"""The caption styles by name: those of `styles.toml` beside this file, and the user's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, overload

from nvpipe.captions.style_rules import Tables, resolve, style_of
from nvpipe.errors import UsageError
from nvpipe.types.look import CaptionStyle

AUTO, NONE = "auto", "none"
"""What can be asked for besides the styles: one that suits the footage, and no captions."""
RESERVED = (AUTO, NONE, "style")
_FOLDER = Path(__file__).parent


def style(name: str, own: Iterable[CaptionStyle] = ()) -> CaptionStyle:
    """The style of that name.

    Args:
        name: what it is called.
        own: the user's styles, which win over the packaged ones.

    Raises:
        UsageError: there is none.
    """
    own = tuple(own)
    for look in own:
        if look.name == name:
            return look
    table = _packaged().get(name)
    if table is None:
        names = dict.fromkeys([*STYLE_NAMES, *(look.name for look in own)])
        raise UsageError(f"there is no caption style named {name!r}", hint=f"choose one of: {', '.join(names)}")
    return style_of(name, table)


def own_styles(tables: object, where: str) -> tuple[CaptionStyle, ...]:
    """The styles of a settings file's `[captions.NAME]` tables, completed by their bases.

    Raises:
        UsageError: a table is wrong; `where` names the place.
    """
    found = resolve(tables, _packaged(), where=where, fonts=fonts(), taken=RESERVED)
    return tuple(style_of(name, table) for name, table in found.items())


def fonts() -> tuple[str, ...]:
    """File names of the fonts that a style can name."""
    return tuple(sorted(path.name for path in (_FOLDER / "fonts").glob("*.ttf")))


@cache
def _packaged() -> Tables:
    import tomllib

    tables: dict[str, Any] = tomllib.loads((_FOLDER / "styles.toml").read_text("utf-8"))
    return resolve(tables, {}, where="styles.toml", fonts=fonts(), taken=RESERVED)


class _Names(Sequence[str]):
    """Names of the packaged styles; the file is read when they are first asked for."""

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return tuple(_packaged())[index]

    def __iter__(self) -> Iterator[str]:
        return iter(_packaged())

    def __len__(self) -> int:
        return len(_packaged())


STYLE_NAMES = _Names()

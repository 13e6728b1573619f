"""Click options made from the one table of settings, so that flags, files and variables cannot drift apart."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nvpipe.settings import CONFIG_NAME, OPTIONS, Option, Settings, defaults, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

F = TypeVar("F", bound="Callable[..., Any]")


class SettingOption(click.Option):
    """An option of the settings table; the backends that can be chosen are imported only to be shown."""

    def __init__(self, *args: Any, option: Option, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._option = option

    def make_metavar(self, ctx: click.Context) -> str:
        return "|".join(self._option.choices) or super().make_metavar(ctx)


def settings_options(*names: str) -> Callable[[F], F]:
    """Options of the settings table, with `--config`."""

    def decorate(function: F) -> F:
        function = click.option(
            "--config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=f"Settings file.  [default: {CONFIG_NAME} in this folder, if there is one]",
        )(function)
        table = {option.name: option for option in OPTIONS}
        for name in reversed(names):
            function = _click_option(table[name])(function)
        return function

    return decorate


def json_option(function: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(function)


def verbosity_options(function: F) -> F:
    """`-v` and `-q`."""
    function = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")(function)
    return click.option("-v", "--verbose", is_flag=True, help="Say more.")(function)


def settings_from(config: Path | None, flags: Mapping[str, object]) -> Settings:
    """Settings with the flags that were given on top."""
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    return load_settings(given, config=config)


def print_json(document: object) -> None:
    """One JSON document on stdout."""
    import json

    json.dump(document, sys.stdout, ensure_ascii=True, indent=1, allow_nan=False)
    sys.stdout.write("\n")


def _click_option(option: Option) -> Callable[[F], F]:
    default = defaults().get(option.field)
    text = option.help
    if default is not None:
        text += f"  [default: {default:g}]" if isinstance(default, float) else f"  [default: {default}]"
    if option.kind == "flag":
        return click.option(f"--{option.name}", option.field, is_flag=True, default=None, help=text)
    # Values are checked by the settings themselves, so that every source of them is told the same way.
    return click.option(
        f"--{option.name}",
        option.field,
        cls=SettingOption,
        option=option,
        metavar=option.metavar,
        help=text,
        multiple=option.kind == "paths",
    )

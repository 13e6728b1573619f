"""Click options made from the one table of settings, so that flags, files and variables cannot drift apart."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nvpipe.options import OPTIONS, Option
from nvpipe.settings import CONFIG_NAME, Settings, defaults, load_settings

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


class ArticlesCommand(click.Command):
    """A command whose arguments are articles, and whose options may go without their text.

    `--title ARTICLE` leaves the article to the arguments; `--title=TEXT` is text whatever it looks like.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        bare = {f"--{option.name}" for option in OPTIONS if option.kind == "switch-or-text"}
        end = args.index("--") if "--" in args else len(args)
        told = [
            f"{arg}=true" if arg in bare and place + 1 < end and _is_article(args[place + 1]) else arg
            for place, arg in enumerate(args[:end])
        ]
        return super().parse_args(ctx, [*told, *args[end:]])


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
    if option.kind == "flag" and default is True:
        return click.option(f"--no-{option.name}", option.field, flag_value=False, default=None, help=text)
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
        **({"is_flag": False, "flag_value": "true"} if option.kind == "switch-or-text" else {}),
    )


def _is_article(text: str) -> bool:
    if text == "-" or "://" in text or Path(text).suffix.lower() in (".md", ".txt", ".html", ".htm", ".jsonl"):
        return True
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False

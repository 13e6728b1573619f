"""Settings: defaults < nvpipe.toml < NVPIPE_* variables < flags; a job of a jobs file wins over them.

One table describes every option; the command line, the settings file, the environment and the jobs file all
read it. This is the only module that reads the environment.
"""

from __future__ import annotations

import importlib
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nvpipe.errors import UsageError
from nvpipe.registry import AUTO, Registry

CONFIG_NAME = "nvpipe.toml"
_NOWHERE = Path()

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = r"(?ia)(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(?P<unit>[KMGT]?)(?:I?B)?"


class Option(NamedTuple):
    """One option: its name without dashes, what it takes, and what it is for."""

    name: str
    kind: Literal["text", "int", "number", "choice", "path", "paths", "flag"]
    help: str
    names: str = ""
    """`module:attribute` of the registry or tuple that holds what can be chosen; imported when it is asked for."""
    besides: tuple[str, ...] = ()
    """What can be chosen besides."""
    metavar: str | None = None
    minimum: float = -math.inf
    maximum: float = math.inf
    per_job: bool = True
    """Whether a line of a jobs file may set it."""
    in_result: bool = True
    """Whether the finished file follows from its value itself; false for places and names."""

    @property
    def field(self) -> str:
        return self.name.replace("-", "_")

    @property
    def choices(self) -> tuple[str, ...]:
        """Everything that can be chosen; empty for options that take any value."""
        if not self.names:
            return ()
        module, _, attribute = self.names.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        return (*self.besides, *(found.names() if isinstance(found, Registry) else found))


OPTIONS: tuple[Option, ...] = (
    Option("storage", "path", "Cache folder, shared by all runs.", metavar="DIR", per_job=False, in_result=False),
    Option(
        "decoder",
        "choice",
        "How footage is decoded.",
        names="nvpipe.media.decode:DECODERS",
        besides=(AUTO,),
        per_job=False,
    ),
    Option("encoder", "choice", "How the short is encoded.", names="nvpipe.media.encode:ENCODERS", besides=(AUTO,)),
    Option("writer", "choice", "Who writes the script.", names="nvpipe.story:WRITERS", besides=(AUTO,)),
    Option("speaker", "choice", "Who speaks it.", names="nvpipe.voice:SPEAKERS", besides=(AUTO,)),
    Option("voice", "text", "Voice of the speaker, by its name there.", metavar="NAME"),
    Option("quality", "choice", "Speed against picture quality.", names="nvpipe.media.encode:QUALITIES"),
    Option("seconds", "number", "Length of the finished file in seconds.", metavar="N", minimum=3, maximum=600),
    Option("layout", "choice", "How landscape footage fills the upright picture.", names="nvpipe.compose:LAYOUTS"),
    Option("crop", "choice", "Whether the crop follows the action.", names="nvpipe.compose:CROPS"),
    Option("captions", "choice", "Caption style.", names="nvpipe.captions.styles:STYLE_NAMES", besides=("none",)),
    Option("language", "text", "ISO 639-1 code; found from the text when not given.", metavar="CODE"),
    Option("x264-params", "text", "x264 parameters that win over the quality's.", metavar="K=V:..."),
    Option(
        "slug",
        "text",
        "Name of the output files, instead of one made from the title.",
        metavar="NAME",
        in_result=False,
    ),
    Option("fast", "flag", "Analyse footage coarsely, at a fraction of the time."),
    Option(
        "jobs",
        "int",
        "Videos analysed at once; as cores and memory allow unless given.",
        metavar="N",
        minimum=1,
        maximum=256,
        per_job=False,
        in_result=False,
    ),
    Option("footage", "paths", "Footage file, folder or pattern; may be repeated.", metavar="PATH", in_result=False),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of a run after every source has had its say."""

    storage: Path
    decoder: str = AUTO
    encoder: str = AUTO
    writer: str = AUTO
    speaker: str = AUTO
    voice: str | None = None
    quality: str = "medium"
    seconds: float = 45.0
    layout: str = "blur"
    crop: str = "center"
    captions: str = "default"
    language: str | None = None
    x264_params: str = ""
    slug: str | None = None
    fast: bool = False
    jobs: int | None = None
    footage: tuple[str, ...] = ()

    def with_values(self, values: Mapping[str, object], *, where: str, jobs_only: bool = False) -> Settings:
        """These settings with some options replaced, each checked.

        Raises:
            UsageError: an option is unknown, has a wrong value or may not be set there; `where` names the place.
        """
        known = {option.name: option for option in OPTIONS} | {option.field: option for option in OPTIONS}
        changes: dict[str, Any] = {}
        for name, value in values.items():
            option = known.get(name)
            if option is None:
                raise UsageError(f"{where}: there is no option {name!r}")
            if value is None:
                continue
            if jobs_only and not option.per_job:
                raise UsageError(f"{where}: {name!r} holds for the whole run; give it on the command line")
            changes[option.field] = _checked(option, value, where)
        return replace(self, **changes)


def load_settings(
    flags: Mapping[str, object],
    *,
    config: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Settings:
    """Settings from every source; `flags` holds only what the user gave.

    Raises:
        UsageError: a value is wrong, with the place that it came from.
    """
    settings = Settings(storage=_NOWHERE)
    path = config or (folder or Path()) / CONFIG_NAME
    if config is not None or path.is_file():
        settings = settings.with_values(_read_config(path), where=str(path))
    for option in OPTIONS:
        variable = f"NVPIPE_{option.field.upper()}"
        if text := environ.get(variable):
            value: object = text.split(os.pathsep) if option.kind == "paths" else text
            settings = settings.with_values({option.name: value}, where=variable)
    settings = settings.with_values(flags, where="command line")
    # Looking the folder up costs as much as reading the cache in it, so only who needs it pays.
    return replace(settings, storage=default_storage()) if settings.storage is _NOWHERE else settings


def default_storage() -> Path:
    """The platform's user cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("nvpipe", appauthor=False)


def defaults() -> dict[str, object]:
    """Default of every option that has one, by field name, for the help texts."""
    found: dict[str, object] = {}
    for field in fields(Settings):
        if field.name != "storage" and field.default not in (None, (), "", False):
            found[field.name] = field.default
    return found


def parse_size(text: str) -> int:
    """Bytes of a size like 0, 500M, 1.5G or 2 GiB; K, M, G and T are powers of 1024.

    Raises:
        UsageError: it is no size.
    """
    match = re.fullmatch(_SIZE, text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no size", hint="give a number of bytes, or one with K, M, G or T: 500M, 2G, 0")
    return int(float(match["number"]) * _UNITS[match["unit"].upper()])


def _read_config(path: Path) -> dict[str, object]:
    # Most calls have no settings file, and then don't pay for its reader.
    import tomllib

    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"settings file {path} cannot be read: {reason}") from error


def _checked(option: Option, value: object, where: str) -> object:
    if option.kind in ("int", "number"):
        return _checked_number(option, value, where)
    if option.kind == "flag":
        return _checked_flag(option, value, where)
    if option.kind == "paths":
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) and item for item in items):
            raise UsageError(f"{where}: {option.name} takes paths, not {value!r}")
        return tuple(items)
    if not isinstance(value, (str, Path)):
        raise UsageError(f"{where}: {option.name} takes text, not {value!r}")
    if option.kind == "path":
        if not str(value).strip():
            raise UsageError(f"{where}: {option.name} is empty")
        return Path(value).expanduser()
    if option.names and value not in option.choices:
        raise UsageError(
            f"{where}: {option.name} cannot be {str(value)!r}", hint=f"choose one of: {', '.join(option.choices)}"
        )
    return str(value)


def _checked_flag(option: Option, value: object, where: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    found = value if isinstance(value, bool) else known.get(str(value).strip().lower())
    if found is None or isinstance(value, float):
        raise UsageError(f"{where}: {option.name} is either true or false, not {value!r}")
    return found


def _checked_number(option: Option, value: object, where: str) -> float | int:
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError
        number = int(value) if option.kind == "int" else float(value)
        if option.kind == "int" and isinstance(value, float) and number != value:
            raise ValueError
    except (ValueError, OverflowError):
        raise UsageError(f"{where}: {option.name} takes a number, not {value!r}") from None
    if not option.minimum <= number <= option.maximum:
        raise UsageError(
            f"{where}: {option.name} is {value}, but must lie from {option.minimum:g} to {option.maximum:g}"
        )
    return number

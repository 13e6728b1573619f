"""Settings: defaults < nvpipe.toml < NVPIPE_* variables < flags; a job of a jobs file wins over them.

This is the only module that reads the environment.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import UsageError
from nvpipe.options import OPTIONS, Option
from nvpipe.registry import AUTO

if TYPE_CHECKING:
    from nvpipe.types import CaptionStyle

CONFIG_NAME = "nvpipe.toml"
_NOWHERE = Path()

_BACKENDS = {"cpu": {"decoder": "pyav"}, "cuda": {"decoder": "nvdec"}}
_CPU_ENCODERS = {"h264": "x264", "hevc": "x265", "av1": "svtav1"}
"""What `--device` stands for; on a card the encoder stays open, since some cards have none."""
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = r"(?ia)(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(?P<unit>[KMGT]?)(?:I?B)?"


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
    size: str = "9:16"
    fps: int = 30
    layout: str = "blur"
    blur: float = 30.0
    blur_opacity: float = 0.7
    blur_desaturation: float = 0.3
    split_with: Path | None = None
    crop: str = "center"
    captions: str = "default"
    caption_styles: tuple[CaptionStyle, ...] = ()
    """Those of the settings file."""
    font: Path | None = None
    subtitles: str = "srt"
    title: str | bool = False
    """True is the script's first sentence."""
    logo: Path | None = None
    logo_position: str = "top-right"
    logo_size: float = 15.0
    progress_bar: bool = False
    music: Path | None = None
    music_volume: float = -14.0
    lufs: float = -14.0
    cover: bool = True
    lexicon: tuple[tuple[str, str, str], ...] = ()
    """The settings file's pronunciations: (language or "" for all, as it is written, as it is said)."""
    language: str | None = None
    bitrate: int | None = None
    codec: str = "h264"
    x264_params: str = ""
    slug: str | None = None
    script: Path | None = None
    narration: Path | None = None
    kokoro: str | None = None
    speed: float = 1.0
    llama: str | None = None
    tone: str = "news"
    seed: int = 0
    call_to_action: str = ""
    fast: bool = False
    jobs: int | None = None
    workers: int | None = None
    vram: str = ""
    """A size; "" is as much as there is."""
    device: str = AUTO
    footage: tuple[str, ...] = ()

    def on_device(self) -> Settings:
        """These settings with the backends of the device that is named, where they are left to `auto`."""
        found = dict(_BACKENDS.get(self.device, {}))
        if self.device == "cpu":
            found["encoder"] = _CPU_ENCODERS[self.codec]
        changes: dict[str, Any] = {name: value for name, value in found.items() if getattr(self, name) == AUTO}
        return replace(self, **changes)

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
            own = changes.get("caption_styles", self.caption_styles) if option.field == "captions" else ()
            changes[option.field] = _checked(option, value, where, tuple(look.name for look in own))
        if jobs_only and self.device == "cpu" and self.encoder == _CPU_ENCODERS[self.codec]:
            # What the device stands for follows the job's codec, unless the job names an encoder.
            changes.setdefault("encoder", _CPU_ENCODERS[changes.get("codec", self.codec)])
        changed = replace(self, **changes)
        return changed.on_device() if jobs_only else changed


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
        settings = settings.with_values(_with_styles_apart(_read_config(path)), where=str(path))
    for option in OPTIONS:
        variable = f"NVPIPE_{option.field.upper()}"
        if text := environ.get(variable):
            value: object = text.split(os.pathsep) if option.kind == "paths" else text
            settings = settings.with_values({option.name: value}, where=variable)
    settings = settings.with_values(flags, where="command line")
    settings = settings.on_device()
    # Looking the folder up costs as much as reading the cache in it, so only who needs it pays.
    return replace(settings, storage=default_storage()) if settings.storage is _NOWHERE else settings


def driver_variables(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the environment says on NVIDIA's driver, to containers and to programs."""
    names = ("NVIDIA_DRIVER_CAPABILITIES", "NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")
    return {name: environ[name] for name in names if name in environ}


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


def _with_styles_apart(values: dict[str, object]) -> dict[str, object]:
    """`[captions]` as a table holds the option as `style`, and the user's own styles as tables; those come first."""
    table = values.get("captions")
    if not isinstance(table, dict):
        return values
    own = {name: item for name, item in table.items() if name != "style"}
    return {"caption-styles": own, **values, "captions": table.get("style")}


def _checked(option: Option, value: object, where: str, own: tuple[str, ...] = ()) -> object:
    if option.kind in ("int", "number"):
        return _checked_number(option, value, where)
    if option.kind == "rate":
        return _checked_rate(option, value, where)
    if option.kind == "flag":
        return _checked_flag(option, value, where)
    if option.kind == "styles":
        module, _, attribute = option.parser.partition(":")
        return getattr(importlib.import_module(module), attribute)(value, f"{where}: captions")
    if option.kind == "lexicon":
        module, _, attribute = option.parser.partition(":")
        return getattr(importlib.import_module(module), attribute)(value, f"{where}: lexicon")
    if option.kind == "switch-or-text":
        return _checked_switch_or_text(option, value, where)
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
    if option.parser:
        module, _, function = option.parser.partition(":")
        try:
            getattr(importlib.import_module(module), function)(str(value))
        except UsageError as error:
            raise UsageError(f"{where}: {option.name}: {error.message}", hint=error.hint) from None
    if option.names and value not in (*own, *option.choices):
        names = ", ".join(dict.fromkeys([*option.choices, *own]))
        raise UsageError(f"{where}: {option.name} cannot be {str(value)!r}", hint=f"choose one of: {names}")
    return str(value)


def _checked_flag(option: Option, value: object, where: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    found = value if isinstance(value, bool) else known.get(str(value).strip().lower())
    if found is None or isinstance(value, float):
        raise UsageError(f"{where}: {option.name} is either true or false, not {value!r}")
    return found


def _checked_rate(option: Option, value: object, where: str) -> int:
    """Bits per second of 8M, 8000k or 8000000; K and M are powers of 1000, as everywhere with rates."""
    text = str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    match = re.fullmatch(r"(?ia)([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([KM]?)(?:bit/s|bps)?", text)
    if match is None:
        raise UsageError(
            f"{where}: {option.name} takes bits per second, not {value!r}", hint="give it as 8M, 8000k or 8000000"
        )
    rate = round(float(match[1]) * {"": 1, "K": 1e3, "M": 1e6}[match[2].upper()])
    if not option.minimum <= rate <= option.maximum:
        low, high = (f"{bound / 1000:g}k" for bound in (option.minimum, option.maximum))
        raise UsageError(f"{where}: {option.name} is {value}, but must lie from {low} to {high} bits per second")
    return rate


def _checked_switch_or_text(option: Option, value: object, where: str) -> bool | str:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise UsageError(f"{where}: {option.name} takes text, true or false, not {value!r}")
    if not value.strip():
        raise UsageError(f"{where}: {option.name} is empty", hint="give it text, or leave it out")
    return " ".join(value.split())


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
    if option.names and str(number) not in option.choices:
        raise UsageError(
            f"{where}: {option.name} cannot be {value}", hint=f"choose one of: {', '.join(option.choices)}"
        )
    return number

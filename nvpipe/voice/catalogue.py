"""Names of eSpeak NG's voices: what a user may write, and what loads."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nvpipe.errors import ArticleError, UsageError

_DEFAULTS = {"en": "en-us", "pt": "pt-br", "zh": "cmn", "no": "nb", "nn": "nb", "iw": "he", "in": "id", "sh": "hr"}
"""Where the best voice is not the one that eSpeak ranks first, or the code is an old or a neighbouring one."""

_WIDELY_SPOKEN = (
    "ar",
    "bn",
    "de",
    "en",
    "es",
    "fr",
    "hi",
    "id",
    "it",
    "ja",
    "ko",
    "nl",
    "pl",
    "pt",
    "ru",
    "tr",
    "uk",
    "zh",
)
"""Languages that are named to who asks for another one."""

_KOKORO = re.compile(r"[abefhijpz][fm]_[a-z]+(?::.+|\+.+)?")
"""How Kokoro's voices are called, and blends of them."""


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """A voice that can be loaded."""

    name: str
    """What it is called here and what loads it: the last part of the identifier, in lower case."""
    title: str
    languages: tuple[tuple[int, str], ...]
    """(priority, language tag); the lowest speaks the language best."""


def read_voices(listed: Iterable[dict[str, Any]], data: Path) -> tuple[EspeakVoice, ...]:
    """The voices of the worker's list whose dictionary exists (the packaged data lacks a few)."""
    return tuple(
        EspeakVoice(
            entry["identifier"].rpartition("/")[2].lower(),
            entry["name"].strip(),
            tuple((priority, tag.lower()) for priority, tag in entry["languages"]),
        )
        for entry in listed
        if _has_dictionary(data, entry["identifier"])
    )


def _has_dictionary(data: Path, identifier: str) -> bool:
    path = data / "lang" / identifier
    attributes: dict[str, str] = {}
    for line in path.read_text("utf-8", "replace").splitlines() if path.is_file() else ():
        key, _, value = line.partition(" ")
        attributes.setdefault(key, value.split("//")[0].strip().split(" ")[0])
    name = attributes.get("dictionary") or attributes.get("language", "").partition("-")[0]
    return not name or (data / f"{name}_dict").is_file()


def variants(data: Path) -> tuple[str, ...]:
    """Speakers that can be put on any voice, as `en-us+f3`."""
    folder = data / "voices" / "!v"
    return tuple(sorted(entry.name for entry in folder.iterdir())) if folder.is_dir() else ()


def speaking(voices: Iterable[EspeakVoice], language: str) -> tuple[str, ...]:
    """The names of the voices that speak a language, best first."""
    wanted = language.lower().replace("_", "-")
    primary = wanted.partition("-")[0]
    default = _DEFAULTS.get(wanted) or _DEFAULTS.get(primary)
    ranked = []
    for voice in voices:
        tags = {tag: priority for priority, tag in reversed(voice.languages)}
        if voice.name == default and wanted in (primary, default):
            ranked.append((0, 0, 0, voice.name))
        elif wanted in tags:
            ranked.append((1, tags[wanted], len(voice.name), voice.name))
        elif primary in tags or voice.name in (primary, default):
            ranked.append((2, tags.get(primary, 99), len(voice.name), voice.name))
    return tuple(entry[-1] for entry in sorted(ranked))


def default_voice(voices: Collection[EspeakVoice], language: str) -> str:
    """The voice that speaks a language best.

    Raises:
        ArticleError: none does.
    """
    names = speaking(voices, language)
    if not names:
        raise ArticleError(
            f"eSpeak NG has no voice for the language {_shown(language)}",
            hint=_others(voices),
        )
    return names[0]


def _others(voices: Iterable[EspeakVoice]) -> str:
    codes = {tag.partition("-")[0] for voice in voices for _, tag in voice.languages}
    spoken = [code for code in _WIDELY_SPOKEN if _DEFAULTS.get(code, code).partition("-")[0] in codes]
    return (
        f"it speaks {len(codes)}, among them {', '.join(spoken)}; name the text's language with --language, "
        "or with --voice a voice that is to read it nevertheless"
    )


def find_voice(voices: tuple[EspeakVoice, ...], data: Path, wanted: str) -> str:
    """The name that loads the voice which the user means.

    Args:
        wanted: a name, a language tag or an identifier of eSpeak's, and perhaps `+variant`.

    Raises:
        UsageError: there is none.
    """
    base, plus, variant = wanted.strip().partition("+")
    name = _find_base(voices, base.strip())
    if not plus:
        return name
    known = {entry.lower(): entry for entry in variants(data)}
    if variant.strip().lower() not in known:
        raise UsageError(
            f"eSpeak NG has no variant named {_shown(variant)} for the voice {name}",
            hint=_near(variant, known.values()),
        )
    return f"{name}+{known[variant.strip().lower()]}"


def _find_base(voices: tuple[EspeakVoice, ...], wanted: str) -> str:
    key = wanted.lower().replace("_", "-")
    by_name = {voice.name: voice.name for voice in voices}
    by_title = {voice.title.lower(): voice.name for voice in voices}
    short = key.rpartition("/")[2] if key.count("/") == 1 else key
    found = by_name.get(short) or by_title.get(key)
    if found:
        return found
    ranked = sorted(
        (priority, len(voice.name), voice.name) for voice in voices for priority, tag in voice.languages if tag == key
    )
    if ranked:
        return ranked[0][-1]
    if key in _DEFAULTS and _DEFAULTS[key] in by_name:
        return _DEFAULTS[key]
    if _KOKORO.fullmatch(wanted):
        raise UsageError(
            f"eSpeak NG has no voice named {_shown(wanted)}",
            hint="it looks like one of Kokoro's: name its model with --kokoro DIR|REPO",
        )
    raise UsageError(f"eSpeak NG has no voice named {_shown(wanted)}", hint=_near(wanted, by_name))


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:40] + "…")


def _near(wanted: str, names: Iterable[str]) -> str:
    everything = sorted(names)
    lowered = {name.lower(): name for name in everything}
    key = wanted.lower()[:40]
    near = difflib.get_close_matches(key, lowered, n=5, cutoff=0.4)
    same = [name for name in lowered if key and name.startswith(key[:2])]
    best = list(dict.fromkeys([*near, *same]))[:6] or list(lowered)[:6]
    return "some that exist: " + ", ".join(lowered[name] for name in best)

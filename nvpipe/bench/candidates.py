"""What `nvpipe bench encode` compares: quality levels, and presets at several rates, of every encoder that works."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from nvpipe.errors import BackendUnavailableError, UsageError
from nvpipe.media.encode import CODECS, ENCODERS, QUALITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nvpipe.media.encode import Encoder
    from nvpipe.registry import Registry

RATE_MARK = "@"
"""Between a preset and its rate factor in the name of a trial."""


@dataclass(frozen=True, slots=True)
class Way:
    """One encoder with one setting."""

    encoder: str
    """Its name, and the codec where that is not H.264."""
    backend: Encoder
    setting: str
    codec: str = CODECS[0]

    @property
    def family(self) -> str | None:
        """The preset; None for a quality level."""
        name, mark, _ = self.setting.partition(RATE_MARK)
        return name if mark else None

    @property
    def factor(self) -> int | None:
        """The preset's rate factor, crf or cq; None for a quality level."""
        return _number(self.setting.partition(RATE_MARK)[2])


@dataclass(frozen=True, slots=True)
class Candidates:
    """Everything that is to be encoded, in order."""

    levels: tuple[Way, ...]
    families: tuple[tuple[Way, ...], ...]
    """Presets, each with its rates; encoders take turns, so that whatever comes last, all had theirs."""
    unusable: tuple[tuple[str, str], ...]
    """Encoders that don't work here, and why."""
    reference: str
    """The encoder that the others are compared with: the first codec's last one, which every machine has."""


def candidates(
    asked: Sequence[str] = (), encoders: Registry[Encoder] = ENCODERS, codecs: Sequence[str] = CODECS[:1]
) -> Candidates:
    """What to compare.

    Args:
        asked: quality levels, presets, or presets with a rate as `veryfast@21`; everything when empty.
        encoders: those that are not usable here are only named, with the reason.
        codecs: what pictures are coded as.

    Raises:
        UsageError: there is no such codec, or no encoder that works here has such a setting.
        BackendUnavailableError: none works.
    """
    usable: list[tuple[str, Encoder, str]] = []
    unusable = []
    for codec in dict.fromkeys(codecs):
        if codec not in CODECS:
            raise UsageError(f"there is no codec named {codec!r}", hint=f"choose from: {', '.join(CODECS)}")
        for name in encoders.names():
            label = name if codec == CODECS[0] else f"{name} {codec}"
            probe = encoders.probe(name, lambda one, codec=codec: one.prepare(codec))  # type: ignore[misc]
            if probe.usable:
                usable.append((label, encoders.load(name), codec))
            elif codec in encoders.load(name).codecs:
                unusable.append((label, probe.reason))
    if not usable:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in unusable)
        raise BackendUnavailableError(f"no encoder is usable here: {reasons}")
    chosen = [_chosen(*one, asked) for one in usable]
    _refuse_unknown(asked, usable)
    levels = [way for ways in chosen for way in ways if way.family is None]
    grouped: list[list[list[Way]]] = []
    for ways in chosen:
        families: dict[str, list[Way]] = {}
        for way in ways:
            if way.family is not None:
                families.setdefault(way.family, []).append(way)
        grouped.append(list(families.values()))
    turns = [tuple(family) for turn in zip_longest(*grouped) for family in turn if family]
    first = usable[0][2]
    reference = [label for label, _, codec in usable if codec == first][-1]
    return Candidates(tuple(levels), tuple(turns), tuple(unusable), reference)


def _chosen(encoder: str, backend: Encoder, codec: str, asked: Sequence[str]) -> list[Way]:
    every = [Way(encoder, backend, setting, codec) for setting in (*QUALITIES, *backend.trials())]
    if not asked:
        return every
    families = {way.family for way in every} - {None}
    # Where a level and a preset have the same name, the level is meant.
    presets = set(asked) - set(QUALITIES)
    found = [way for way in every if way.setting in asked or way.family in presets]
    known = {way.setting for way in every}
    for text in asked:
        way = Way(encoder, backend, text, codec)
        if text not in known and way.family in families and way.factor is not None:
            found.append(way)
    return found


def _refuse_unknown(asked: Sequence[str], usable: Sequence[tuple[str, Encoder, str]]) -> None:
    for text in asked:
        if not any(_chosen(*one, (text,)) for one in usable):
            every = [way for one in usable for way in _chosen(*one, ())]
            known = ", ".join(dict.fromkeys(way.family or way.setting for way in every))
            raise UsageError(
                f"there is no setting {text!r} to measure",
                hint=f"choose from: {known}, or a preset with {RATE_MARK}RATE",
            )


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,3}", text) else None

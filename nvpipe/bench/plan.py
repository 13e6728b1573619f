"""What `nvpipe bench encode` is to measure, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nvpipe.bench.lossless import LAYOUT, SIZE_PX
from nvpipe.errors import UsageError
from nvpipe.media.encode import CODECS

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.bench.clips import Clip
    from nvpipe.bench.energy import Cards
    from nvpipe.bench.machine import Facts
    from nvpipe.bench.points import Row

MINUTES = 5.0
DEFAULT = (3, 2.0)
FULL = (5, 3.0)
"""Stretches of footage and the seconds of each: by default, and with `--full`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured, and how long it may take."""

    footage: tuple[Path, ...]
    clips: int = DEFAULT[0]
    seconds: float = DEFAULT[1]
    start_s: float | None = None
    runs: int = 1
    settings: tuple[str, ...] = ()
    """Those alone; everything when empty."""
    layout: str = LAYOUT
    codecs: tuple[str, ...] = CODECS[:1]
    minutes: float | None = MINUTES
    """None for as long as it takes."""
    thorough: bool = False
    """Measure VMAF of every picture, and levels as in long shorts too."""


@dataclass(slots=True)
class Result:
    """What was measured."""

    plan: Plan
    clips: tuple[Clip, ...]
    reference: str
    """The encoder that others are compared with."""
    unusable: tuple[tuple[str, str], ...]
    """Encoders that are not usable here, and why."""
    cards: Cards
    machine: Facts
    reading_cpu_s: float = 0.0
    """What reading the raw pictures alone takes; it is part of every row's CPU seconds."""
    composing_cpu_s: float = 0.0
    composing_small_cpu_s: float | None = None
    rows: list[Row] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Settings for which there was no time."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Settings that an encoder did not get through, and why."""
    shortened: str = ""
    """Why there are fewer stretches than planned."""
    vmaf_reason: str = ""
    seconds: float = 0.0


def plan_of(
    footage: tuple[Path, ...],
    *,
    full: bool = False,
    minutes: float | None = None,
    clips: int | None = None,
    seconds: float | None = None,
    start_s: float | None = None,
    layout: str | None = None,
    runs: int = 1,
    settings: tuple[str, ...] = (),
    codecs: tuple[str, ...] = (),
) -> Plan:
    """A plan in which what was not asked for has its default.

    Raises:
        UsageError: there is no layout of that name, or it needs a second video.
    """
    from nvpipe.compose import LAYOUTS

    count, length_s = FULL if full else DEFAULT
    if layout is not None and len(LAYOUTS.load(layout).areas(SIZE_PX)) > 1:
        raise UsageError(f"layout {layout} needs a second video", hint="choose another layout")
    if minutes is None and not full and not settings:
        minutes = MINUTES
    return Plan(
        footage=footage,
        clips=clips or count,
        seconds=seconds or length_s,
        start_s=start_s,
        runs=runs,
        settings=settings,
        layout=layout or LAYOUT,
        codecs=codecs or CODECS[:1],
        minutes=minutes,
        thorough=full,
    )

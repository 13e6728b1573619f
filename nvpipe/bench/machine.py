"""On what machine, and when, something was measured."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe import __version__

if TYPE_CHECKING:
    from nvpipe.bench.energy import Cards

Facts = tuple[tuple[str, str], ...]
BUSY = 0.5
"""Programs that want to run, for each core, from which on timings are not to be trusted."""
_PACKAGES = ("av", "torch", "PyNvVideoCodec", "decord")


def facts(cards: Cards) -> Facts:
    """The machine, its cards, the versions, the time and how busy it is, as pairs of name and text."""
    from nvpipe.scheduler.device import cores

    cards_text = ", ".join(cards.names) or "none that NVML shows"
    found = [
        ("date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("processor", f"{_processor()}, {cores()} core{'s' * (cores() > 1)}"),
        ("card", f"{cards_text}, driver {cards.driver}" if cards.driver else cards_text),
        ("load", _load(cores())),
        ("versions", ", ".join([f"nvpipe {__version__}", f"Python {platform.python_version()}", *_versions()])),
    ]
    return tuple(found)


def _processor(path: Path = Path("/proc/cpuinfo")) -> str:
    try:
        for line in path.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return " ".join(value.split())
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _load(count: int) -> str:
    try:
        load = os.getloadavg()[0]
    except OSError:
        return "not known"
    return f"{load:.1f} at the start" + (", so busy that timings say little" if load > BUSY * count else "")


def _versions() -> list[str]:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found

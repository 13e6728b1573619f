"""Every backend and everything else that a run needs, each proven by using it."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nvpipe.pipeline.tools import REGISTRIES


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined."""

    kind: str
    name: str
    usable: bool
    reason: str
    fix: str
    chosen: bool
    """Whether `auto` takes it."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def examine(storage: Path) -> list[Finding]:
    """What is usable on this machine, what is not and why, in the order of the work."""
    findings = []
    for registry in REGISTRIES.values():
        taken = False
        for name in registry.names():
            probe = registry.probe(name)
            chosen = probe.usable and not taken and registry.kind != "layout"
            taken = taken or chosen
            findings.append(Finding(registry.kind, name, probe.usable, probe.reason, probe.fix, chosen))
    return [*findings, _storage(storage)]


def _storage(storage: Path) -> Finding:
    """Whether results can be kept for the next run."""
    try:
        storage.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=storage) as file:
            file.write(b"nvpipe")
    except OSError as error:
        reason = f"{storage} cannot be written: {error.strerror or error}"
        return Finding("cache", "storage", False, reason, "name another folder with --storage", False)
    return Finding("cache", "storage", True, f"{storage} can be written", "", False)

"""Every backend and everything else that a run needs, each proven by using it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nvpipe.errors import BackendUnavailableError, UsageError
from nvpipe.footage.motion import SCORERS
from nvpipe.media.decode import DECODERS, ON_CARD
from nvpipe.media.encode import ENCODERS
from nvpipe.pipeline.doctor import cures, parts
from nvpipe.pipeline.doctor.finding import Finding
from nvpipe.pipeline.doctor.gpu import KIND as GPU
from nvpipe.pipeline.doctor.gpu import examine_gpu
from nvpipe.pipeline.models import Models
from nvpipe.pipeline.tools import REGISTRIES, Toolbox
from nvpipe.registry import AUTO, Registry
from nvpipe.settings import driver_variables
from nvpipe.story import WRITERS
from nvpipe.voice import SPEAKERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.settings import Settings

RUN = "run"
"""Asks for everything that a run needs."""
_LAYOUT = "layout"


@dataclass(frozen=True, slots=True)
class Examination:
    """All findings, in the order of the work."""

    findings: tuple[Finding, ...]

    @property
    def auto(self) -> dict[str, str | None]:
        """What `auto` takes, by kind of backend; None where nothing is usable."""
        kinds = [registry.kind for registry in REGISTRIES.values() if registry.kind != _LAYOUT]
        taken = {finding.kind: finding.name for finding in self.findings if finding.chosen}
        return {kind: taken.get(kind) for kind in kinds}

    def broken(self) -> list[Finding]:
        """What the settings ask for by name and cannot be used."""
        return [finding for finding in self.findings if finding.named and not finding.usable]

    def require(self, wanted: Sequence[str]) -> None:
        """Nothing when everything that is asked for is usable.

        Args:
            wanted: names of findings, kinds of which one must be usable, or `run`.

        Raises:
            UsageError: there is no such finding.
            BackendUnavailableError: something is not usable.
        """
        for one in wanted:
            problems = self._run_problems() if one == RUN else self._problems(one)
            if problems:
                reasons = "; ".join(f"{finding.kind} {finding.name}: {finding.reason}" for finding in problems)
                raise BackendUnavailableError(f"{one} is not usable here: {reasons}", hint=problems[0].fix)

    def _problems(self, wanted: str) -> list[Finding]:
        found = [finding for finding in self.findings if wanted in (finding.name, finding.kind)]
        if not found:
            known = sorted({RUN, *(name for one in self.findings for name in (one.kind, one.name))})
            raise UsageError(f"the doctor finds nothing named {wanted!r}", hint=f"choose from: {', '.join(known)}")
        return [] if any(finding.usable for finding in found) else found

    def _run_problems(self) -> list[Finding]:
        """Why no run can be made as the settings ask; a run needs no card."""
        kinds = {finding.kind for finding in self.findings} - {GPU}
        lost = [kind for kind in sorted(kinds) if not any(one.usable for one in self.findings if one.kind == kind)]
        return [finding for finding in self.findings if finding.kind in lost or finding in self.broken()]


def examine(settings: Settings) -> Examination:
    """What is usable on this machine, what is not and why.

    Nothing is left behind: a storage folder that does not exist yet is made only for a model that is named.
    """
    with closing(Models(settings.storage)) as models:
        backends = _backends(settings, Toolbox(settings, {}, lambda _: None, models))
    return Examination(
        (
            *examine_gpu(driver_variables()),
            *backends,
            parts.captions(),
            parts.sound(),
            parts.storage_folder(settings.storage),
        )
    )


def _backends(settings: Settings, tools: Toolbox) -> list[Finding]:
    """Every backend, each told before its proof what a run would tell it."""
    named = named_by(settings)
    findings: list[Finding] = []

    def on_card() -> bool:
        used = [one.name for one in findings if one.kind == DECODERS.kind and one.chosen]
        return (settings.decoder if settings.decoder != AUTO else "".join(used)) in ON_CARD

    prepared: dict[str, Callable[[Any], None]] = {
        SCORERS.kind: lambda one: one.prepare(on_card=on_card()),
        WRITERS.kind: lambda one: one.prepare(*tools.wishes_and_desk()),
        SPEAKERS.kind: lambda one: one.prepare(*tools.manner_and_booth()),
        ENCODERS.kind: lambda one: one.prepare(settings.codec),
    }
    for registry in REGISTRIES.values():
        findings += backends_of(registry, prepared.get(registry.kind), named)
    return findings


def named_by(settings: Settings) -> set[tuple[str, str]]:
    """Kind and name of what the settings ask for by name, a model included."""
    named = {
        (kind, name)
        for kind in ("decoder", "encoder", "writer", "speaker")
        if (name := getattr(settings, kind)) != AUTO
    }
    if settings.x264_params and settings.encoder == AUTO:
        named.add((ENCODERS.kind, "x264"))
    if settings.llama is not None:
        named.add((WRITERS.kind, "llama"))
    if settings.kokoro is not None:
        named.add((SPEAKERS.kind, "kokoro"))
    return named


def backends_of(
    registry: Registry[Any], prepare: Callable[[Any], None] | None, named: set[tuple[str, str]]
) -> list[Finding]:
    """The verdict on every backend of a kind, best first.

    Args:
        registry: of the kind.
        prepare: given each backend before it is proven.
        named: kind and name of those that the settings ask for.
    """
    taken, findings = registry.kind == _LAYOUT, []
    for entry in registry:
        probe = registry.probe(entry.name, prepare)
        chosen = probe.usable and not taken and not entry.by_name_only
        taken = taken or chosen
        fix = probe.fix or ("" if probe.usable else cures.of_reason(f"{entry.name}: {probe.reason}"))
        asked = (registry.kind, entry.name) in named
        findings.append(
            Finding(registry.kind, entry.name, probe.usable, probe.reason, fix, chosen, entry.summary, asked)
        )
    return findings

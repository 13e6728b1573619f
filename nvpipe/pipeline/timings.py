"""How long stages and loads took in earlier runs on this storage folder, for what the next will take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from nvpipe.cache.stages import StageStore
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.settings import Settings

STAGE = "stage-time"
KEPT = 9
"""Of a kind of work the last times; their median is what is expected."""
LOAD = "load"
CHOICE = "backend"


@dataclass(frozen=True, slots=True)
class Kind:
    """Work whose times can be compared.

    Attributes:
        stage: script, narration, analysis, render, or `load` of a model.
        backend: who did it.
        details: what else its pace follows from.
    """

    stage: str
    backend: str
    details: tuple[object, ...] = ()

    @property
    def key(self) -> str:
        return digest_of([self.stage, self.backend, list(self.details)])


def kind_of(stage: str, backend: str, settings: Settings) -> Kind:
    """The kind that a stage of a job belongs to."""
    details: tuple[object, ...] = ()
    if stage == "script":
        details = (settings.llama,)
    elif stage == "narration":
        details = (settings.kokoro,)
    elif stage == "analysis":
        details = (settings.fast,)
    elif stage == "render":
        details = (settings.size, settings.fps, settings.quality, settings.layout)
    return Kind(stage, backend, details)


class Timings:
    """Seconds for each unit of work, kept in a storage folder; what cannot be read there is not known.

    Args:
        store: the stages of the storage folder.
    """

    def __init__(self, store: StageStore) -> None:
        self._store = store

    def expected(self, kind: Kind) -> float | None:
        """Seconds for a unit of this kind of work; None when it was never done here."""
        known = self._known(kind)
        return median(known) if known else None

    def note(self, kind: Kind, seconds: float, units: float = 1.0) -> None:
        """Remember how long `units` of work took."""
        if units > 0 and math.isfinite(seconds) and seconds >= 0:
            paces = [*self._known(kind), seconds / units][-KEPT:]
            self._store.save(STAGE, kind.key, {"stage": kind.stage, "backend": kind.backend, "seconds": paces})

    def choice(self, stage: str) -> str | None:
        """The backend that did a stage when it was last done here."""
        data: Any = self._store.load(STAGE, Kind(CHOICE, stage).key)
        found = data.get("used") if isinstance(data, dict) else None
        return found if isinstance(found, str) else None

    def note_choice(self, stage: str, used: str) -> None:
        if self.choice(stage) != used:
            self._store.save(STAGE, Kind(CHOICE, stage).key, {"stage": stage, "used": used})

    def _known(self, kind: Kind) -> list[float]:
        data: Any = self._store.load(STAGE, kind.key)
        listed = data.get("seconds") if isinstance(data, dict) else None
        if not isinstance(listed, list):
            return []
        return [float(one) for one in listed if isinstance(one, int | float) and math.isfinite(one) and one >= 0]


def units_of(stage: str, footage_s: float, short_s: float) -> float:
    """How much work a stage is: a script is one; pictures and sound go by their seconds."""
    return {"analysis": footage_s, "narration": short_s, "render": short_s}.get(stage, 1.0)


def predicted_and_measured(
    log: JobLog, store: StageStore, settings: Settings, short_s: float, footage_s: dict[str, float]
) -> dict[str, Any]:
    """What was expected of a job's memory and times, and what they were; the times are noted for later runs.

    Args:
        log: of the job.
        store: of the storage folder.
        settings: the job's options.
        short_s: length of the short.
        footage_s: lengths of the footage, by its digest.
    """
    timings = Timings(store)
    times = []
    for result in log.results:
        if result.outcome != "ran":
            continue
        kind = kind_of(result.stage, result.backend, settings)
        units = units_of(result.stage, footage_s.get(result.key, 0.0), short_s)
        pace = timings.expected(kind)
        expected = None if pace is None else round(pace * units, 3)
        times.append({"stage": result.stage, "predicted_s": expected, "measured_s": result.seconds})
        timings.note(kind, result.seconds, units)
    for stage, choice in log.backends.items():
        timings.note_choice(stage, choice.used)
    memory = []
    for used in log.models():
        memory.append(
            {
                "name": used.name,
                "predicted_bytes": used.estimate.bytes,
                "predicted_from": used.estimate.source,
                "measured_bytes": used.peak_memory_bytes or None,
            }
        )
        if used.loads > used.failures:
            timings.note(Kind(LOAD, used.name), used.load_s, used.loads)
    memory += [
        {
            "name": held.name,
            "predicted_bytes": held.estimate.bytes,
            "predicted_from": held.estimate.source,
            "measured_bytes": held.peak_bytes if held.is_measured else None,
        }
        for held in log.held
    ]
    return {"predicted": {"memory": memory, "times": times}}

"""What a plan says of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nvpipe.scheduler.waves import Wave


@dataclass(frozen=True, slots=True)
class Room:
    """A device's memory now; `usable_bytes` is what models and pictures may take of it."""

    device: str
    label: str
    total_bytes: int
    free_bytes: int
    limit_bytes: int | None
    usable_bytes: int


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """What is to be in memory, with its estimate and where that comes from."""

    name: str
    device: str
    bytes: int
    source: str
    load_s: float | None
    fits: bool


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """A stage of a job; `seconds` is None when nothing like it was ever timed here."""

    stage: str
    backend: str
    backend_from: str
    cached: bool
    model: str
    seconds: float | None

    def taking(self, seconds: float | None) -> PlannedStage:
        return replace(self, seconds=seconds)


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job; `problem` says why it cannot be planned, or that it will fail."""

    article: str
    slug: str
    done: bool
    stages: tuple[PlannedStage, ...]
    problem: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """Models that fit a device together."""

    device: str
    models: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it; `unknown` names what the expected time does not hold."""

    rooms: tuple[Room, ...]
    jobs: tuple[PlannedJob, ...]
    models: tuple[PlannedModel, ...]
    fits: tuple[Fit, ...]
    waves: tuple[Wave, ...]
    loads: int
    seconds: float
    unknown: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "devices": [
                {
                    "name": one.device,
                    "card": one.label,
                    "total_bytes": one.total_bytes,
                    "free_bytes": one.free_bytes,
                    "limit_bytes": one.limit_bytes,
                    "usable_bytes": one.usable_bytes,
                }
                for one in self.rooms
            ],
            "models": [
                {
                    "name": one.name,
                    "device": one.device,
                    "estimate_bytes": one.bytes,
                    "estimate_from": one.source,
                    "load_s": _rounded(one.load_s),
                    "fits": one.fits,
                }
                for one in self.models
            ],
            "fit_together": [
                {"device": one.device, "models": list(one.models), "bytes": one.bytes} for one in self.fits
            ],
            "jobs": [_job(one) for one in self.jobs],
            "waves": [
                {
                    "models": list(wave.models),
                    "loads": list(wave.loads),
                    "start_s": round(wave.start_s, 3),
                    "end_s": round(wave.end_s, 3),
                    "steps": [{"job": step.job + 1, "stage": step.stage} for step in wave.steps],
                }
                for wave in self.waves
            ],
            "loads": self.loads,
            "seconds": round(self.seconds, 3),
            "unknown": list(self.unknown),
        }


def _job(job: PlannedJob) -> dict[str, Any]:
    return {
        "article": job.article,
        "slug": job.slug,
        "status": "done" if job.done else "failed" if job.problem and job.slug else "to do",
        "problem": job.problem or None,
        "notes": list(job.notes),
        "stages": [
            {
                "stage": one.stage,
                "backend": one.backend,
                "backend_from": one.backend_from,
                "outcome": "cached" if one.cached else "to do",
                "model": one.model or None,
                "seconds": _rounded(one.seconds),
            }
            for one in job.stages
        ],
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)

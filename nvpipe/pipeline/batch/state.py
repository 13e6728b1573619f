"""A run as its events tell it: which job is where, what stages cost, what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LARGEST = 1e18
JobStatus = Literal["waiting", "running", "done", "failed"]


@dataclass(slots=True)
class JobState:
    """One job, as far as is known."""

    number: int
    name: str
    article: str
    status: JobStatus = "waiting"
    cached: bool = False
    attempts: int = 0
    started_s: float | None = None
    seconds: float = 0.0
    stages: dict[str, float | None] = field(default_factory=dict)
    """Stages at work, and which share of each is done."""
    output: str | None = None
    error: str | None = None


@dataclass(slots=True)
class StageTotal:
    """What all stages of a name, a backend and an outcome cost together."""

    count: int = 0
    seconds: float = 0.0
    bytes: int = 0
    peak_memory_bytes: int = 0


@dataclass(slots=True)
class RunState:
    """A run; `apply` its events in their order."""

    run: str = ""
    out: str = ""
    pid: int = 0
    at_once: int = 1
    started_s: float | None = None
    updated_s: float = 0.0
    ended: str = ""
    """`finished` or `interrupted`; empty while it is at work, and for ever when it was killed."""
    exit_code: int | None = None
    draining: bool = False
    jobs: dict[int, JobState] = field(default_factory=dict)
    stages: dict[tuple[str, str, str], StageTotal] = field(default_factory=dict)
    """By stage, backend and outcome."""
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the last word on each model was."""
    warnings: int = 0
    retries: int = 0
    output_bytes: int = 0
    memory_bytes: int = 0
    """Of all processes of the run, when it was last looked."""
    peak_memory_bytes: int = 0

    def count(self, status: JobStatus) -> int:
        return sum(job.status == status for job in self.jobs.values())

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take an event in; one that makes no sense is passed over."""
        self.updated_s = _number(event.get("at_s"), self.updated_s)
        handle = _HANDLERS.get(str(event.get("event")))
        if handle is not None:
            handle(self, event)


def state_of(events: Iterable[Mapping[str, Any]]) -> RunState:
    """A run from all of its events."""
    state = RunState()
    for event in events:
        state.apply(event)
    return state


def _job(state: RunState, event: Mapping[str, Any]) -> JobState:
    number = int(_number(event.get("number"), 0))
    if number not in state.jobs:
        state.jobs[number] = JobState(number, str(event.get("job", "")), str(event.get("article", "")))
    return state.jobs[number]


def _run_started(state: RunState, event: Mapping[str, Any]) -> None:
    state.run, state.out = str(event.get("run", "")), str(event.get("out", ""))
    state.pid = int(_number(event.get("pid"), 0))
    state.started_s = _number(event.get("at_s"), 0.0)


def _jobs_found(state: RunState, event: Mapping[str, Any]) -> None:
    state.at_once = int(_number(event.get("at_once"), 1))
    listed = event.get("jobs")
    for job in listed if isinstance(listed, list) else []:
        if isinstance(job, dict):
            _job(state, job)


def _job_started(state: RunState, event: Mapping[str, Any]) -> None:
    job = _job(state, event)
    job.status, job.started_s = "running", _number(event.get("at_s"), 0.0)
    job.attempts = max(job.attempts, 1)


def _stage_started(state: RunState, event: Mapping[str, Any]) -> None:
    _job(state, event).stages[str(event.get("stage"))] = None


def _progress(state: RunState, event: Mapping[str, Any]) -> None:
    total = _number(event.get("total"), 0.0)
    share = min(1.0, _number(event.get("done"), 0.0) / total) if total > 0 else None
    _job(state, event).stages[str(event.get("stage"))] = share


def _stage(state: RunState, event: Mapping[str, Any]) -> None:
    job = _job(state, event)
    name = str(event.get("stage"))
    job.stages.pop(name, None)
    key = (name, str(event.get("backend") or ""), str(event.get("outcome")))
    total = state.stages.setdefault(key, StageTotal())
    total.count += 1
    total.seconds += _number(event.get("seconds"), 0.0)
    total.bytes += int(_number(event.get("bytes"), 0))
    total.peak_memory_bytes = max(total.peak_memory_bytes, int(_number(event.get("memory_bytes"), 0)))


def _job_retried(state: RunState, event: Mapping[str, Any]) -> None:
    job = _job(state, event)
    job.attempts = int(_number(event.get("attempt"), 0)) + 1
    job.stages.clear()
    state.retries += 1


def _job_ended(state: RunState, event: Mapping[str, Any]) -> None:
    job = _job(state, event)
    job.status = "done" if event.get("status") == "done" else "failed"
    job.cached = event.get("cached") is True
    job.seconds = _number(event.get("seconds"), 0.0)
    job.output = event.get("output") if isinstance(event.get("output"), str) else None
    job.error = event.get("error") if isinstance(event.get("error"), str) else None
    job.stages.clear()
    state.output_bytes += int(_number(event.get("bytes"), 0))
    listed = event.get("models")
    for model in listed if isinstance(listed, list) else []:
        if isinstance(model, dict):
            state.models[str(model.get("model"))] = model


def _warned(state: RunState, _event: Mapping[str, Any]) -> None:
    state.warnings += 1


def _memory(state: RunState, event: Mapping[str, Any]) -> None:
    state.memory_bytes = int(_number(event.get("bytes"), 0))
    state.peak_memory_bytes = max(state.peak_memory_bytes, state.memory_bytes)


def _draining(state: RunState, _event: Mapping[str, Any]) -> None:
    state.draining = True


def _run_ended(state: RunState, event: Mapping[str, Any]) -> None:
    state.ended = str(event.get("status") or "finished")
    state.exit_code = int(_number(event.get("exit_code"), 0))


_HANDLERS = {
    "run_started": _run_started,
    "jobs": _jobs_found,
    "job_started": _job_started,
    "stage_started": _stage_started,
    "progress": _progress,
    "stage": _stage,
    "job_retried": _job_retried,
    "job_ended": _job_ended,
    "warning": _warned,
    "memory": _memory,
    "draining": _draining,
    "run_ended": _run_ended,
}


def _number(value: object, otherwise: float) -> float:
    """A finite number that every counter takes; the other one where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST < value < _LARGEST:
        return otherwise
    return float(value)

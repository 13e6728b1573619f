"""A run from its events: which job's stages ran when, what memory was taken, what was said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_MOMENTS = 2000
"""Points of memory that are kept of a run; of more, the highest of neighbours."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stage of a job; times in seconds since the run began."""

    stage: str
    outcome: str
    backend: str
    start_s: float
    end_s: float
    memory_bytes: int = 0
    predicted_bytes: int = 0
    key: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Fallback:
    """What did a stage's work in another's place."""

    stage: str
    used: str
    wanted: str
    reason: str


@dataclass(slots=True)
class JobFacts:
    """What the events say of one job."""

    number: int
    name: str
    article: str
    status: str = "waiting"
    cached: bool = False
    attempts: int = 1
    start_s: float | None = None
    seconds: float = 0.0
    output: str = ""
    manifest: str = ""
    error: str = ""
    spans: list[Span] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    fallbacks: list[Fallback] = field(default_factory=list)


@dataclass(slots=True)
class RunFacts:
    """What the events say of a run."""

    run: str = ""
    started_s: float = 0.0
    """Since 1970."""
    seconds: float = 0.0
    ended: str = ""
    """`finished` or `interrupted`; empty for a run that is at work or was killed."""
    exit_code: int | None = None
    jobs: dict[int, JobFacts] = field(default_factory=dict)
    memory: list[tuple[float, int]] = field(default_factory=list)
    """(seconds since the run began, bytes of all its processes)"""
    notices: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def count(self, status: str) -> int:
        return sum(job.status == status for job in self.jobs.values())

    @property
    def spans(self) -> list[Span]:
        return [span for job in self.jobs.values() for span in job.spans]


def facts_of(events: Iterable[Mapping[str, Any]]) -> RunFacts:
    """A run from its events, in their order; one that makes no sense is passed over."""
    facts = RunFacts()
    for event in events:
        at_s = number(event.get("at_s"))
        if not facts.started_s:
            facts.started_s = at_s
        facts.run = facts.run or text(event.get("run"))
        facts.seconds = max(facts.seconds, at_s - facts.started_s)
        handle = _HANDLERS.get(text(event.get("event")))
        if handle is not None:
            handle(facts, event)
    facts.memory = thinned(facts.memory, MAX_MOMENTS)
    return facts


def thinned(moments: list[tuple[float, int]], most: int) -> list[tuple[float, int]]:
    """At most so many moments; the highest of each few stands for them."""
    if len(moments) <= most:
        return moments
    each = math.ceil(len(moments) / most)
    return [max(moments[at : at + each], key=lambda moment: moment[1]) for at in range(0, len(moments), each)]


def number(value: object, default: float = 0.0) -> float:
    """A finite number of a file that anybody may have altered."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return default
    return float(value)


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _job(facts: RunFacts, event: Mapping[str, Any]) -> JobFacts | None:
    place = int(number(event.get("number")))
    if place < 1:
        return None
    if place not in facts.jobs:
        facts.jobs[place] = JobFacts(place, text(event.get("job")), text(event.get("article")))
    return facts.jobs[place]


def _jobs(facts: RunFacts, event: Mapping[str, Any]) -> None:
    listed = event.get("jobs")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            _job(facts, one)


def _job_started(facts: RunFacts, event: Mapping[str, Any]) -> None:
    if job := _job(facts, event):
        job.status = "running"
        if job.start_s is None:
            job.start_s = number(event.get("at_s")) - facts.started_s


def _stage(facts: RunFacts, event: Mapping[str, Any]) -> None:
    if job := _job(facts, event):
        start_s = max(0.0, number(event.get("start_s")) - facts.started_s)
        job.spans.append(
            Span(
                text(event.get("stage")),
                text(event.get("outcome")),
                text(event.get("backend")),
                start_s,
                max(start_s, number(event.get("end_s")) - facts.started_s),
                int(number(event.get("memory_bytes"))),
                int(number(event.get("memory_predicted_bytes"))),
                text(event.get("key")),
                text(event.get("error")),
            )
        )


def _memory(facts: RunFacts, event: Mapping[str, Any]) -> None:
    facts.memory.append((number(event.get("at_s")) - facts.started_s, int(number(event.get("bytes")))))


def _said(kind: str) -> Any:
    def handle(facts: RunFacts, event: Mapping[str, Any]) -> None:
        job = _job(facts, event) if "number" in event else None
        said: list[str] = getattr(job or facts, kind)
        if (words := text(event.get("text"))) and words not in said:
            said.append(words)

    return handle


def _fallback(facts: RunFacts, event: Mapping[str, Any]) -> None:
    found = Fallback(*(text(event.get(name)) for name in ("stage", "used", "wanted", "reason")))
    job = _job(facts, event)
    if job is not None and found not in job.fallbacks:
        job.fallbacks.append(found)


def _job_ended(facts: RunFacts, event: Mapping[str, Any]) -> None:
    if job := _job(facts, event):
        job.status = text(event.get("status")) or job.status
        job.cached = event.get("cached") is True
        job.attempts = max(1, int(number(event.get("attempts"), 1)))
        job.seconds = number(event.get("seconds"))
        job.output, job.manifest = text(event.get("output")), text(event.get("manifest"))
        job.error = text(event.get("error"))


def _run_ended(facts: RunFacts, event: Mapping[str, Any]) -> None:
    facts.ended = text(event.get("status")) or "finished"
    code = event.get("exit_code")
    facts.exit_code = code if isinstance(code, int) else None


_HANDLERS = {
    "jobs": _jobs,
    "job_started": _job_started,
    "stage": _stage,
    "memory": _memory,
    "notice": _said("notices"),
    "warning": _said("warnings"),
    "fallback": _fallback,
    "job_ended": _job_ended,
    "run_ended": _run_ended,
}

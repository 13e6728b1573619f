"""A run in the trace event format of Chrome's tracing (chrome://tracing, Perfetto).

The format: "Trace Event Format", Google, with complete events (`ph` X), counters (C) and names (M); microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nvpipe.report.run_page.facts import RunFacts, Span

_PID = 1


def trace_of(facts: RunFacts) -> dict[str, Any]:
    """Every stage of every job, each job a thread, and the memory of all processes as a counter."""
    events: list[dict[str, Any]] = [_name("process_name", 0, f"nvpipe run {facts.run}")]
    for job in facts.jobs.values():
        events.append(_name("thread_name", job.number, f"{job.number} {job.name or job.article}"))
        events += [_complete(job.number, span) for span in job.spans]
    events += [
        {"name": "memory", "ph": "C", "ts": round(at_s * 1e6), "pid": _PID, "args": {"bytes": size}}
        for at_s, size in facts.memory
    ]
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"run": facts.run}}


def _complete(thread: int, span: Span) -> dict[str, Any]:
    return {
        "name": span.stage,
        "cat": span.outcome,
        "ph": "X",
        "ts": round(span.start_s * 1e6),
        "dur": round((span.end_s - span.start_s) * 1e6),
        "pid": _PID,
        "tid": thread,
        "args": {
            "backend": span.backend,
            "outcome": span.outcome,
            "key": span.key,
            "memory_bytes": span.memory_bytes,
            "memory_predicted_bytes": span.predicted_bytes,
        },
    }


def _name(kind: str, thread: int, value: str) -> dict[str, Any]:
    return {"name": kind, "ph": "M", "pid": _PID, "tid": thread, "args": {"name": value}}

"""A run folded from its events, and its figures."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nvpipe.pipeline.batch.metrics import exposition
from nvpipe.pipeline.batch.state import RunState, state_of

STAGE = {"number": 1, "job": "a", "stage": "render", "backend": "x264", "outcome": "ran", "seconds": 2.5, "bytes": 7}
EVENTS: list[dict[str, Any]] = [
    {"event": "run_started", "run": "r", "out": "/out", "pid": 12, "at_s": 100.0},
    {"event": "jobs", "at_once": 2, "jobs": [{"number": 1, "job": "a"}, {"number": 2, "job": "b"}]},
    {"event": "job_started", "number": 1, "job": "a", "at_s": 101.0},
    {"event": "stage_started", "number": 1, "job": "a", "stage": "render"},
    {"event": "progress", "number": 1, "job": "a", "stage": "render", "done": 3, "total": 12},
]  # fmt: skip


def test_a_run_at_work_is_told_as_it_stands() -> None:
    state = state_of(EVENTS)
    assert (state.run, state.pid, state.at_once, state.started_s) == ("r", 12, 2, 100.0)
    assert [job.status for job in state.jobs.values()] == ["running", "waiting"]
    assert state.jobs[1].stages == {"render": 0.25}
    assert not state.ended


def test_what_stages_cost_is_added_up() -> None:
    state = state_of([*EVENTS, {"event": "stage", **STAGE}, {"event": "stage", **STAGE, "number": 2}])
    total = state.stages["render", "x264", "ran"]
    assert (total.count, total.seconds, total.bytes) == (2, 5.0, 14)
    assert state.jobs[1].stages == {}


def test_a_job_that_is_tried_again_runs_on() -> None:
    retried = {"event": "job_retried", "number": 1, "job": "a", "attempt": 1, "error": "no"}
    state = state_of([*EVENTS, retried])
    assert (state.jobs[1].status, state.jobs[1].attempts, state.retries) == ("running", 2, 1)
    ended = {"event": "job_ended", "number": 1, "job": "a", "status": "failed", "error": "no", "seconds": 3}
    state = state_of([*EVENTS, retried, ended])
    assert (state.jobs[1].status, state.jobs[1].error) == ("failed", "no")


def test_names_are_escaped_for_prometheus() -> None:
    state = state_of([{"event": "stage", **STAGE, "backend": 'a "b"\\\n'}])
    assert r'backend="a \"b\"\\\n"' in exposition(state)


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.integers())
NAMES = st.sampled_from(
    ["jobs", "job_started", "stage_started", "progress", "stage", "job_retried", "job_ended", "memory", "run_ended"]
)
KEYS = st.sampled_from(["number", "stage", "seconds", "bytes", "done", "total", "jobs", "models", "at_s", "attempt"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(NAMES, st.dictionaries(KEYS, VALUES, max_size=6)), max_size=8))
def test_events_that_make_no_sense_break_nothing(events: list[tuple[str, dict[str, Any]]]) -> None:
    state = RunState()
    for name, fields in events:
        state.apply({**fields, "event": name})
    assert exposition(state).endswith("\n")

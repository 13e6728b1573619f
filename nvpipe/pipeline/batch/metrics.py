"""A run's figures in Prometheus' text format (version 0.0.4), as its textfile collectors take them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nvpipe.cache.disk import replace_file
from nvpipe.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nvpipe.pipeline.batch.state import JobStatus, RunState

EVERY_S = 1.0
_STATUSES: tuple[JobStatus, ...] = ("waiting", "running", "done", "failed")
_OF_STAGES = (
    ("nvpipe_stages_total", "counter", "Stages that ended.", "count"),
    ("nvpipe_stage_seconds_total", "counter", "Seconds that stages took.", "seconds"),
    ("nvpipe_stage_bytes_total", "counter", "Bytes that stages gave.", "bytes"),
    ("nvpipe_stage_peak_memory_bytes", "gauge", "Most memory that a stage took.", "peak_memory_bytes"),
)


class MetricsFile:
    """The file of `--metrics`, replaced whole at most once a second.

    Args:
        path: the file.
        state: whose figures.
        warn: told once when it cannot be written; the run goes on.
        clock: seconds since 1970.
    """

    def __init__(
        self, path: Path, state: RunState, warn: Callable[[str], None], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._state = state
        self._warn = warn
        self._clock = clock
        self._written_s = 0.0
        self._is_broken = False

    def prove(self) -> None:
        """Write it for the first time.

        Raises:
            UsageError: it cannot be written.
        """
        self.write()
        if self._is_broken:
            raise UsageError(f"metrics file {self._path} cannot be written", hint="choose another --metrics")

    def heard(self, event: Mapping[str, Any]) -> None:
        """Write what has changed, if it is time or the run ends."""
        if event.get("event") == "run_ended" or self._clock() - self._written_s >= EVERY_S:
            self.write()

    def write(self) -> None:
        if self._is_broken:
            return
        self._written_s = self._clock()
        text = exposition(self._state).encode("utf-8")
        try:
            replace_file(self._path, lambda write: write(memoryview(text)))
        except OutputError as error:
            self._is_broken = True
            self._warn(f"metrics file {self._path}: {error.message}; the run goes on without")


def exposition(state: RunState) -> str:
    """The figures of a run, each with what it means."""
    page = _Page()
    jobs: list[tuple[dict[str, str], float]] = [({"status": one}, state.count(one)) for one in _STATUSES]
    page.add("nvpipe_jobs", "gauge", "Jobs of the run by status.", jobs)
    page.add("nvpipe_jobs_at_once", "gauge", "Jobs worked on at once.", [({}, state.at_once)])
    stages = [
        ({"stage": stage, "backend": backend, "outcome": outcome}, total)
        for (stage, backend, outcome), total in sorted(state.stages.items())
    ]
    for name, kind, what, attribute in _OF_STAGES:
        page.add(name, kind, what, [(key, getattr(one, attribute)) for key, one in stages])
    loads = [({"model": name}, _int(model.get("loads_in_run"))) for name, model in sorted(state.models.items())]
    page.add("nvpipe_model_loads_total", "counter", "Loads of a model.", loads)
    page.add("nvpipe_retries_total", "counter", "Jobs that were tried again.", [({}, state.retries)])
    page.add("nvpipe_warnings_total", "counter", "Warnings.", [({}, state.warnings)])
    page.add("nvpipe_output_bytes_total", "counter", "Bytes of finished files.", [({}, state.output_bytes)])
    page.add("nvpipe_memory_bytes", "gauge", "Memory of all processes of the run.", [({}, state.memory_bytes)])
    page.add("nvpipe_run_start_time_seconds", "gauge", "When the run began.", [({}, state.started_s or 0.0)])
    page.add("nvpipe_run_update_time_seconds", "gauge", "When this was written.", [({}, state.updated_s)])
    page.add("nvpipe_run_active", "gauge", "1 while the run is at work.", [({}, 0 if state.ended else 1)])
    return page.text


class _Page:
    def __init__(self) -> None:
        self.text = ""

    def add(self, name: str, kind: str, what: str, samples: Sequence[tuple[dict[str, str], float]]) -> None:
        if not samples:
            return
        self.text += f"# HELP {name} {what}\n# TYPE {name} {kind}\n"
        for labels, value in samples:
            inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            shown = repr(round(value, 6)) if isinstance(value, float) else str(value)
            self.text += f"{name}{{{inside}}} {shown}\n" if inside else f"{name} {shown}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _int(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0

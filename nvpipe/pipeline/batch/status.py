"""A run as it stands, seen from outside of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nvpipe.errors import InputError
from nvpipe.pipeline.batch.events import EVENTS, is_alive, read_events, run_folders
from nvpipe.pipeline.batch.state import state_of

if TYPE_CHECKING:
    from nvpipe.pipeline.batch.state import JobState, RunState

Phase = Literal["running", "draining", "finished", "interrupted", "failed", "killed"]


@dataclass(frozen=True, slots=True)
class RunStatus:
    """What is known of a run."""

    folder: Path
    phase: Phase
    state: RunState

    def document(self) -> dict[str, Any]:
        """The same as JSON values."""
        state = self.state
        return {
            "run": state.run,
            "folder": str(self.folder),
            "out": state.out,
            "phase": self.phase,
            "pid": state.pid,
            "started_s": state.started_s,
            "updated_s": state.updated_s,
            "exit_code": state.exit_code,
            "at_once": state.at_once,
            "counts": {status: state.count(status) for status in ("waiting", "running", "done", "failed")},
            "memory_bytes": state.memory_bytes,
            "peak_memory_bytes": state.peak_memory_bytes,
            "warnings": state.warnings,
            "retries": state.retries,
            "jobs": [_job(job) for job in state.jobs.values()],
        }


def status_of(place: Path) -> RunStatus:
    """The newest run of an output folder, or the one whose own folder is named; one at work goes before the others.

    Raises:
        InputError: there is none.
    """
    folder = find_run(place)
    # It may end while its events are read.
    alive = is_alive(folder)
    try:
        state = state_of(read_events(folder / EVENTS))
    except OSError as error:
        raise InputError(f"{folder / EVENTS} cannot be read: {error.strerror or error}") from error
    return RunStatus(folder, _phase(state, alive=alive), state)


def find_run(place: Path) -> Path:
    """The folder of a run.

    Args:
        place: an output folder, or OUT/.nvpipe/runs/<id>.

    Raises:
        InputError: no run is known there.
    """
    if (place / EVENTS).is_file():
        return place
    folders = run_folders(place)
    if not folders:
        raise InputError(f"no run is known in {place}", hint="name the folder that was given as --out")
    return next((folder for folder in folders if is_alive(folder)), folders[0])


def out_of(folder: Path) -> Path:
    """The output folder that a run's folder lies in."""
    return folder.absolute().parent.parent.parent


def _phase(state: RunState, *, alive: bool) -> Phase:
    if state.ended == "interrupted":
        return "interrupted"
    if state.ended:
        return "failed" if state.ended == "failed" else "finished"
    if not alive:
        return "killed"
    return "draining" if state.draining else "running"


def _job(job: JobState) -> dict[str, Any]:
    return {
        "number": job.number,
        "job": job.name,
        "article": job.article,
        "status": job.status,
        "cached": job.cached,
        "attempts": job.attempts,
        "seconds": job.seconds,
        "stages": {stage: share if share is None else round(share, 3) for stage, share in job.stages.items()},
        "output": job.output,
        "error": job.error,
    }

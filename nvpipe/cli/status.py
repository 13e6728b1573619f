"""`nvpipe status`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nvpipe.cli.options import json_option, print_json
from nvpipe.cli.table import clock, columns, short

if TYPE_CHECKING:
    from nvpipe.pipeline.batch.state import JobState
    from nvpipe.pipeline.batch.status import RunStatus


@click.command("status")
@click.argument("run_dir", type=click.Path(path_type=Path), default="nvpipe-out", metavar="[RUN_DIR]")
@json_option
def command(run_dir: Path, as_json: bool) -> None:
    """Tell how a run stands, from another terminal.

    RUN_DIR is an output folder, whose newest run is told of, or the folder of one run,
    RUN_DIR/.nvpipe/runs/ID.  [default: ./nvpipe-out]
    """
    from nvpipe.pipeline.batch.status import status_of

    status = status_of(run_dir)
    if as_json:
        print_json(status.document())
        return
    for line in _lines(status, time.time()):
        click.echo(line)


def _lines(status: RunStatus, now_s: float) -> list[str]:
    state = status.state
    end_s = now_s if status.phase in ("running", "draining") else state.updated_s
    spent = clock(max(0.0, end_s - (state.started_s or end_s)))
    counts = ", ".join(
        f"{count} {name}" for name in ("done", "failed", "running", "waiting") if (count := state.count(name))
    )
    head = (
        f"{status.phase} for {spent}" if status.phase in ("running", "draining") else f"{status.phase} after {spent}"
    )
    memory = f"; {state.memory_bytes / 1e9:.1f} GB now, {state.peak_memory_bytes / 1e9:.1f} GB at most"
    lines = [f"run {state.run} (process {state.pid}): {head}", f"{counts or 'no jobs yet'}{memory}"]
    rows = [
        (str(job.number), short(job.name), job.status, _time(job, end_s), _what(job)) for job in state.jobs.values()
    ]
    return [*lines, *columns(("#", "job", "status", "time", ""), rows)] if rows else lines


def _time(job: JobState, now_s: float) -> str:
    if job.status == "running" and job.started_s is not None:
        return clock(max(0.0, now_s - job.started_s))
    return clock(job.seconds) if job.status in ("done", "failed") else ""


def _what(job: JobState) -> str:
    again = f" (try {job.attempts})" if job.attempts > 1 else ""
    if job.status == "running":
        at = ", ".join(stage if share is None else f"{stage} {share:.0%}" for stage, share in job.stages.items())
        return (at or "waits for its turn") + again
    if job.status == "done":
        return f"already done: {job.output}" if job.cached else str(job.output)
    return (job.error or "") + again

"""`nvpipe report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options


@click.command("report")
@click.argument("run_dir", type=click.Path(path_type=Path), default="nvpipe-out", metavar="[RUN_DIR]")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="The page.  [default: RUN_DIR/nvpipe-report.html]"
)
@click.option("--embed", is_flag=True, help="Put the videos into the page, so that it can be sent on its own.")
@settings_options("storage")
@json_option
def command(run_dir: Path, html: Path | None, embed: bool, config: Path | None, as_json: bool, **flags: Any) -> None:
    """Write a page of a run: its shorts, their scripts and sources, the footage, time and memory.

    RUN_DIR is an output folder, whose newest run is told of, or the folder of one run,
    RUN_DIR/.nvpipe/runs/ID.  [default: ./nvpipe-out]  A trace for chrome://tracing or Perfetto goes beside the page.
    """
    from nvpipe.pipeline.batch.events import EVENTS, read_events
    from nvpipe.pipeline.batch.status import out_of, status_of
    from nvpipe.report.run_page.page import PAGE, write_page

    storage = settings_from(config, flags).storage
    status = status_of(run_dir)
    folder = out_of(status.folder)
    events = read_events(status.folder / EVENTS)
    page, trace = write_page(events, folder, storage, html or folder / PAGE, phase=status.phase, embed=embed)
    if as_json:
        print_json({"run": status.state.run, "page": str(page), "trace": str(trace)})
    else:
        click.echo(page)

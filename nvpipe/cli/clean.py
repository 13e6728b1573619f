"""`nvpipe clean`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options
from nvpipe.cli.progress import megabytes


@click.command("clean")
@click.argument("out", type=click.Path(path_type=Path), default="nvpipe-out", metavar="[OUT]")
@click.option("--runs", is_flag=True, help="Forget runs that are over too; status and report no longer know them.")
@settings_options("storage")
@json_option
def command(out: Path, runs: bool, config: Path | None, as_json: bool, **flags: Any) -> None:
    """Remove what killed runs left in an output folder and in the cache folder, and say what.

    Shorts, the journal and everything that a run at work uses stay.  [default: ./nvpipe-out]
    """
    from nvpipe.pipeline.batch.housekeeping import clean

    removed = clean(out, settings_from(config, flags).storage, runs=runs)
    if as_json:
        print_json(
            {
                "removed": [
                    {"what": one.what, "path": one.path, "count": one.count, "bytes": one.bytes} for one in removed
                ]
            }
        )
        return
    for one in removed:
        size = f", {megabytes(one.bytes)}" if one.bytes else ""
        click.echo(f"removed {one.count} {one.what}{size}: {one.path}")
    if not removed:
        click.echo("nothing was left behind")

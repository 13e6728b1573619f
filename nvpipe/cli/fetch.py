"""`nvpipe fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options, verbosity_options
from nvpipe.cli.progress import open_reporter


@click.command("fetch")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option(
    "--footage",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder for the videos; made when it does not exist.",
)
@click.option(
    "--playlist", is_flag=True, help="Take the videos of a playlist, channel or page, not just a single one."
)
@click.option(
    "--max",
    "count",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="At most so many of a playlist.",
)
@click.option("--max-size", default="4G", show_default=True, metavar="SIZE", help="Refuse larger videos.")
@click.option("--allow-private-hosts", is_flag=True, help="Fetch from private and local addresses too.")
@settings_options("storage")
@json_option
@verbosity_options
def command(
    urls: tuple[str, ...],
    folder: Path,
    playlist: bool,
    count: int,
    max_size: str,
    allow_private_hosts: bool,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    config: Path | None,
    **flags: Any,
) -> int:
    """Download footage with yt-dlp, with its title, channel, licence and source address.

    What was interrupted goes on where it stopped; what is there already is not fetched again.
    """
    from nvpipe.pipeline.fetch import Request, exit_code, fetch_all, size_bytes

    request = Request(
        urls,
        folder,
        settings_from(config, flags).storage,
        allow_private=allow_private_hosts,
        playlist=count if playlist else 0,
        max_bytes=size_bytes(max_size),
    )
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        reports = fetch_all(request, reporter)
    if as_json:
        print_json({"videos": [report.document() for report in reports]})
    else:
        for path in (report.fetched.path for report in reports if report.fetched is not None):
            click.echo(str(path))
    return exit_code(reports)

"""`nvpipe check`."""

from __future__ import annotations

from pathlib import Path

import click

from nvpipe.cli.options import json_option, print_json


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.mp4")
@click.option(
    "--safe",
    type=click.Choice(["default", "strict"]),
    default="default",
    show_default=True,
    help="The part of the frame that captions must stay in; strict clears every platform's guide.",
)
@json_option
def command(file: Path, safe: str, as_json: bool) -> int:
    """Tell whether a file meets the platforms' rules; every rule that fails is named with what was measured.

    A manifest beside the file says which size, pace and loudness were asked for, and where captions are drawn.
    Exits with 1 when a rule fails and with 3 when the file cannot be read.
    """
    from nvpipe.errors import NvpipeError
    from nvpipe.report.check import check_file, render_lines, report_json, unreadable_json

    try:
        report = check_file(file, strict=safe == "strict")
    except NvpipeError as error:
        if as_json:
            print_json(unreadable_json(file, error))
        raise
    if as_json:
        print_json(report_json(report))
    else:
        for line in render_lines(report):
            click.echo(line)
    return 0 if report.passed else 1

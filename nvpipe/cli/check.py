"""`nvpipe check`."""

from __future__ import annotations

from pathlib import Path

import click

from nvpipe.cli.options import json_option, print_json


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.mp4")
@json_option
def command(file: Path, as_json: bool) -> int:
    """Tell whether a file meets the platforms' rules; every rule that fails is named with what was measured.

    Exits with 1 when a rule fails and with 3 when the file cannot be read.
    """
    from nvpipe.report.check import check_file, render_lines, report_json

    report = check_file(file)
    if as_json:
        print_json(report_json(report))
    else:
        for line in render_lines(report):
            click.echo(line)
    return 0 if report.passed else 1

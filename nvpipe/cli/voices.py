"""`nvpipe voices`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options, verbosity_options
from nvpipe.cli.progress import open_reporter


@click.command("voices")
@settings_options("speaker", "kokoro", "language", "storage")
@json_option
@verbosity_options
def command(as_json: bool, verbose: bool, quiet: bool, config: Path | None, **flags: Any) -> int:
    """List the voices that --voice can name, by speaker and language; no model is opened."""
    from nvpipe.pipeline.voices import voices_of

    settings = settings_from(config, flags)
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        found = voices_of(settings, reporter)
    if as_json:
        print_json({"voices": [one._asdict() for one in found]})
        return 0
    for one in found:
        click.echo(f"{one.speaker:<8}{one.language:<10}{one.name}")
    return 0

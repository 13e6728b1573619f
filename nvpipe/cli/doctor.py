"""`nvpipe doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options


@click.command("doctor")
@settings_options("llama", "kokoro", "storage")
@json_option
def command(config: Path | None, as_json: bool, **flags: Any) -> int:
    """Prove every backend by really opening it, and say what `auto` will choose."""
    from nvpipe.pipeline.doctor import examine

    findings = examine(settings_from(config, flags))
    if as_json:
        print_json({"findings": [finding.as_json() for finding in findings]})
        return 0
    widths = [max(len(getattr(finding, column)) for finding in findings) for column in ("kind", "name")]
    for finding in findings:
        columns = (f"{text:<{width}}" for text, width in zip((finding.kind, finding.name), widths, strict=True))
        start = f"{'ok' if finding.usable else 'no'}  {'  '.join(columns)}  "
        click.echo(f"{start}{finding.summary}{'  <- auto' if finding.chosen else ''}")
        below = " " * len(start)
        click.echo(f"{below}{finding.reason}")
        if finding.fix:
            click.echo(f"{below}fix: {finding.fix}")
    return 0

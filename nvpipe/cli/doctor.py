"""`nvpipe doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options


@click.command("doctor")
@settings_options("storage")
@json_option
def command(config: Path | None, as_json: bool, **flags: Any) -> int:
    """Prove every backend by really opening it, and say what `auto` will choose."""
    from nvpipe.pipeline.doctor import examine

    findings = examine(settings_from(config, flags).storage)
    if as_json:
        print_json({"findings": [finding.as_json() for finding in findings]})
        return 0
    for finding in findings:
        mark = "ok" if finding.usable else "no"
        chosen = "  <- auto" if finding.chosen else ""
        click.echo(f"{mark:<3} {finding.kind:<8} {finding.name:<12} {finding.reason}{chosen}")
        if finding.fix:
            click.echo(f"{'':26}fix: {finding.fix}")
    return 0

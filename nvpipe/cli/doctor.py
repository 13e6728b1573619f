"""`nvpipe doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options

if TYPE_CHECKING:
    from nvpipe.pipeline.doctor.examine import Examination
    from nvpipe.pipeline.doctor.finding import Finding


@click.command("doctor")
@settings_options("decoder", "device", "encoder", "codec", "writer", "speaker", "llama", "kokoro", "storage")
@click.option(
    "--require",
    multiple=True,
    metavar="NAME",
    help="Exit with 4 unless this is usable: a name or a kind of the list, or `run` for all that a run needs; may "
    "be repeated.",
)
@json_option
def command(config: Path | None, require: tuple[str, ...], as_json: bool, **flags: Any) -> int:
    """Prove every backend by really opening it, and say what `auto` will choose."""
    from nvpipe.pipeline.doctor.examine import examine

    examination = examine(settings_from(config, flags))
    if as_json:
        print_json(
            {
                "findings": [finding.as_json() for finding in examination.findings],
                "auto": examination.auto,
                "broken": [f"{finding.kind} {finding.name}" for finding in examination.broken()],
            }
        )
    else:
        _print(examination)
    examination.require(require)
    return 0


def _print(examination: Examination) -> None:
    findings = examination.findings
    widths = [max(len(getattr(finding, column)) for finding in findings) for column in ("kind", "name")]
    for finding in findings:
        columns = (f"{text:<{width}}" for text, width in zip((finding.kind, finding.name), widths, strict=True))
        start = f"{'ok' if finding.usable else 'no'}  {'  '.join(columns)}  "
        click.echo(f"{start}{finding.summary}{_mark(finding)}")
        below = " " * len(start)
        click.echo(f"{below}{finding.reason}")
        if finding.fix:
            click.echo(f"{below}fix: {finding.fix}")
    chosen = ", ".join(f"{kind} {name or 'nothing'}" for kind, name in examination.auto.items())
    click.echo(f"\nauto takes: {chosen}")
    for finding in examination.broken():
        click.echo(f"asked for and not usable: {finding.kind} {finding.name}: {finding.reason}")


def _mark(finding: Finding) -> str:
    marks = [text for text, told in (("auto", finding.chosen), ("asked for", finding.named)) if told]
    return f"  <- {', '.join(marks)}" if marks else ""

"""`nvpipe bench`."""

from __future__ import annotations

from pathlib import Path

import click

from nvpipe.cli.options import json_option, print_json, verbosity_options
from nvpipe.cli.progress import open_reporter


@click.group("bench")
def command() -> None:
    """Measure what this machine does with nvpipe's work."""


@command.command("encode")
@click.argument("footage", type=click.Path(path_type=Path), required=False)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600),
    default=5.0,
    show_default=True,
    metavar="N",
    help="How much is composed, at 93 MB of temporary space a second.",
)
@click.option("--start", type=click.FloatRange(0), metavar="S", help="Where in the footage; its middle unless given.")
@click.option(
    "--runs", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N", help="Encodings each."
)
@click.option(
    "--setting",
    "settings",
    multiple=True,
    metavar="NAME",
    help="A quality or a preset with its rate factor, as veryfast@21; may be repeated.  [default: all]",
)
@json_option
@verbosity_options
def encode(
    footage: Path | None,
    seconds: float,
    start: float | None,
    runs: int,
    settings: tuple[str, ...],
    as_json: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Compare encoders, presets and quality levels with a lossless composition.

    Speed, bit rate, SSIM and XPSNR of FOOTAGE, or of the packaged sample, composed once and encoded in every way.
    """
    from nvpipe.bench.encode import measure, table_json, table_lines
    from nvpipe.sample import sample_footage

    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        table = measure(
            footage or sample_footage(), reporter, start_s=start, seconds=seconds, runs=runs, trials=settings
        )
    if as_json:
        print_json(table_json(table))
    else:
        click.echo("\n".join(table_lines(table)))
    return 0

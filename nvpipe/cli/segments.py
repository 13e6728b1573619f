"""`nvpipe segments`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options, verbosity_options
from nvpipe.cli.progress import open_reporter


@click.command("segments")
@click.argument("footage", metavar="FOOTAGE")
@click.option("--duration", type=float, required=True, metavar="S", help="Length of a segment in seconds.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="At most so many.  [default: all that fit]")
@settings_options("decoder", "fast", "storage")
@json_option
@verbosity_options
def command(
    footage: str,
    duration: float,
    count: int | None,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    config: Path | None,
    **flags: Any,
) -> int:
    """Print the best segments of a video, best first, never overlapping."""
    from nvpipe.pipeline.segments import segments_of

    settings = settings_from(config, flags)
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        best = segments_of(footage, duration, settings, reporter)
    chosen = best.segments[:count]
    if as_json:
        spans = [{"start_s": one.start_s, "end_s": one.end_s, "score": one.score} for one in chosen]
        print_json({"video_id": best.footage.video_id, "duration_s": best.duration_s, "segments": spans})
        return 0
    for one in chosen:
        click.echo(f"{one.start_s:9.2f} s  {one.end_s:9.2f} s  score {one.score:+.3f}  peak at {one.peak_s:.2f} s")
    return 0

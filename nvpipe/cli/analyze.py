"""`nvpipe analyze`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options, verbosity_options
from nvpipe.cli.progress import open_reporter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nvpipe.pipeline.analyse import Analysed


@click.command("analyze")
@click.argument("footage", nargs=-1, required=True, metavar="FOOTAGE...")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Draw the timeline: score, signals, best segments and pictures. With several videos each gets a file of its "
    "own, FILE-VIDEO_ID.png.",
)
@settings_options("decoder", "device", "fast", "jobs", "storage")
@json_option
@verbosity_options
def command(
    footage: tuple[str, ...],
    plot: Path | None,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    config: Path | None,
    **flags: Any,
) -> int:
    """Score footage for action and fill the cache.

    FOOTAGE is a video file, a folder or a pattern.
    """
    from nvpipe.pipeline.analyse import analyse_all
    from nvpipe.report.plot import check_plot, plot_all

    if plot is not None:
        check_plot(plot, footage)
    settings = settings_from(config, flags)
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        found, errors = analyse_all(footage, settings, reporter)
        plots: dict[str, Path] = {}
        if plot is not None:
            pairs = [(one.footage, one.track) for one in found]
            plots, failures = plot_all(pairs, plot, settings.decoder, reporter, several=len(found) + len(errors) > 1)
            errors += failures
    if as_json:
        print_json({"footage": [_document(one, plots) for one in found]})
    else:
        for one in found:
            spent = "already there" if one.cached else f"{one.seconds:.1f} s"
            click.echo(
                f"{one.footage.video_id}  {one.track.duration_s:.1f} s of footage, {spent}  {one.footage.path}"
            )
        for path in plots.values():
            click.echo(f"plotted in {path}")
    if len(errors) == 1 and not found:
        return errors[0].exit_code
    return 1 if errors else 0


def _document(one: Analysed, plots: Mapping[str, Path]) -> dict[str, Any]:
    plot = plots.get(one.footage.video_id)
    return {
        "video_id": one.footage.video_id,
        "path": str(one.footage.path),
        "duration_s": one.track.duration_s,
        "step_s": one.track.step_s,
        "scores": list(one.track.scores),
        "cached": one.cached,
        "seconds": one.seconds,
        "warnings": list(one.track.warnings),
        "plot": None if plot is None else str(plot),
    }

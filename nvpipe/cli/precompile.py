"""`nvpipe precompile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options, verbosity_options
from nvpipe.cli.progress import megabytes, open_reporter

if TYPE_CHECKING:
    from nvpipe.pipeline.precompile import Kept


@click.command("precompile")
@click.argument("footage", nargs=-1, required=True, metavar="FOOTAGE...")
@click.option(
    "--durations",
    default="15,30,45,60",
    show_default=True,
    metavar="S,...",
    help="Lengths of segments in seconds: those of the shorts to come.",
)
@click.option(
    "--count",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    metavar="N",
    help="Segments of each length, of each video.",
)
@settings_options(
    "size",
    "fps",
    "layout",
    "blur",
    "blur-opacity",
    "blur-desaturation",
    "crop",
    "quality",
    "decoder",
    "device",
    "fast",
    "jobs",
    "storage",
)
@json_option
@verbosity_options
def command(
    footage: tuple[str, ...],
    durations: str,
    count: int,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    config: Path | None,
    **flags: Any,
) -> int:
    """Compose the best segments of footage beforehand.

    FOOTAGE is a video file, a folder or a pattern. A run with the same size, layout, crop and frame rate takes its
    pictures from what is there, in less time; its captions, sound and quality may be any.
    """
    from nvpipe.pipeline.precompile import parse_durations, precompile

    lengths_s = parse_durations(durations)
    settings = settings_from(config, flags)
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        done = precompile(footage, lengths_s, count, settings, reporter)
    total = sum(one.size_bytes for one in done.kept)
    if as_json:
        stretches = [_document(one) for one in done.kept]
        print_json({"precompiled": stretches, "size_bytes": total, "seconds": done.seconds})
    else:
        for one in done.kept:
            spent = "already there" if one.cached else f"{one.seconds:.1f} s"
            size = f"{one.shape.width_px}x{one.shape.height_px}"
            click.echo(
                f"{one.footage.video_id}  {one.start_s:.2f} to {one.end_s:.2f} s, {one.shape.layout} {size}, "
                f"{megabytes(one.size_bytes)}, {spent}"
            )
        click.echo(f"{len(done.kept)} stretches, {megabytes(total)} in {settings.storage}")
    if len(done.errors) == 1 and not done.kept:
        return done.errors[0].exit_code
    return 1 if done.errors else 0


def _document(one: Kept) -> dict[str, Any]:
    return {
        "video_id": one.footage.video_id,
        "path": str(one.footage.path),
        "start_s": one.start_s,
        "end_s": one.end_s,
        "layout": one.shape.layout,
        "width_px": one.shape.width_px,
        "height_px": one.shape.height_px,
        "fps": str(one.shape.fps),
        "file": str(one.path),
        "size_bytes": one.size_bytes,
        "cached": one.cached,
        "seconds": one.seconds,
    }

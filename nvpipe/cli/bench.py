"""`nvpipe bench`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options, verbosity_options
from nvpipe.cli.progress import open_reporter

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.bench.sheet import Sheet

F = TypeVar("F", bound="Callable[..., Any]")


@click.group("bench")
def command() -> None:
    """Measure what this machine does with nvpipe's work."""


def _footage_options(function: F) -> F:
    function = click.option(
        "--footage", "named", multiple=True, metavar="PATH", help="The same as FOOTAGE; may be repeated."
    )(function)
    return click.argument("footage", nargs=-1, metavar="[FOOTAGE]...")(function)


def _result_options(function: F) -> F:
    function = click.option(
        "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a self-contained page with plots."
    )(function)
    return json_option(verbosity_options(function))


def _videos(footage: tuple[str, ...], named: tuple[str, ...], html: Path | None) -> tuple[Path, ...]:
    """The videos that are meant, the packaged sample where none is named."""
    from nvpipe.bench.clips import videos
    from nvpipe.bench.page import prove_place

    if html is not None:
        prove_place(html)
    return videos((*footage, *named))


def _show(sheet: Sheet, document: dict[str, Any], *, as_json: bool, html: Path | None) -> None:
    from nvpipe.bench.page import write_page
    from nvpipe.bench.sheet import markdown

    if html is not None:
        write_page(sheet, html)
    if as_json:
        print_json(document)
    else:
        click.echo("\n".join(markdown(sheet)))


@command.command("encode")
@_footage_options
@click.option(
    "--full", is_flag=True, help="Everything: more and longer stretches, every preset, however long it takes."
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Leave out presets for which there is no time.  [default: 5, with --setting or --full none]",
)
@click.option("--clips", type=click.IntRange(1, 100), metavar="N", help="Stretches of footage.  [default: 3, full 5]")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600),
    metavar="N",
    help="Of each, at 93 MB of temporary space a second.  [default: 2, full 3]",
)
@click.option("--start", type=click.FloatRange(0), metavar="S", help="One stretch of each video, from there on.")
@click.option(
    "--codec",
    "codecs",
    multiple=True,
    metavar="h264|hevc|av1",
    help="What pictures are coded as; may be repeated, the first is what others are compared with.  [default: h264]",
)
@click.option("--layout", metavar="NAME", help="How footage is placed.  [default: blur]")
@click.option(
    "--runs", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N", help="Encodings each."
)
@click.option(
    "--setting",
    "settings",
    multiple=True,
    metavar="NAME",
    help="A quality, a preset, or one with its rate factor, as veryfast@21; may be repeated.  [default: all]",
)
@_result_options
def encode(
    footage: tuple[str, ...],
    named: tuple[str, ...],
    full: bool,
    minutes: float | None,
    clips: int | None,
    seconds: float | None,
    start: float | None,
    codecs: tuple[str, ...],
    layout: str | None,
    runs: int,
    settings: tuple[str, ...],
    html: Path | None,
    as_json: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Compare encoders and presets at equal quality.

    FOOTAGE, or the packaged sample, is composed without loss and encoded in every way: bit rate, SSIM, XPSNR (VMAF
    where an ffmpeg with libvmaf is on the path), speed, BD-rate, and settings for each quality level.
    """
    from nvpipe.bench.encode import measure
    from nvpipe.bench.encode_sheet import result_json, result_sheet
    from nvpipe.bench.plan import plan_of

    videos = _videos(footage, named, html)
    plan = plan_of(
        videos, full=full, minutes=minutes, clips=clips, seconds=seconds, start_s=start, layout=layout, runs=runs,
        settings=settings, codecs=codecs,
    )  # fmt: skip
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        result = measure(plan, reporter)
    _show(result_sheet(result), result_json(result), as_json=as_json, html=html)
    return 0


@command.command("decode")
@_footage_options
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    default=60.0,
    show_default=True,
    metavar="N",
    help="At most, of each video.",
)
@click.option(
    "--runs", type=click.IntRange(1, 100), default=3, show_default=True, metavar="N", help="Decodings each."
)
@click.option("--decoder", metavar="NAME", help="Only this one.  [default: all that work]")
@_result_options
def decode(
    footage: tuple[str, ...],
    named: tuple[str, ...],
    seconds: float,
    runs: int,
    decoder: str | None,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Compare decoders with plain libav.

    FOOTAGE, or the packaged sample, is decoded by every decoder that works here, each time after a plain decoding.
    """
    from nvpipe.bench.decode import measure, result_json, result_sheet

    videos = _videos(footage, named, html)
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        result = measure(videos, reporter, seconds=seconds, runs=runs, named=decoder)
    _show(result_sheet(result), result_json(result), as_json=as_json, html=html)
    return 0


@command.command("motion")
@_footage_options
@click.option(
    "--seconds",
    type=click.FloatRange(0.5),
    default=60.0,
    show_default=True,
    metavar="N",
    help="At most, of each video.",
)
@click.option("--runs", type=click.IntRange(1, 100), default=3, show_default=True, metavar="N", help="Scorings each.")
@click.option("--decoder", metavar="NAME", help="Only this one.  [default: all that work]")
@_result_options
def motion(
    footage: tuple[str, ...],
    named: tuple[str, ...],
    seconds: float,
    runs: int,
    decoder: str | None,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Compare decoding and scoring with decoding alone.

    FOOTAGE, or the packaged sample, is scored by every scorer with every decoder that works here.
    """
    from nvpipe.bench.motion import measure, result_json, result_sheet

    videos = _videos(footage, named, html)
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        result = measure(videos, reporter, seconds=seconds, runs=runs, decoder=decoder)
    _show(result_sheet(result), result_json(result), as_json=as_json, html=html)
    return 0


@command.command("run")
@click.option(
    "--article", type=click.Path(path_type=Path), metavar="FILE", help="What is told.  [default: the sample]"
)
@click.option("--runs", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N", help="How often.")
@settings_options(
    "footage", "seconds", "layout", "captions", "quality", "llama", "kokoro", "writer", "speaker", "decoder",
    "encoder", "fast", "jobs", "workers", "storage",
)  # fmt: skip
@_result_options
def run(
    article: Path | None,
    runs: int,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    config: Path | None,
    **flags: Any,
) -> int:
    """Measure a whole job, stage by stage.

    The packaged sample, or an article and footage of your own, from an empty cache to the finished short.
    """
    from dataclasses import replace

    from nvpipe.bench.job import measure, result_json, result_sheet
    from nvpipe.bench.page import prove_place
    from nvpipe.sample import sample_article, sample_footage

    if html is not None:
        prove_place(html)
    settings = settings_from(config, flags)
    if not settings.footage:
        settings = replace(settings, footage=(str(sample_footage()),))
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        result = measure(article or sample_article(), settings, reporter, runs=runs)
    _show(result_sheet(result), result_json(result), as_json=as_json, html=html)
    return 0

"""`nvpipe plan`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import (
    ArticlesCommand,
    json_option,
    print_json,
    settings_from,
    settings_options,
    verbosity_options,
)
from nvpipe.cli.progress import open_reporter
from nvpipe.errors import UsageError


@click.command("plan", cls=ArticlesCommand)
@click.argument("articles", nargs=-1, metavar="ARTICLE...")
@click.option("--out", default="nvpipe-out", metavar="DIR", help="Output folder of the run.  [default: ./nvpipe-out]")
@click.option("--feed", "feeds", multiple=True, metavar="URL", help="Feed that the run is to read; may be repeated.")
@click.option("--sample", is_flag=True, help="Plan the packaged sample.")
@settings_options(
    "footage", "seconds", "size", "fps", "layout", "blur", "blur-opacity", "blur-desaturation", "split-with",
    "crop", "captions", "font", "subtitles", "title", "logo", "logo-position", "logo-size", "progress-bar", "cover",
    "music", "music-volume", "lufs", "script", "narration",
    "llama", "tone", "seed", "call-to-action",
    "quality", "language", "voice", "speed", "kokoro", "writer", "speaker", "decoder", "encoder", "codec", "bitrate",
    "x264-params", "fast", "jobs", "workers", "device", "vram", "storage",
)  # fmt: skip
@json_option
@verbosity_options
def command(
    articles: tuple[str, ...],
    out: str,
    feeds: tuple[str, ...],
    sample: bool,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    config: Path | None,
    **flags: Any,
) -> int:
    """Tell what `nvpipe run` with the same arguments would do: stages, cache hits, memory, order, loads, time.

    Nothing is fetched, loaded, decoded or written. Times are those of earlier runs with the same cache folder.
    """
    from nvpipe.pipeline.jobs import expand, feed_requests
    from nvpipe.pipeline.planning import plan
    from nvpipe.pipeline.planning_text import as_text

    settings = settings_from(config, flags)
    sources = list(articles)
    if sample:
        from nvpipe.sample import sample_article, sample_footage

        if sources or feeds:
            raise UsageError("--sample brings its own article", hint="leave the others out")
        sources = [str(sample_article())]
        if not settings.footage:
            settings = replace(settings, footage=(str(sample_footage()),))
    requests = expand(sources, settings, feed_requests(feeds, settings, None, None))
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        found = plan(requests, Path(out), reporter, sys.stdin.buffer)
    if as_json:
        print_json(found.as_json())
    else:
        click.echo(as_text(found))
    return 0

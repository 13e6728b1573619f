"""`nvpipe run`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from nvpipe.errors import InterruptedRunError, UsageError

if TYPE_CHECKING:
    from nvpipe.pipeline.run import RunReport


@click.command("run", cls=ArticlesCommand)
@click.argument("articles", nargs=-1, metavar="ARTICLE...")
@click.option("--out", default="nvpipe-out", metavar="DIR", help="Output folder.  [default: ./nvpipe-out]")
@click.option(
    "--feed",
    "feeds",
    multiple=True,
    metavar="URL",
    help="RSS, Atom or JSON feed whose new entries are told; may be repeated.",
)
@click.option(
    "--max",
    "count",
    type=click.IntRange(1),
    metavar="N",
    help="At most so many entries of each feed, the newest first.  [default: 10]",
)
@click.option("--since", metavar="DATE|7d", help="Only entries of feeds that are not older.")
@click.option(
    "--allow-private-hosts", is_flag=True, help="Read articles and feeds from private and local addresses too."
)
@click.option("--sample", is_flag=True, help="Use the packaged sample article and footage.")
@click.option(
    "--retry",
    "retries",
    type=click.IntRange(0, 100),
    default=0,
    metavar="N",
    help="Try a job so many times more, where that may help.  [default: 0]",
)
@click.option(
    "--log", "log", type=click.Path(path_type=Path), metavar="FILE", help="Add what happens, as JSON lines."
)
@click.option(
    "--metrics", type=click.Path(path_type=Path), metavar="FILE", help="Keep figures here, as Prometheus reads them."
)
@click.option(
    "--grace",
    "grace_s",
    type=click.FloatRange(0, 86400),
    default=8,
    metavar="SECONDS",
    help="How long jobs at work may go on after SIGTERM.  [default: 8]",
)
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
    count: int | None,
    since: str | None,
    allow_private_hosts: bool,
    sample: bool,
    retries: int,
    log: Path | None,
    metrics: Path | None,
    grace_s: float,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    config: Path | None,
    **flags: Any,
) -> int:
    """Turn articles and footage into narrated, captioned, vertical shorts.

    With --script the text of a file is spoken as it is; an ARTICLE then only says where it comes from, and
    --narration is its sound, spoken already.

    ARTICLE is a .md, .txt or .html file, a folder of them, an http(s) address, - for standard input, or a jobs file:
    a .jsonl with one {"article": PATH or URL, ...} or {"feed": URL, ...} a line, whose other keys are option names
    and win over the command line.

    An entry of a feed is told once for each cache folder: it is done when its short is finished.

    Every short is <slug>.mp4 with <slug>.srt, a cover <slug>.jpg and a manifest <slug>.json beside it. A run that was
    stopped goes on where it stopped; one that is repeated finds everything done.

    The first Ctrl-C lets the jobs at work be finished and begins no others, the second stops at once.
    """
    from nvpipe.pipeline.jobs import expand, feed_requests
    from nvpipe.pipeline.run import RunManner, run

    if not out.strip():
        raise UsageError("--out is empty", hint="name a folder")
    settings = settings_from(config, flags)
    sources = list(articles)
    if sample:
        from nvpipe.sample import sample_article, sample_footage

        if sources or feeds:
            raise UsageError("--sample brings its own article", hint="leave the others out")
        sources = [str(sample_article())]
        if not settings.footage:
            settings = replace(settings, footage=(str(sample_footage()),))
    if sources.count("-") > 1:
        raise UsageError("standard input can be only one article")
    requests = expand(sources, settings, feed_requests(feeds, settings, count, since))
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        manner = RunManner(retries, log, metrics, grace_s)
        report = run(
            requests, Path(out), reporter, sys.stdin.buffer, allow_private=allow_private_hosts, manner=manner
        )
    if as_json:
        print_json(_document(report))
    if report.not_begun:
        total = len(report.jobs) + len(report.not_begun)
        raise InterruptedRunError(
            f"interrupted: {len(report.not_begun)} of {total} jobs are not begun",
            hint="the same command goes on there",
        )
    return report.exit_code


def _document(report: RunReport) -> dict[str, Any]:
    return {
        "jobs": [
            {
                "article": job.article,
                "status": job.status,
                "output": None if job.output is None else str(job.output.absolute()),
                "manifest": None if job.manifest is None else str(job.manifest.absolute()),
                "seconds": job.seconds,
                "error": job.error,
                "cached": job.cached,
                "attempts": job.attempts,
            }
            for job in report.jobs
        ],
        "skipped": [{"feed": one.feed, "article": one.entry, "reason": one.reason} for one in report.skipped],
        "not_begun": list(report.not_begun),
        "seconds": report.seconds,
    }

"""`nvpipe caption`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options, verbosity_options
from nvpipe.cli.progress import open_reporter
from nvpipe.errors import UsageError


@click.command("caption")
@click.argument("video", metavar="VIDEO")
@click.option("--text", required=True, metavar="FILE", help="What is said in it, or a .srt or .vtt file.")
@click.option("--out", metavar="FILE.mp4", help="The file to write.  [default: ./nvpipe-out/VIDEO-captioned.mp4]")
@settings_options(
    "captions", "font", "subtitles", "language", "quality", "decoder", "encoder", "codec", "bitrate", "x264-params",
    "storage",
)  # fmt: skip
@json_option
@verbosity_options
def command(
    video: str,
    text: str,
    out: str | None,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    config: Path | None,
    **flags: Any,
) -> int:
    """Draw word-timed captions on a finished video.

    The video's sound is aligned with the text, whose lines say word for word what is spoken; a .srt or .vtt file
    brings its own times. Picture and sound stay as they are: no layout, no crop, and AAC in MP4 is copied.
    """
    from nvpipe.pipeline.caption import caption_video

    if not video or not text or out == "":
        raise UsageError("a file has no name", hint="name the video, its --text and --out")
    settings = settings_from(config, flags)
    target = Path(out) if out else Path("nvpipe-out") / f"{Path(video).stem}-captioned.mp4"
    start = time.perf_counter()
    with open_reporter(verbose=verbose, quiet=quiet) as reporter:
        made = caption_video(Path(video), Path(text), settings, target, reporter)
        reporter.job_ended(target.stem, "done", str(target), time.perf_counter() - start)
    if as_json:
        words = [{"text": word.text, "start_s": word.start_s, "end_s": word.end_s} for word in made.words]
        print_json(
            {
                "output": str(made.output),
                "subtitles": [str(path) for path in made.subtitles],
                "sound_copied": made.sound_copied,
                "words": words,
                "warnings": list(made.warnings),
            }
        )
    return 0

"""How much of the action is in the window that nvpipe chooses, beside simpler rules, for clips with known truth.

Each clip `X.mp4` (or .mkv, .webm, .mov, .avi, .ts) in the folders needs an `X.truth.json` beside it, one JSON object:

    {"per_second": [{"combat": 0}, {"combat": 1}, ...], ...}

`per_second` has one object for every second of the clip, in order; `combat` is 1 (or any share up to 1) where there
was action in that second and 0 where not. All other keys, of the objects and beside `per_second`, are ignored.

For every clip, variant and duration: the combat seconds of the best possible window, and for each rule the combat in
the window that it chooses, as a share of that. A clip that is not longer than the window is left out of it.

- nvpipe: what `nvpipe segments` picks: `TorchDiffScorer` and the first of `best_segments`.
- fast (`--with-fast`): the same with the scorer's coarse analysis.
- random: the expectation over all window starts, exactly.
- luma motion: the window with the largest sum of the mean absolute luma difference of consecutive frames, on a grid
  of about 320 columns, averaged over each second.
- original: the choice of the program that nvpipe grew out of. A window may start every 15 s and is judged by three
  frames, 5 s inside of either end and in the middle: 0.5 x the mean over R, G and B of the variance over the picture
  + 0.0003 x the variance of all values + 0.01 x their mean. The largest mean of the three wins.
- sound: the window with the largest sum of the RMS of each second; nothing where all of it is silent.

Luma motion and the original's frames are taken from the frames that the scorer reads, in the same decode.

    python bench/action.py FOLDER... [--durations 30,60] [--mute] [--encode 400k ...] [--with-fast] [--json]

`--mute` adds a variant without sound; `--encode RATE` (may be repeated) one whose pictures x264 encoded again at that
bitrate, its sound copied; `--encode RATE/mute` the same without sound.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from action_media import Watch, WatchedDecoder, rewrite, sound_levels
from action_rules import Row, best_second, original_times, original_window, row, table, worse_than

from nvpipe.errors import NvpipeError

if TYPE_CHECKING:
    from nvpipe.types import MotionTrack

SUFFIXES = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".ts")
SAFE_CONTAINERS = (".mp4", ".mov", ".mkv")
"""Those that hold H.264 with whatever sound the source has; others become Matroska."""


class Clip(NamedTuple):
    """A video with its truth, one number a second."""

    path: Path
    truth: list[float]


def read_truth(path: Path) -> list[float]:
    """Combat per second; ends the benchmark when the file is not as the docstring says."""
    try:
        seconds = json.loads(path.read_text("utf-8"))["per_second"]
        truth = [float(second["combat"]) for second in seconds]
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"{path} has no per_second list of objects with combat: {error!r}")
    if not all(0 <= value <= 1 for value in truth):
        sys.exit(f"{path} has a combat that is not between 0 and 1")
    return truth


def find_clips(folders: Sequence[str]) -> list[Clip]:
    clips = []
    for folder in folders:
        if not Path(folder).is_dir():
            sys.exit(f"{folder} is not a folder")
        for truth in sorted(Path(folder).glob("*.truth.json")):
            stem = truth.name.removesuffix(".truth.json")
            video = next((path for end in SUFFIXES if (path := truth.with_name(stem + end)).is_file()), None)
            if video is None:
                tell(f"{truth} has no video beside it; left out")
            else:
                clips.append(Clip(video, read_truth(truth)))
    if not clips:
        sys.exit(f"no clips with truth files in {', '.join(folders)}")
    return clips


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(
    clip: Clip, path: Path, variant: str, durations_s: Sequence[float], with_fast: bool, storage: Path
) -> tuple[list[Row], list[str]]:
    """The rows of one variant of a clip, and what had to be left out."""
    from nvpipe.footage.library import Library
    from nvpipe.footage.motion.torch_diff import TorchDiffScorer
    from nvpipe.media.decode.pyav import PyAvDecoder

    footage = Library(storage, tell).resolve([str(path)])[0]
    watch = Watch([time_s for duration_s in durations_s for time_s in original_times(footage.duration_s, duration_s)])
    decoder = WatchedDecoder(PyAvDecoder(), watch)
    track = TorchDiffScorer().score(footage, decoder)
    watch.finish(decoder, path)
    tracks = {"nvpipe": track}
    if with_fast:
        tracks["fast"] = TorchDiffScorer().score(footage, PyAvDecoder(), fast=True)
    seconds = min(len(clip.truth), math.floor(track.duration_s + 0.05))
    notes = [f"{clip.path.name} ({variant}): {text}" for text in track.warnings]
    if abs(len(clip.truth) - track.duration_s) > 1.5:
        notes.append(f"{clip.path.name} lasts {track.duration_s:.1f} s and its truth {len(clip.truth)} s")
    signals = {"luma motion": watch.luma_motion[:seconds], "sound": sound_levels(path, footage.has_audio, seconds)}
    rows = []
    for duration_s in durations_s:
        if seconds <= duration_s:
            notes.append(f"{clip.path.name} lasts {seconds} s and is left out of {duration_s:g} s")
            continue
        windows = chosen(tracks, signals, duration_s)
        windows["original"] = original_window(footage.duration_s, duration_s, watch.frame_scores)
        one = row(clip.path.stem, variant, duration_s, clip.truth[:seconds], windows)
        if one is None:
            notes.append(f"{clip.path.name} has no combat and is left out")
        else:
            rows.append(one)
    return rows, notes


def chosen(
    tracks: Mapping[str, MotionTrack], signals: Mapping[str, list[float] | None], duration_s: float
) -> dict[str, tuple[float, float] | None]:
    """The windows of nvpipe and of the rules that look at one signal."""
    from nvpipe.footage.select import best_segments

    windows: dict[str, tuple[float, float] | None] = {}
    for rule, track in tracks.items():
        best = best_segments(track, duration_s)[0]
        windows[rule] = best.start_s, best.end_s
    for rule, values in signals.items():
        start_s = best_second(values, duration_s) if values is not None else None
        windows[rule] = None if start_s is None else (start_s, start_s + duration_s)
    return windows


def bits_per_s(rate: str) -> int:
    """`400k` or `1.5M` as a number."""
    factor = {"k": 1e3, "m": 1e6}.get(rate[-1:].lower(), 1.0)
    try:
        value = float(rate[:-1] if factor > 1 else rate) * factor
    except ValueError:
        value = 0.0
    if not 1e3 <= value <= 1e9:
        raise argparse.ArgumentTypeError(f"{rate} is no bitrate such as 400k or 1.5M")
    return int(value)


def variants_of(options: argparse.Namespace) -> list[tuple[str, int | None, bool]]:
    """Name, bitrate when encoded again, and whether the sound stays."""
    found: list[tuple[str, int | None, bool]] = [("as is", None, True)]
    if options.mute:
        found.append(("mute", None, False))
    for wanted in options.encode:
        rate, _, mute = wanted.partition("/")
        found.append((wanted, bits_per_s(rate), mute != "mute"))
    return found


def machine(scorer: str) -> str:
    import av
    import torch

    try:
        processor = next(
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        )
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    git = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    commit = f"commit {git.stdout.strip()}, " if git.returncode == 0 else ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = f"Python {platform.python_version()}, PyAV {av.__version__}, torch {torch.__version__}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {commit}scorer {scorer}, {cores} cores of {processor}, {versions}."


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("--durations", default="30,60", help="lengths of the windows in seconds, with commas")
    parser.add_argument("--mute", action="store_true", help="score a copy without sound, too")
    parser.add_argument("--encode", action="append", default=[], metavar="RATE", help="score a copy at this bitrate")
    parser.add_argument("--with-fast", action="store_true", help="add the coarse analysis")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    options = parser.parse_args()
    try:
        options.durations = [float(text) for text in options.durations.split(",")]
        options.variants = variants_of(options)
    except (ValueError, argparse.ArgumentTypeError) as error:
        parser.error(str(error))
    if not all(0 < duration_s <= 86_400 for duration_s in options.durations):
        parser.error("durations are numbers of seconds above 0")
    return options


def measure_variant(
    clip: Clip, variant: tuple[str, int | None, bool], options: argparse.Namespace
) -> tuple[list[Row], list[str]]:
    """`measure` of a clip as it is or of a temporary copy; one that cannot be used is a note."""
    import av

    name, rate, sound = variant
    with tempfile.TemporaryDirectory() as folder:
        path = clip.path
        try:
            if rate is not None or not sound:
                suffix = path.suffix if path.suffix in SAFE_CONTAINERS else ".mkv"
                path = Path(folder) / f"{clip.path.stem}{suffix}"
                rewrite(clip.path, path, rate, sound)
            return measure(clip, path, name, options.durations, options.with_fast, Path(folder) / "cache")
        except NvpipeError as error:
            why = error.line()
        except (av.FFmpegError, OSError, ValueError) as error:
            why = str(error)
    return [], [f"{clip.path.name} ({name}) is left out: {why}"]


def report(
    rows: Sequence[Row], notes: Sequence[str], about: str, rules: Sequence[str], folders: Sequence[str]
) -> str:
    """The table in Markdown, with where nvpipe chooses worse than its peers, and the notes."""
    command = " ".join(Path(word).name if word in folders else word for word in sys.argv[1:])
    parts = ["# Combat in the chosen window over the best possible", f"    python bench/action.py {command}", about]
    parts.append(table(rows, rules))
    worse = {peer: "; ".join(worse_than(rows, peer)) or "nowhere" for peer in ("original", "random")}
    parts += [f"nvpipe below {peer}: {where}." for peer, where in worse.items()]
    if notes:
        parts.append("\n".join(f"- {note}" for note in dict.fromkeys(notes)))
    return "\n\n".join(parts)


def main() -> None:
    options = parse()
    from nvpipe.footage.motion.torch_diff import TorchDiffScorer

    clips = find_clips(options.folders)
    rows: list[Row] = []
    notes: list[str] = []
    for number, clip in enumerate(clips, 1):
        for variant in options.variants:
            found, left_out = measure_variant(clip, variant, options)
            shares = ", ".join(f"{one.shares['nvpipe']:.2f} of {one.duration_s:g} s" for one in found) or "nothing"
            tell(f"{number}/{len(clips)} {clip.path.name} ({variant[0]}): {shares}")
            rows += found
            notes += left_out
    if not rows:
        sys.exit("\n".join(["nothing could be measured", *notes]))
    order = [name for name, *_ in options.variants]
    rows.sort(key=lambda one: (order.index(one.variant), one.duration_s))
    rules = ["nvpipe", *(["fast"] if options.with_fast else []), "random", "luma motion", "original", "sound"]
    about = machine(TorchDiffScorer.version)
    if options.json:
        json.dump({"machine": about, "notes": notes, "rows": [asdict(one) for one in rows]}, sys.stdout, indent=1)
        print()
    else:
        print(report(rows, notes, about, rules, options.folders))


if __name__ == "__main__":
    main()

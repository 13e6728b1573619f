"""How much of what changes in a video lies inside a crop that follows the action, against one in the centre.

Change is the sum of absolute differences of luma between pictures 0.2 s apart, over every pixel of every eighth row,
as displayed; differences of up to two levels are noise.
The share inside is that of the columns that the window of the layout shows at the time of the later picture, moved by
the same code as a render moves it. Pairs across a scene cut are left out. The best 30 s are those that the scorer
chooses. Nothing of the measure is used to find the path: that works on 64 columns of a thin grid, less the typical
column.

    python bench/follow.py FOLDER_OR_FILE... [--seconds 30]
"""

from __future__ import annotations

import argparse
import platform
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nvpipe.types import MotionTrack

CANVAS_PX = (1080, 1920)
PAIR_S = 0.2
ROW_STEP = 8
NOISE = 2
LAYOUTS = ("fill", "blur")


class Changes(NamedTuple):
    """What changes between pictures."""

    time_s: NDArray[np.float64]
    """`[P]` of the later picture."""
    columns: NDArray[np.int64]
    """`[P, W]` sums over the rows."""


def changes(path: Path) -> Changes:
    """Decode a video and compare its pictures."""
    from nvpipe.media.decode.pyav import PyAvDecoder

    times: list[float] = []
    rows: list[NDArray[np.int64]] = []
    with PyAvDecoder().open(path) as reader:
        turns = reader.info.rotation_deg // 90
        last: NDArray[np.int16] | None = None
        last_s = 0.0
        for frame in reader.frames():
            if last is not None and frame.time_s < last_s + PAIR_S - 0.001:
                continue
            luma = np.rot90(frame.planes()[0].numpy(), -turns)[::ROW_STEP].astype(np.int16)
            if last is not None and last.shape == luma.shape:
                difference = np.abs(luma - last)
                times.append(frame.time_s)
                rows.append(np.where(difference > NOISE, difference, 0).sum(0, dtype=np.int64))
            last, last_s = luma, frame.time_s
    return Changes(np.array(times), np.array(rows))


def shares(found: Changes, path: tuple[tuple[float, float], ...], layout: str, height_px: int, at_s: float) -> float:
    """Share of all change inside the windows, 0 to 1.

    Args:
        found: the pairs that count.
        path: of the crop, in seconds from `at_s`; empty is centred.
        layout: its name.
        height_px: of the footage.
        at_s: start of the span.
    """
    from nvpipe.compose import LAYOUTS as REGISTRY
    from nvpipe.compose.window import Window

    source = (found.columns.shape[1], height_px)
    placement = REGISTRY.load(layout).place(source, CANVAS_PX)
    window = Window(path, placement, source, CANVAS_PX)
    width = placement.part_px[0]
    inside = 0
    for time_s, columns in zip(found.time_s, found.columns, strict=True):
        left = window.left_px(time_s - at_s) if window.moves else (source[0] - width) // 2
        inside += int(columns[left : left + width].sum())
    return inside / max(1, int(found.columns.sum()))


def analysed(path: Path) -> tuple[MotionTrack, float]:
    """The track of a video, and width over height of its picture."""
    from nvpipe.footage.motion.torch_diff import TorchDiffScorer
    from nvpipe.media.decode.pyav import PyAvDecoder
    from nvpipe.media.probe import probe
    from nvpipe.types import Footage

    info = probe(path)
    footage = Footage(
        path.stem, path, "", info.width_px, info.height_px, info.fps, info.duration_s, info.codec, info.rotation_deg,
        info.has_audio, info.colour_matrix, info.colour_assumed,
    )  # fmt: skip
    return TorchDiffScorer().score(footage, PyAvDecoder()), info.width_px / info.height_px


def rows_of(path: Path, seconds: float) -> list[str]:
    """Lines of the table for one video."""
    from nvpipe.footage.crop import crop_path
    from nvpipe.footage.select import best_segments

    track, aspect = analysed(path)
    found = changes(path)
    whole = [(before, later) for before, later in pairwise([0.0, *found.time_s])]
    kept = np.array([not any(before < cut_s <= later for cut_s in track.cuts_s) for before, later in whole], bool)
    found = Changes(found.time_s[kept], found.columns[kept])
    height_px = round(found.columns.shape[1] / aspect)
    segment = best_segments(track, min(seconds, track.duration_s), 1)[0]
    lines = []
    spans = ((0.0, track.duration_s, "whole"), (segment.start_s, segment.end_s, f"best {seconds:g} s"))
    for start_s, end_s, name in spans:
        inside = (found.time_s >= start_s) & (found.time_s < end_s)
        part = Changes(found.time_s[inside], found.columns[inside])
        path_s = crop_path(track, start_s, end_s)
        moved = [abs(after - before) for (_, before), (_, after) in pairwise(path_s)]
        cells = []
        for layout in LAYOUTS:
            centred = shares(part, (), layout, height_px, start_s)
            followed = shares(part, path_s, layout, height_px, start_s)
            cells.append(f"{centred:.3f} | {followed:.3f} | {100 * (followed - centred):+.1f}")
        minutes = (end_s - start_s) / 60
        lines.append(
            f"| {path.name} | {name} | {' | '.join(cells)} | {sum(moved) / minutes:.2f} | {len(track.cuts_s)} |"
        )
    return lines


def clips(names: list[str]) -> list[Path]:
    """The files named, and the videos in the folders named."""
    found: list[Path] = []
    for name in names:
        path = Path(name)
        found += sorted(path.glob("*.mp4")) + sorted(path.glob("*.mkv")) if path.is_dir() else [path]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", metavar="FOLDER_OR_FILE")
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    paths = clips(options.clips)
    if not paths:
        sys.exit("no .mp4 or .mkv there")
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}\n")
    print(
        "| clip | span | fill: centre | follow | points | blur: centre | follow | points | widths a minute | cuts |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for path in paths:
        for line in rows_of(path, options.seconds):
            print(line, flush=True)


if __name__ == "__main__":
    main()

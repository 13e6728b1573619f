"""A render against its floor, the ffmpeg command line and MoviePy, in one run on the same stretch of footage.

Measured in turn, each in a process of its own, `--runs` times:

- nvpipe, whole: the library's `render` of a timeline with an eSpeak narration as long as the stretch: decode, layout,
  captions, sound, encode, mux. Starting Python counts; speaking and choosing footage do not.
- nvpipe, pictures alone: the same composer and encoder without captions and sound.
- ffmpeg, pictures alone: one `ffmpeg` command with the same filter graph and the same x264 parameters.
- ffmpeg, decode alone: the same stretch into `-f null`.
- ffmpeg, encode alone: the pictures that the command above made, decoded by a process that does not count and read
  raw from a pipe; and what reading that pipe alone takes.
- MoviePy, with `--moviepy PYTHON` (see render_moviepy.py): a few seconds of the same composition, once, scaled up to
  the stretch by the number of frames.

The floor is (decode CPU + encode CPU) / cores; the strict floor is without the reading of raw frames. CPU seconds are
those of the processes themselves, wall time needs a machine that does nothing else. The ratios compare programs
within a round.

    python bench/render.py --footage CLIP.mp4 [--start 60] [--seconds 30] [--runs 3] [--moviepy PYTHON] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from render_scene import FPS, HEIGHT_PX, WIDTH_PX, describe
from render_table import Round, floor_s, ratios, table
from spent import measured, measured_pipe

if TYPE_CHECKING:
    from av.container import OutputContainer

    from nvpipe.compose import Placement
    from nvpipe.types import OutputFormat

FFMPEG = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
SCENE = [sys.executable, str(Path(__file__).with_name("render_scene.py"))]
MOVIEPY = str(Path(__file__).with_name("render_moviepy.py"))
MOVIEPY_S = 2.0
"""How much MoviePy renders; it takes half a minute for each second."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--start", type=float, default=0.0, help="seconds into the footage")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--layout", default="blur")
    parser.add_argument("--quality", default="medium", help="low and medium are x264 ultrafast")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--moviepy", metavar="PYTHON", help="an interpreter that has MoviePy")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    options = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        sys.exit("ffmpeg is not installed; it is the peer of this benchmark")
    output = output_of(options)
    placement = placement_of(options, output)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        scene = [*SCENE, "--footage", str(options.footage), "--start", str(options.start), "--seconds",
                 str(options.seconds), "--layout", options.layout, "--quality", options.quality, "--out",
                 str(work)]  # fmt: skip
        measured([*scene, "--plan-only"])
        rounds = [one_round(options, scene, placement, output, work) for _ in range(options.runs)]
        moviepy_s = moviepy(options, placement, work)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if options.json:
        print(json.dumps(document(options, rounds, cores, moviepy_s), indent=1))
    else:
        print(f"{options.seconds:g} s of {options.footage.name}, layout {options.layout}, {cores} cores\n")
        print(table(rounds, cores, moviepy_s))


def document(
    options: argparse.Namespace, rounds: list[Round], cores: int, moviepy_s: float | None
) -> dict[str, object]:
    return {
        "seconds": options.seconds,
        "layout": options.layout,
        "quality": options.quality,
        "cores": cores,
        "rounds": [{name: spent._asdict() for name, spent in one.items()} for one in rounds],
        "floor_s": [floor_s(one, cores) for one in rounds],
        "strict_floor_s": [floor_s(one, cores, strict=True) for one in rounds],
        "ratios": ratios(rounds, cores),
        "moviepy_s": moviepy_s,
    }


def output_of(options: argparse.Namespace) -> OutputFormat:
    from nvpipe.types import OutputFormat

    return OutputFormat(WIDTH_PX, HEIGHT_PX, Fraction(FPS), options.layout, options.quality)


def placement_of(options: argparse.Namespace, output: OutputFormat) -> Placement:
    """Where the footage goes, as nvpipe says."""
    from nvpipe.compose import LAYOUTS
    from nvpipe.compose.layout import styled

    footage, canvas = describe(options.footage), (output.width_px, output.height_px)
    return styled(LAYOUTS.load(options.layout).place((footage.width_px, footage.height_px), canvas), canvas, output)


def one_round(
    options: argparse.Namespace, scene: list[str], placement: Placement, output: OutputFormat, work: Path
) -> Round:
    from nvpipe.compose.graphs import graph_of

    made, again = str(work / "ffmpeg.mp4"), str(work / "again.mp4")
    span = ["-ss", str(options.start), "-t", str(options.seconds), "-i", str(options.footage)]
    chosen = f"[0:v]fps={FPS}"
    graph = graph_of(placement, (output.width_px, output.height_px))
    whole_graph = f"{chosen}[in];{graph}" if "[in]" in graph else f"{chosen},{graph}"
    x264 = ["-c:v", "libx264", *x264_options(output)]
    raw = [*FFMPEG, "-i", made, "-map", "0:v:0", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "-"]
    reading = [*FFMPEG, "-f", "yuv4mpegpipe", "-i", "-"]
    return {
        "whole": measured(scene),
        "plain": measured([*scene, "--plain"]),
        "ffmpeg": measured([*FFMPEG, *span, "-an", "-filter_complex", whole_graph, *x264, made]),
        "decode": measured([*FFMPEG, *span, "-map", "0:v:0", "-f", "null", "-"]),
        "encode": measured_pipe(raw, [*reading, *x264, again]),
        "read": measured_pipe(raw, [*reading, "-f", "null", "-"]),
    }


def x264_options(output: OutputFormat) -> list[str]:
    """The options that nvpipe opens libx264 with, for the ffmpeg command."""
    from nvpipe.media.encode.x264 import X264Encoder

    # libavcodec takes the options away when it opens a stream, so a stand-in takes them down.
    stream = SimpleNamespace(codec_context=SimpleNamespace(open=lambda: None))
    X264Encoder().add_stream(cast("OutputContainer", SimpleNamespace(add_stream=lambda *_, **__: stream)), output)
    rate = ["-b:v", str(stream.bit_rate)] if stream.bit_rate else []
    return [*rate, *(text for name, value in stream.options.items() for text in (f"-{name}", value))]


def moviepy(options: argparse.Namespace, placement: Placement, work: Path) -> float | None:
    """Seconds that the MoviePy program would take for the whole stretch; None where it cannot be run."""
    from nvpipe.media.encode.x264 import LEVELS

    if options.moviepy is None or placement.backdrop is None:
        reason = "--moviepy PYTHON is not given" if placement.backdrop else "only layout blur is written for it"
        print(f"MoviePy is left out: {reason}", file=sys.stderr)
        return None
    if subprocess.run([options.moviepy, "-c", "import moviepy"], capture_output=True, check=False).returncode:
        print(f"MoviePy is left out: {options.moviepy} does not have it", file=sys.stderr)
        return None
    described = work / "placement.json"
    described.write_text(
        json.dumps(
            {
                "canvas_px": [WIDTH_PX, HEIGHT_PX],
                "part_px": placement.part_px,
                "size_px": placement.size_px,
                "behind_px": placement.backdrop.part_px,
                "sigma_px": placement.backdrop.sigma_px,
                "opacity": placement.backdrop.opacity,
                "desaturation": placement.backdrop.desaturation,
                "fps": FPS,
                "crf": LEVELS[options.quality].crf,
            }
        ),
        "utf-8",
    )
    rendered_s = min(MOVIEPY_S, options.seconds)
    spent = measured(
        [options.moviepy, MOVIEPY, str(options.footage), str(options.start), str(rendered_s),
         str(work / "moviepy.mp4"), str(described)]
    )  # fmt: skip
    return float(spent.wall_s * options.seconds / rendered_s)


if __name__ == "__main__":
    main()
